/** What a press says to the service: the wire's message, without its key. Pure. */

import { askedOf } from "./deck.js";

/** @typedef {import("./reducer.js").State} State */

/** @param {any} m */
const REASON_OF = (m) => (m.reason ? { reason: m.reason } : {});

/**
 * The act of a press, from the state in which it was pressed.
 * @param {State} state @param {any} m @returns {{t: string, [more: string]: any}}
 */
export function actOf(state, m) {
  if (m.t === "ui.take") return { t: "claim", case: m.case, round: state.offers[m.case].round };
  if (m.t === "ui.not_now") return { t: "decline", case: m.case, round: state.offers[m.case].round, ...REASON_OF(m) };
  if (m.t === "ui.duty") return { t: "duty", on: m.on, ...(m.on && state.shift_min ? { shift_min: state.shift_min } : {}) };
  const held = state.held[m.case];
  const on = { case: m.case, fence: held.fence };
  switch (m.t) {
    case "ui.hand_back":
      return { t: "hand_back", ...on, ...REASON_OF(m) };
    case "ui.second":
      return { t: "second_officer", ...on, ...REASON_OF(m) };
    case "ui.transfer":
      return { t: "transfer", ...on };
    case "ui.well":
      return { t: askedOf(held) ?? "", ...on };
    case "ui.met":
      return { t: "met", ...on, word: state.word.typed };
    case "ui.say":
      return { t: "say", ...on, words: m.words };
    default:
      return { t: m.act, ...on, ...(m.act === "cleared" ? { disposition: state.disposition } : {}) };
  }
}
