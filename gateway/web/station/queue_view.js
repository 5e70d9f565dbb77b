/** The left column: the queue, and above all columns what rings. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { badge, ring, shape } from "../shared/pieces.js";
import { categoryName, stationName } from "../shared/places.js";
import { nameOf } from "../shared/surnames.js";
import { priorityOf } from "./acts.js";
import { ROWS_SHOWN, alarms, groups, nameOfAccount, troubled, unseen } from "./queue.js";
import { ago, clockOf } from "./said.js";
import { stationOf, wallOf } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../shared/words.js").Words} Words */
/** @typedef {import("./state.js").Case} Case */

const ALARMS_SHOWN = 2;

/** @param {State} state @param {Words} words */
export function alarmBar(state, words) {
  const standing = alarms(state);
  const more = standing.length - ALARMS_SHOWN;
  return h("section", { key: "alarms", class: "alarms", "aria-label": words.say("desk.alarms") },
    h("div", { role: "alert", class: "alarm-list" }, standing.slice(0, ALARMS_SHOWN).map((one) => h("div", { key: one.key, class: `alarm rings-${one.kind}`, "data-alarm": one.kind },
      shape("warn"),
      h("p", { class: "fill" }, h("b", {}, alarmSaid(one, state, words)), " ", h("span", { class: "responsible" }, responsible(one, state, words))),
      buttons(one, state, words)))),
    more > 0 ? h("p", { class: "small" }, words.say("desk.more_alarms", { n: more })) : null,
    state.clearing ? clearing(state, words) : null);
}

/** @param {any} one @param {State} state @param {Words} words */
function alarmSaid(one, state, words) {
  const station = stationName(one.station, state.areas, words);
  const since = ago(state.now_ms - one.since_ms, words);
  if (one.kind === "panic") return words.say("desk.alarm.panic", { who: nameOf(one.officer, words), station, time: clockOf(one.since_ms, state, words) });
  const category = categoryName(one.category, state.categories, words);
  if (one.kind === "silent") return words.say(`desk.alarm.silent.${one.because}`, { who: nameOf(one.officer, words), category });
  return words.say("desk.alarm", { category, station, since });
}

/** Who has to act, by name where there is one. @param {any} one @param {State} state @param {Words} words */
function responsible(one, state, words) {
  const station = stationName(one.station, state.areas, words);
  if (one.kind === "unseen") return words.say(one.nr > 1 ? "desk.responsible.all" : "desk.responsible.supervisor", { station });
  const owner = nameOfAccount(one.owner, state, words);
  return owner ? words.say("desk.responsible.owner", { owner }) : words.say("desk.responsible.desk", { station });
}

/** @param {any} one @param {State} state @param {Words} words */
function buttons(one, state, words) {
  const here = one.case && state.cases[one.case];
  return h("span", { class: "row tight" },
    here ? h("button", { type: "button", onclick: { t: "ui.open", case: one.case } }, words.say("desk.open")) : null,
    one.elsewhere ? h("button", { type: "button", onclick: { t: "ui.follow", station: one.station, case: one.case } }, words.say("desk.follow", { station: stationName(one.station, state.areas, words) })) : null,
    one.kind === "panic" ? h("button", { type: "button", "data-panic": one.panic, onclick: { t: "ui.clear_panic", panic: one.panic } }, words.say("desk.panic.clear"), h("kbd", { "aria-hidden": "true" }, "z")) : null);
}

/** @param {State} state @param {Words} words */
function clearing(state, words) {
  const one = /** @type {NonNullable<State["clearing"]>} */ (state.clearing);
  const going = Boolean(state.going[one.panic]);
  return h("form", { key: "clearing", class: "card clearing", onsubmit: { t: "ui.clear_send" } },
    h("label", { for: "clearing" }, words.say("desk.panic.why")),
    h("div", { class: "row" },
      h("input", { id: "clearing", class: "fill", maxlength: 500, value: one.reason, "aria-invalid": one.wrong ? "true" : null, "aria-describedby": "clearing-wrong", oninput: { t: "ui.clear_reason" } }),
      h("button", { class: "main", type: "submit", "aria-disabled": going ? "true" : null }, words.say("desk.panic.over"), h("kbd", { "aria-hidden": "true" }, "Enter")),
      h("button", { type: "button", onclick: { t: "ui.shut" } }, words.say("desk.leave"), h("kbd", { "aria-hidden": "true" }, "Esc"))),
    h("p", { id: "clearing-wrong", role: "alert", class: "wrong-say" }, one.wrong ? words.say("desk.wrong.reason")
      : state.refused?.case === one.panic ? sentenceOf(state.refused, words) : null));
}

