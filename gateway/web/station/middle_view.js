/** The middle column: the map with who is on duty, or one of the panels in its place. */

import { accountView } from "../shared/account_view.js";
import { h } from "../shared/dom.js";
import { map } from "../shared/live_map.js";
import { MARKS, shape } from "../shared/pieces.js";
import { surnameIn } from "../shared/surnames.js";
import { CLOSED } from "./acts.js";
import { figuresPanel, handoverPanel, helpPanel, stationsPanel } from "./panels_view.js";
import { roster, unseen } from "./queue.js";
import { RATIO } from "./reducer.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../shared/words.js").Words} Words */

/** @param {State} state @param {Words} words */
export function middle(state, words) {
  if (state.account) return [accountPanel(state, words)];
  const panels = { figures: figuresPanel, handover: handoverPanel, stations: stationsPanel, help: helpPanel };
  const panel = panels[/** @type {keyof typeof panels} */ (state.panel)];
  if (panel) return [h("section", { key: `panel:${state.panel}`, class: "panel card", "data-panel-open": state.panel, "aria-labelledby": "panel-title" },
    h("header", { class: "row apart" }, h("h2", { id: "panel-title", tabindex: -1 }, words.say(`desk.panel.${state.panel}`)),
      h("button", { type: "button", onclick: { t: "ui.panel", panel: "map" } }, words.say("desk.panel.back"), h("kbd", { "aria-hidden": "true" }, "Esc"))),
    panel(state, words))];
  return [picture(state, words), officers(state, words)];
}

/** My own sign-in. @param {State} state @param {Words} words */
export const accountPanel = (state, words) => h("section", { key: "panel:account", class: "panel card", "data-panel-open": "account", "aria-labelledby": "panel-title" },
  h("header", { class: "row apart" }, h("h2", { id: "panel-title", tabindex: -1 }, words.say("staff.account.title")),
    h("button", { type: "button", onclick: { t: "ui.account_shut" } }, words.say("desk.panel.back"), h("kbd", { "aria-hidden": "true" }, "Esc"))),
  state.account ? accountView(state.account, words) : null);

/** @param {State} state */
export function marksOf(state) {
  const open_cases = Object.values(state.cases).filter((one) => !CLOSED.has(one.status));
  const calling = new Map(Object.values(state.panics).map((one) => [one.officer, one]));
  const entry = state.entry?.place;
  return [
    ...open_cases.map((one) => ({ key: `case:${one.case}`, kind: /** @type {const} */ ("case"), lat: one.place.lat, lon: one.place.lon, colour: unseen(one) ? "amber" : one.status === "at_station" ? "" : MARKS[one.status][1],
      open: one.case === state.open, press: { t: "ui.open", case: one.case }, drop: one.case })),
    ...roster(state).filter((one) => one.place && !calling.has(one.officer)).map((one) => ({ key: one.officer, kind: /** @type {const} */ ("unit"), lat: /** @type {any} */ (one.place).lat, lon: /** @type {any} */ (one.place).lon,
      sign: one.call_sign, busy: Boolean(one.on_case), drag: one.officer })),
    ...[...calling.values()].filter((one) => state.at[one.officer]).map((one) => ({ key: one.officer, kind: /** @type {const} */ ("unit"), lat: state.at[one.officer].lat, lon: state.at[one.officer].lon, sign: `${one.call_sign} SOS`, alarm: true })),
    ...(entry ? [{ key: "entry", kind: /** @type {const} */ ("pin"), lat: entry.lat, lon: entry.lon, within_m: entry.within_m ?? null }] : []),
  ];
}

/** @param {State} state @param {Words} words */
function picture(state, words) {
  const marks = marksOf(state);
  const many = marks.filter((mark) => mark.kind === "case").length;
  return h("div", { key: "picture", class: "picture" },
    map({ camera: state.camera, ratio: RATIO, areas: state.areas, marks, words, across_px: 620, place: Boolean(state.entry && !state.entry.made),
      label: words.say(state.entry ? "desk.map_place" : "desk.map_label", { cases: many }) }),
    h("p", { class: "legend small quiet" },
      h("span", { class: "badge blue" }, shape("dot"), words.say("desk.free")),
      h("span", { class: "badge amber" }, shape("circle"), words.say("desk.busy")),
      h("span", { class: "badge blue" }, shape("diamond"), words.say("desk.a_case")),
      h("span", { class: "badge amber" }, shape("house"), words.say("desk.needs")),
      h("button", { type: "button", class: "plain small", onclick: { t: "ui.home" } }, words.say("desk.map_home"))));
}

/** @param {State} state @param {Words} words */
function officers(state, words) {
  const all = roster(state);
  return h("section", { key: "roster", class: "roster", "aria-label": words.say("desk.officers") },
    h("h2", {}, words.say("desk.officers"), h("span", { class: "quiet" }, ` ${all.length}`), all.length ? h("span", { class: "quiet small drag-hint" }, words.say("desk.drag_hint")) : null),
    all.length ? h("ul", {}, all.map((one) => h("li", { key: one.officer, class: `unit-row${one.on_case ? "" : " free"}`, "data-officer": one.call_sign, "data-drag": one.officer },
      h("span", { class: `badge ${one.on_case ? "amber" : "blue"}` }, shape(one.on_case ? "circle" : "dot")), h("b", {}, one.call_sign), h("span", {}, surnameIn(one.surname, words)),
      h("span", { class: "quiet small" }, words.say(one.on_case ? "desk.busy" : one.place ? "desk.free" : "desk.no_place"))))) : h("p", { class: "quiet" }, words.say("desk.no_officers")));
}
