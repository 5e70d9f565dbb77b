/** Help: the bar on every screen, the officer's own call, and the calls of others nearby. */

import { h } from "../shared/dom.js";
import { map } from "../shared/live_map.js";
import { around, cameraFor } from "../shared/map.js";
import { shape } from "../shared/pieces.js";
import { stationName } from "../shared/places.js";
import { nameOf } from "../shared/surnames.js";
import { calling, othersHelps, ownHelp } from "./helping.js";
import { RATIO } from "./placing.js";
import { farSay } from "./view_offer.js";
import { wayLinks } from "./view_sheets.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./reducer.js").Help} Help
 */

const HELP_RATIO = RATIO * 0.7;
const ROOM = 2.1; // in a picture this flat a pin at the top needs it to be seen whole
const HELD = { Enter: "hold", " ": "hold" };

/** A slim red bar: held for a second it calls; a short press, or a screen reader's, opens a question with a yes. @param {State} state @param {Words} words */
export function panicBar(state, words) {
  if (state.panic.phase === "raised") return null;
  const { phase, ask } = state.panic;
  if (phase === "sending") {
    return h("div", { key: "panic", class: "panic sending", role: "alert", "data-panic": "sending" },
      h("p", {}, words.say("officer.panic.sending")),
      h("a", { class: "way", href: `tel:${state.emergency}` }, words.say("officer.panic.call", { number: state.emergency })));
  }
  return h("div", { key: "panic", class: "panic-box" },
    ask ? h("div", { key: "ask", class: "card ask", role: "alertdialog", "aria-labelledby": "panic-ask" },
      h("p", { id: "panic-ask" }, words.say("officer.panic.ask")),
      h("div", { class: "row" },
        h("button", { id: "panic-yes", class: "red fill", "data-panic": "yes", onclick: { t: "panic.go" } }, words.say("officer.panic.yes")),
        h("button", { class: "fill", "data-panic": "no", onclick: { t: "ui.panic_no" } }, words.say("officer.panic.no")))) : null,
    h("button", { key: "bar", class: `panic${phase === "holding" ? " holding" : ""}`, "data-panic": phase,
      "aria-describedby": "panic-how", onclick: { t: "ui.panic_tap" }, oncontextmenu: { t: "ui.nothing" },
      onpointerdown: { t: "ui.panic_down" }, onpointerup: { t: "ui.panic_up" }, onpointercancel: { t: "ui.panic_up" }, onpointerleave: { t: "ui.panic_up" },
      onkeydown: { t: "ui.panic_down", keys: HELD }, onkeyup: { t: "ui.panic_up", keys: HELD, asks: true }, onblur: { t: "ui.panic_up" } },
    shape("warn"), h("span", {}, words.say(phase === "holding" ? "officer.panic.hold_on" : "officer.panic.hold"))),
    h("p", { id: "panic-how", class: "unseen" }, words.say("officer.panic.how")));
}

/** The officer's own call, until a person at the desk ends it. @param {State} state @param {Words} words */
export function ownCall(state, words) {
  if (!calling(state) || state.panic.phase === "sending") return null;
  const help = ownHelp(state);
  return h("section", { key: "own_call", class: "card danger", role: "alert", "data-own-call": "" },
    h("h2", {}, shape("warn"), words.say("officer.panic.raised")),
    h("p", {}, help
      ? words.say(help.told ? "officer.panic.told" : "officer.panic.told_desk", { station: stationName(help.station, state.areas, words), n: help.told ?? 0 })
      : words.say("officer.panic.told_later")),
    help && !help.place ? h("p", {}, words.say("officer.panic.no_place")) : null,
    h("p", {}, words.say("officer.panic.until")),
    h("a", { class: "way", href: `tel:${state.emergency}` }, words.say("officer.panic.call", { number: state.emergency })));
}

/** Officers nearby who call for help, each with the way there. @param {State} state @param {Words} words */
export function alarms(state, words) {
  return othersHelps(state).map((help) =>
    h("section", { key: `help:${help.panic}`, class: "card danger", role: "alert", "data-help": help.call_sign },
      h("h2", { class: "large" }, shape("warn"), words.say("officer.help.title", { who: nameOf(help, words) })),
      h("p", { class: "far" }, help.place ? farSay(help.place, state, words) : words.say("officer.help.no_place")),
      help.place && !help.seen ? h("div", { class: "pick" }, map({ camera: cameraFor([...around(help.place), ...(state.fix ? [state.fix] : [])], HELP_RATIO, 800, ROOM), ratio: HELP_RATIO, areas: state.areas, words, zoom: false, upgrade: "touch",
        label: words.say("officer.help.map"), marks: [{ key: "help", kind: "pin", ...help.place, sign: help.call_sign },
          ...(state.fix ? [{ key: "me", kind: /** @type {const} */ ("unit"), ...state.fix, sign: state.me?.call_sign }] : [])] })) : null,
      help.place ? h("div", { class: "ways" }, wayLinks(help.place, help.call_sign, words)) : null,
      help.seen ? null : h("button", { class: "wide", "data-seen": help.panic, onclick: { t: "ui.help_seen", panic: help.panic } }, words.say("officer.help.seen"))));
}
