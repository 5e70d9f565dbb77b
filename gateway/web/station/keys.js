/** Keyboard first: which press means what. Pure; the page only hands over what was pressed. */

import { ACTS } from "./acts.js";
import { stationIds } from "./panels_view.js";

/** @typedef {import("./state.js").State} State */

const GENERAL = {
  j: { t: "ui.move", by: 1 },
  k: { t: "ui.move", by: -1 },
  n: { t: "ui.entry" },
  g: { t: "ui.panel", panel: "figures" },
  l: { t: "ui.panel", panel: "handover" },
  q: { t: "ui.mute" },
  "?": { t: "ui.panel", panel: "help" },
};
/** Where a key only moves the focus. @type {Record<string, string>} */
export const FOCUS = { "/": "#search", i: "#say" };

/**
 * @param {{key: string, modified: boolean, typing: boolean, on_button: boolean}} press `typing`: in a field that takes letters; `on_button`: on something that Enter presses
 * @param {State} state
 * @returns {{message?: import("../shared/dom.js").Message, focus?: string} | null} null: the press means nothing here
 */
export function meaning(press, state) {
  if (press.modified || !state.signed) return null;
  if (press.key === "Escape") return { message: { t: "ui.shut" } };
  if (!state.keys || press.typing || !state.ready) return null;
  const { key } = press;
  if (key === "Enter" && !press.on_button && state.open) return { focus: "#card-title" };
  if (key in FOCUS) return { focus: FOCUS[key] };
  if (key in GENERAL) return { message: GENERAL[/** @type {keyof typeof GENERAL} */ (key)] };
  const panic = Object.keys(state.panics)[0];
  if (key === "z") return panic ? { message: { t: "ui.clear_panic", panic } } : null;
  if (state.me?.role === "supervisor") {
    if (key === ".") return { message: { t: "ui.panel", panel: "stations" } };
    const station = /^[1-9]$/.test(key) ? stationIds(state)[Number(key) - 1] : undefined;
    if (station) return { message: { t: "ui.follow", station } };
  }
  const act = ACTS.find((one) => one.key === key);
  return act && state.open && !state.entry ? { message: { t: "ui.act", name: act.name } } : null;
}

/** What should have the focus after a message, because what had it is gone or something new asks for it. @param {State} before @param {State} state @returns {string | null} a selector */
export function focusAfter(before, state) {
  if (state.clearing && state.clearing !== before.clearing && !before.clearing) return "#clearing";
  if (state.sheet && (before.sheet?.act !== state.sheet.act || before.sheet?.case !== state.sheet.case)) return "[data-form] :is(input, select, textarea)";
  if (state.sheet?.wrong && state.sheet.wrong !== before.sheet?.wrong) return `#f-${state.sheet.wrong === "own_reports" ? "words" : state.sheet.wrong}`;
  if (state.entry && !before.entry) return "#entry-find";
  if (state.entry?.made && !before.entry?.made) return "#made-title";
  if (state.entry && !state.entry.made && before.entry?.made) return "#entry-find";
  if (state.entry?.wrong && state.entry.wrong !== before.entry?.wrong) return `#entry-${state.entry.wrong === "place" ? "find" : state.entry.wrong.replace("_long", "")}`;
  if (state.panel !== before.panel && state.panel !== "map") return "#panel-title";
  if ((before.sheet && !state.sheet) || (before.entry && !state.entry) || (before.panel !== state.panel && state.panel === "map")) return state.open ? `[data-case="${state.open}"]` : "[data-case], #main";
  if (state.open && state.open !== before.open && !state.entry) return `[data-case="${state.open}"]`;
  return null;
}