/** @param {State} state @param {Words} words */
export function queue(state, words) {
  const all = groups(state);
  const shown = all.filter((group) => group.cases.length);
  return [
    h("form", { key: "search", class: "search", role: "search", onsubmit: { t: "ui.search_go" } },
      h("label", { class: "unseen", for: "search" }, words.say("desk.search")),
      h("input", { id: "search", type: "search", autocomplete: "off", placeholder: words.say("desk.search_hint"), value: state.search, oninput: { t: "ui.search" } })),
    h("p", { key: "counts", class: "unseen", role: "status" }, words.say("desk.counts", { hand: all[0].cases.length, unseen: all[0].cases.filter(unseen).length, offered: all[1].cases.length, under_way: all[2].cases.length })),
    shown.length ? h("div", { key: "groups", class: "groups" }, shown.map((group) => h("section", { key: group.name, class: `group ${group.name}`, "aria-labelledby": `group-${group.name}` },
      h("h2", { id: `group-${group.name}` }, words.say(`desk.group.${group.name}`), h("span", { class: "quiet" }, ` ${group.cases.length}`)),
      h("ul", {}, group.cases.slice(0, ROWS_SHOWN).map((one) => row(one, state, words))),
      group.cases.length > ROWS_SHOWN ? h("p", { class: "quiet small" }, words.say("desk.more_rows", { n: group.cases.length - ROWS_SHOWN })) : null)),
    state.left_out ? h("p", { class: "say wait small" }, words.say("desk.left_out", { n: state.left_out })) : null)
      : h("div", { key: "empty", class: "empty" }, h("p", { class: "large" }, words.say(state.search ? "desk.none_found" : "desk.empty")),
        h("p", { class: "quiet" }, words.say(state.search ? "desk.none_found_next" : "desk.empty_next"))),
  ];
}

/** @param {Case} it @param {State} state @param {Words} words */
function row(it, state, words) {
  const urgent = unseen(it);
  const open = state.open === it.case;
  const unread = state.talks[it.case]?.unread ?? 0;
  const priority = priorityOf(it.category, state.categories);
  return h("li", { key: it.case },
    h("button", { class: `item${urgent ? " urgent" : ""}${troubled(it) ? " troubled" : ""}`, type: "button", "data-case": it.case, "data-drop": it.case, "data-status": it.status, "data-keep": `case:${it.case}`,
      "aria-current": open ? "true" : null, onclick: { t: "ui.open", case: it.case } },
    h("span", { class: "fill" },
      h("span", { class: "row apart nowrap" }, h("b", { class: "line-1" }, priority < 3 ? h("span", { class: "priority" }, words.say("desk.priority", { n: priority }), " ") : null,
        categoryName(it.category, state.categories, words)), h("span", { class: "quiet small" }, ago(state.now_ms - it.received_ms, words))),
      h("span", { class: "line-1 quiet" }, it.words),
      h("span", { class: "row tight" }, badge(it.status, words), it.holders.map((seat) => h("span", { class: "small" }, seat.call_sign)),
        urgent ? h("span", { class: "badge amber strong" }, words.say("desk.unseen")) : null,
        it.status === "at_station" && it.acknowledged && it.owner ? h("span", { class: "small quiet" }, nameOfAccount(it.owner, state, words)) : null,
        it.quiet_until_ms ? h("span", { class: "small quiet" }, words.say("desk.held_until", { time: clockOf(it.quiet_until_ms, state, words) })) : null,
        it.objected ? h("span", { class: "badge amber" }, words.say("desk.objected")) : null,
        troubled(it) ? h("span", { class: "badge amber strong" }, shape("warn"), words.say("desk.no_sign")) : null,
        it.reports.length ? h("span", { class: "small quiet" }, words.say("desk.reports", { n: it.reports.length + 1 })) : null,
        unread ? h("span", { class: "badge blue" }, words.say("desk.unread", { n: unread })) : null,
        it.exercise ? h("span", { class: "badge exercise" }, words.say("desk.exercise")) : null)),
    it.ends_ms ? ring(it.ends_ms, state.now_ms, words, { small: true }) : null));
}

/** The line above the columns: whose desk it is, shift, sound, panels. @param {State} state @param {Words} words */
export function deskBar(state, words) {
  const station = stationOf(state);
  const tab = (/** @type {string} */ panel, /** @type {string} */ key) => h("button", { type: "button", class: "tab", "aria-pressed": state.panel === panel ? "true" : "false", "data-panel": panel,
    onclick: { t: "ui.panel", panel } }, words.say(`desk.panel.${panel}`), h("kbd", { "aria-hidden": "true" }, key));
  const supervisor = state.me?.role === "supervisor";
  return h("div", { key: "bar", class: "desk-bar" },
    h("p", { class: "row tight where" }, h("b", {}, station ? stationName(station, state.areas, words) : words.say("desk.no_station")), h("time", { class: "quiet" }, words.clock(wallOf(state)))),
    state.on_shift === null ? null : h("button", { type: "button", class: `switch${state.on_shift ? " on" : ""}`, "data-shift": state.on_shift ? "on" : "off", "aria-disabled": state.going.desk_shift ? "true" : null,
      onclick: { t: "ui.shift", on: !state.on_shift } }, shape(state.on_shift ? "tick" : "circle"), words.say(state.on_shift ? "desk.shift.on" : "desk.shift.off")),
    state.refused?.case === "desk_shift" ? h("p", { role: "alert", class: "wrong-say" }, sentenceOf(state.refused, words)) : null,
    h("button", { type: "button", class: "main", "data-do": "entry", onclick: { t: "ui.entry" } }, words.say("desk.new"), h("kbd", { "aria-hidden": "true" }, "n")),
    h("span", { class: "row tight push" }, supervisor ? tab("stations", ".") : null, tab("figures", "g"), tab("handover", "l"), tab("help", "?"),
      h("button", { type: "button", class: "tab", "data-sound": state.muted ? "off" : "on", onclick: { t: "ui.mute" } },
        words.say(state.muted ? "desk.sound.off" : state.heard_sound ? "desk.sound.on" : "desk.sound.waits"), h("kbd", { "aria-hidden": "true" }, "q"))));
}
