/** Calls for help: the officer's own, and those of others nearby. Pure. */

import { noticed } from "./offering.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("./reducer.js").Help} Help
 */

/** So long the bar is held: nobody leans on it by accident for a second. */
export const HOLD_MS = 1_000;
/** So long the question stays that a short press opens. */
export const ASK_MS = 10_000;

/** @param {State} state @param {{officer: string}} help */
export const isMine = (state, help) => help.officer === state.me?.officer;
/** @param {State} state */
export const ownHelp = (state) => Object.values(state.helps).find((one) => isMine(state, one)) ?? null;
/** @param {State} state */
export const othersHelps = (state) => Object.values(state.helps).filter((one) => !isMine(state, one));

/** @param {State} state @param {any} m @returns {State} */
export function reduceHelp(state, m) {
  switch (m.t) {
    case "help":
      return m.over ? over(state, m) : live(state, { ...m, seen: state.helps[m.panic]?.seen ?? false });
    case "moves":
      return moved(state, m.moved);
    case "snapshot":
      return snapshot(state, m.panics ?? []);
    case "result":
      return m.act?.t === "panic" ? answered(state, m) : state;
    case "panic.go":
      return calling(state) ? state : { ...state, panic: { phase: "sending", ask: false, since_ms: state.now_ms } };
    case "ui.panic_down":
      return calling(state) || m.repeat ? state : { ...state, panic: { ...state.panic, phase: "holding" } };
    case "ui.panic_up":
      return state.panic.phase === "holding" ? { ...state, panic: { ...state.panic, phase: "none", ask: m.asks === true || state.panic.ask } } : state;
    case "ui.panic_tap":
      return calling(state) ? state : { ...state, panic: { phase: "none", ask: true, ask_ms: state.now_ms } };
    case "ui.panic_no":
      return { ...state, panic: { ...state.panic, ask: false } };
    case "tick":
      return state.panic.ask && state.now_ms - (state.panic.ask_ms ?? state.now_ms) > ASK_MS ? { ...state, panic: { ...state.panic, ask: false } } : state;
    case "ui.help_seen":
      return state.helps[m.panic] ? live(state, { ...state.helps[m.panic], seen: true }) : state;
    default:
      return state;
  }
}

/** Is the officer's own call on its way or standing? @param {State} state */
export const calling = (state) => state.panic.phase === "sending" || state.panic.phase === "raised" || ownHelp(state) !== null;

/** @param {State} state @param {Help} help @returns {State} */
const live = (state, help) => {
  const next = { ...state, helps: { ...state.helps, [help.panic]: help } };
  return isMine(state, help) ? { ...next, panic: { phase: "raised", ask: false } } : next;
};

/** @param {State} state @param {any} m @returns {State} */
function over(state, m) {
  const known = state.helps[m.panic] ?? m;
  const helps = Object.fromEntries(Object.entries(state.helps).filter(([id]) => id !== m.panic));
  const own = isMine(state, known);
  /** @type {State} */
  const next = { ...state, helps, panic: own ? { phase: "none", ask: false } : state.panic };
  return noticed(next, { case: `help:${m.panic}`, kind: "told", reason: own ? "help_over_own" : "help_over", by: { call_sign: known.call_sign, surname: known.surname }, category: null });
}

/** Where who called for help is now. @param {State} state @param {import("../shared/wire.js").Moved[]} moves */
function moved(state, moves) {
  const places = new Map(moves.filter((one) => one.officer && one.place).map((one) => [one.officer, one.place]));
  const found = Object.values(state.helps).filter((one) => places.has(one.officer));
  if (!found.length) return state;
  return { ...state, helps: { ...state.helps, ...Object.fromEntries(found.map((one) => [one.panic, { ...one, place: places.get(one.officer) }])) } };
}

/** @param {State} state @param {import("../shared/wire.js").Panic[]} panics @returns {State} */
function snapshot(state, panics) {
  const helps = Object.fromEntries(panics.map((one) => [one.panic, { ...one, seen: state.helps[one.panic]?.seen ?? false }]));
  const own = panics.some((one) => isMine(state, one));
  // A call that the service has and the snapshot has not was ended by the desk meanwhile; one on its way goes on.
  /** @type {State["panic"]} */
  const panic = own ? { phase: "raised", ask: false } : state.panic.phase === "raised" ? { phase: "none", ask: false } : state.panic;
  return { ...state, helps, panic };
}

/** Whatever else it says, a call that was not accepted is made again by whoever makes it. @param {State} state @param {any} m @returns {State} */
const answered = (state, m) => (m.ok && state.panic.phase === "sending" ? { ...state, panic: { phase: "raised", ask: false } } : state);
