/**
 * What lies before the officer, and which one act the large button at the bottom is for. Pure.
 *
 * The case that is looked at stays under the thumb: a nearer offer joins the row above and never takes its place by
 * itself. Whenever the button's meaning changes without the officer's doing, it takes no press for `ARM_MS`.
 */

import { metresBetween } from "../shared/places.js";
import { isOver } from "./offering.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("./reducer.js").Held} Held
 * @typedef {import("./reducer.js").Offer} Offer
 * @typedef {{id: string, act: string, case: string, press: import("../shared/dom.js").Message, off: boolean, going: string | null, over: boolean, choose: boolean}} Primary
 *   `id` changes whenever the button means something else; `off`: it takes no press now.
 */

/** The next step of a held case, by the state of the officer's own seat. */
/** @type {Record<string, string>} */
export const STEP = { claimed: "set_out", en_route: "arrived", on_scene: "cleared" };
/** Longer than a press that was already on its way down when the card changed; shorter than anybody waits. */
export const ARM_MS = 600;

/** @param {State} state @param {Offer} one */
const far = (state, one) => (state.fix ? metresBetween(state.fix, one.place) : 0);

/** Offers, nearest first; the one that ends first where two are as near. @param {State} state */
export function nearestFirst(state) {
  return Object.values(state.offers).sort((a, b) => far(state, a) - far(state, b) || a.ends_ms - b.ends_ms);
}

/** Everything before the officer: cases held, then offers. @param {State} state */
export const deck = (state) => [...Object.values(state.held), ...nearestFirst(state)];

/** @param {State} state @param {string | null} id */
const has = (state, id) => id !== null && (id in state.held || id in state.offers);

/** The id of the case that is looked at, or null. @param {State} state */
export const focusOf = (state) => (has(state, state.focus) ? state.focus : deck(state)[0]?.case ?? null);

/** Is a sign of life asked of this seat? The act that answers, or null. @param {Held} held */
export function askedOf(held) {
  if (held.check_in) return "check_in";
  return held.watch === "asked" || held.watch === "missed" ? "all_well" : null;
}

/** Every case on which somebody asks whether the officer is well. @param {State} state */
export const asking = (state) => Object.values(state.held).filter((one) => askedOf(one));

/**
 * The act of the large button, or null where there is none.
 * @param {State} state @returns {Primary | null}
 */
export function primaryOf(state) {
  if (!state.signed || !state.ready || state.line === "refused") return null;
  const id = /** @type {string} */ (focusOf(state)); // null finds nothing
  const sheet = state.sheet?.case === undefined || state.sheet.case === id ? state.sheet?.kind : null;
  const held = state.held[id];
  if (held) return ofHeld(state, held, sheet);
  const offer = state.offers[id];
  if (!offer || sheet) return null;
  const over = isOver(offer, state);
  return { ...button("take", offer, { t: "ui.take", case: id }, over), id: `take:${id}:${offer.round}`, over };
}

/** @param {State} state @param {Held} held @param {string | null | undefined} sheet */
function ofHeld(state, held, sheet) {
  const asked = askedOf(held);
  if (asked) return button("well", held, { t: "ui.well", case: held.case }, false);
  switch (sheet) {
    case "settings":
    case "talk":
    case "ways":
      return null;
    case "hand_back":
      return button("hand_back", held, { t: "ui.hand_back", case: held.case, reason: state.reason }, false);
    case "second":
      return button("second", held, { t: "ui.second", case: held.case, reason: state.reason }, false);
    case "transfer":
      return button("transfer", held, { t: "ui.transfer", case: held.case }, false);
    default: {
      const act = STEP[held.state] ?? "set_out";
      const choose = act === "cleared" && !state.disposition;
      return { ...button(act, held, choose ? { t: "ui.choose", case: held.case } : { t: "ui.step", case: held.case, act }, false), choose };
    }
  }
}

/** @param {string} act @param {Held | Offer} one @param {import("../shared/dom.js").Message} press @param {boolean} off */
const button = (act, one, press, off) =>
  ({ id: `${act}:${one.case}`, act, case: one.case, press, off: off || one.going !== null, going: one.going, over: false, choose: false });

/** Does the button take presses now? Not in the moment after it changed by itself. @param {State} state */
export const armed = (state) => state.now_ms >= state.armed_ms;

/** After every message: the case that was looked at stays looked at, and a button that changed is not armed at once. @param {State} before @param {State} next @param {any} m */
export function settled(before, next, m) {
  if (next === before) return next;
  const arrived = Object.keys(next.held).find((id) => !(id in before.held) && id !== focusOf(before));
  const was = focusOf(before);
  const focus = m.t === "ui.look" ? next.focus : arrived ?? (has(next, was) ? was : null);
  const looked = focus === next.focus ? next : { ...next, focus };
  if (m.t === "tick" || m.t.startsWith("ui.")) return looked;
  const then = primaryOf(before);
  const now = primaryOf(looked);
  if (!then || then.id === now?.id) return looked;
  return { ...looked, armed_ms: Math.max(looked.now_ms, m.heard_ms ?? 0) + ARM_MS };
}
