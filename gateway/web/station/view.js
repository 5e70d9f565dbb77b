/** What the desk sees, from the state alone: a line with whose desk it is, what rings, then queue, map and card. */

import { staffTop } from "../shared/account_view.js";
import { h } from "../shared/dom.js";
import { lineBar, lineRefused, skeleton, top } from "../shared/pieces.js";
import { signInView } from "../shared/sign_in.js";
import { card } from "./card_view.js";
import { entryView } from "./entry_view.js";
import { accountPanel, middle } from "./middle_view.js";
import { stationsPanel } from "./panels_view.js";
import { alarmBar, deskBar, queue } from "./queue_view.js";
import { stationOf } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../shared/words.js").Words} Words */

const PANES = ["queue", "middle", "side"];

/** @param {State} state @param {Words} words */
export function view(state, words) {
  return [lineBar(state, words), top(words, "desk", staffTop(state, words)), body(state, words)];
}

/** @param {State} state @param {Words} words */
function body(state, words) {
  if (!state.signed) return signInView(state, words, "desk");
  if (state.line === "refused") return h("main", { key: "main", id: "main", class: "column" }, h("h1", { class: "unseen" }, words.say("desk.title")), lineRefused(state, words));
  if (!state.ready) return skeleton(words);
  if (!stationOf(state)) return choosing(state, words);
  return h("main", { key: "desk", id: "main", class: "desk", tabindex: -1, "data-pane": state.pane },
    h("h1", { class: "unseen" }, words.say("desk.title")),
    deskBar(state, words),
    alarmBar(state, words),
    h("nav", { key: "panes", class: "panes", "aria-label": words.say("desk.panes") }, PANES.map((pane) => h("button", { key: pane, type: "button", "aria-pressed": state.pane === pane ? "true" : "false", onclick: { t: "ui.pane", pane } },
      words.say(`desk.pane.${pane}`)))),
    h("section", { key: "queue", class: "queue", "aria-label": words.say("desk.queue") }, queue(state, words)),
    h("section", { key: "middle", class: "middle", "aria-label": words.say("desk.map") }, middle(state, words)),
    h("section", { key: "side", class: "side", "aria-label": words.say("desk.card") }, state.entry ? entryView(state, words) : card(state, words)),
    h("p", { key: "done", class: "unseen", role: "status" }, state.done ? words.say("desk.done", { act: words.say(words.has(`desk.act.${state.done.act}`) ? `desk.act.${state.done.act}` : "desk.act.other") }) : null));
}

/** A supervisor of the whole town says first whose desk to look at. @param {State} state @param {Words} words */
function choosing(state, words) {
  return h("main", { key: "choosing", id: "main", class: "desk choosing" },
    h("h1", {}, words.say("desk.choose_station")),
    alarmBar(state, words),
    state.account ? accountPanel(state, words) : null,
    h("section", { key: "stations", class: "panel card" }, h("h2", { class: "unseen" }, words.say("desk.panel.stations")), stationsPanel(state, words)));
}
