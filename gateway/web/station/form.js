/** The form of an act: opened by its key, filled, sent once. Pure. */

import { BY_NAME, begun, mayDo, mayTalk, messageOf, missing } from "./acts.js";
import { candidates } from "./queue.js";
import { wallOf } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** @param {State} state @param {any} m @returns {State} */
export function reduceForm(state, m) {
  switch (m.t) {
    case "ui.act":
      return begin(state, m.name, m.values ?? {});
    case "ui.set":
      return set(state, m.field, m.value);
    case "ui.tick":
      return ticked(state, m.field, m.id);
    case "ui.pick":
      return picked(state, m.by);
    case "ui.send":
      return sent(state);
    case "ui.dropped":
      return dropped(state, m.officer, m.case);
    case "ui.say":
      return saying(state);
    case "ui.shift":
      return state.going.desk_shift || state.on_shift === null ? state : { ...state, going: { ...state.going, desk_shift: "desk_shift" }, refused: null };
    case "ui.clear_panic":
      return state.panics[m.panic] ? { ...state, clearing: { panic: m.panic, reason: "", wrong: false }, refused: null } : state;
    case "ui.clear_reason":
      return state.clearing ? { ...state, clearing: { ...state.clearing, reason: m.value, wrong: false } } : state;
    case "ui.clear_send":
      return clearing(state);
    case "ui.refused_seen":
      return { ...state, refused: null };
    default:
      return state;
  }
}

/** @param {State} state @param {string} name @param {Record<string, any>} values @returns {State} */
function begin(state, name, values) {
  const it = state.open ? state.cases[state.open] : null;
  if (!it) return state;
  if (!mayDo(name, it, state)) return { ...state, sheet: null, refused: { case: it.case, reason: it.objected ? "supervisor_only" : "illegal" } };
  const act = BY_NAME[name];
  if (act.at_once && state.going[it.case]) return state;
  if (act.at_once) return { ...state, going: { ...state.going, [it.case]: name }, sheet: null, refused: null, done: null };
  if (state.sheet?.act === name && state.sheet.case === it.case) return state;
  return { ...state, sheet: { act: name, case: it.case, values: { ...begun(name, it), ...values }, active: 0, wrong: null }, entry: state.entry?.made ? null : state.entry,
    refused: null, done: null, pane: "side" };
}

/** @param {State} state @param {string} field @param {any} value @returns {State} */
function set(state, field, value) {
  const { sheet: form } = state;
  if (!form) return state;
  const values = { ...form.values, [field]: value };
  if (field === "typed") delete values.officer; // what is typed anew chooses anew
  return { ...state, sheet: { ...form, values, active: field === "typed" ? 0 : form.active, wrong: form.wrong === field ? null : form.wrong } };
}

/** @param {State} state @param {string} field @param {string} id @returns {State} */
function ticked(state, field, id) {
  const chosen = /** @type {string[]} */ (state.sheet?.values[field] ?? []);
  return set(state, field, chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
}

/** The list of officers by arrow keys. @param {State} state @param {string} by @returns {State} */
function picked(state, by) {
  const { sheet: form } = state;
  const it = form ? state.cases[form.case] : null;
  if (!form || !it) return state;
  const many = candidates(state, it, form.values.typed).length;
  const active = Math.max(0, Math.min(many - 1, form.active + (by === "down" ? 1 : -1)));
  return { ...state, sheet: { ...form, active, values: { ...form.values, officer: undefined } } };
}

/** With the officer whom the list stands at, where none was pressed. @param {State} state @returns {Record<string, any>} */
export function valuesOf(state) {
  const { sheet: form } = state;
  const it = form ? state.cases[form.case] : null;
  if (!form || !it) return {};
  if (!BY_NAME[form.act].fields.includes("officer") || form.values.officer) return form.values;
  return { ...form.values, officer: candidates(state, it, form.values.typed)[form.active]?.officer };
}

/** @param {State} state @returns {State} */
function sent(state) {
  const { sheet: form } = state;
  const it = form ? state.cases[form.case] : null;
  if (!form || !it || state.going[form.case]) return state;
  const values = valuesOf(state);
  const wrong = missing(form.act, values, wallOf(state));
  if (wrong) return { ...state, sheet: { ...form, wrong } };
  return { ...state, sheet: { ...form, values, wrong: null }, going: { ...state.going, [form.case]: form.act }, refused: null, done: null };
}

/** Dropped on a case that waits: sent at once. On one that somebody has: asked first, whether in place of them or beside. */
/** @param {State} state @param {string} officer @param {string} id @returns {State} */
function dropped(state, officer, id) {
  const it = state.cases[id];
  if (!it || !(officer in state.officers)) return state;
  const open = { ...state, open: id, sheet: null, refused: null };
  if (it.status === "at_station" && mayDo("assign", it, open) && !state.going[id]) {
    return { ...open, sheet: { act: "assign", case: id, values: { officer }, active: 0, wrong: null }, going: { ...state.going, [id]: "assign" }, done: null };
  }
  const name = ["add", "assign"].find((one) => mayDo(one, it, open));
  const person = state.officers[officer];
  return name ? begin(open, name, { officer, typed: person.call_sign }) : { ...open, refused: { case: id, reason: "illegal" } };
}

/** @param {State} state @returns {State} */
function saying(state) {
  const it = state.open ? state.cases[state.open] : null;
  if (!it || !mayTalk(it) || state.going[it.case] || !state.drafts[it.case]?.trim()) return state;
  return { ...state, going: { ...state.going, [it.case]: "say" }, refused: null };
}

/** @param {State} state @returns {State} */
function clearing(state) {
  const { clearing: one } = state;
  if (!one || state.going[one.panic]) return state;
  if (!one.reason.trim()) return { ...state, clearing: { ...one, wrong: true } };
  return { ...state, going: { ...state.going, [one.panic]: "clear_panic" }, refused: null };
}

/**
 * The act that a message has just set going, without its key; null where it set none going.
 * @param {State} before @param {State} state @param {any} m @returns {import("../shared/dom.js").Message | null}
 */
export function actOf(before, state, m) {
  const id = Object.keys(state.going).find((one) => state.going[one] !== before.going[one]);
  if (!id) return null;
  const name = state.going[id];
  if (name === "say") return { t: "say", case: id, words: state.drafts[id].trim() };
  if (name === "desk_shift") return { t: "desk_shift", on: m.on };
  if (name === "clear_panic") return { t: "clear_panic", panic: id, reason: state.clearing?.reason.trim() };
  return messageOf(name, id, state.sheet?.case === id && state.sheet.act === name ? state.sheet.values : {}, state, wallOf(state));
}
