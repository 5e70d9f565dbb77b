/** Offers: how they come, are pressed, lost, and go; and the notices that say why. Pure. */

import { endsAt } from "../shared/store.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("./reducer.js").Notice} Notice
 * @typedef {import("./reducer.js").Offer} Offer
 */

export const NOTICES_MAX = 3;
/** After these the card stays: the officer can mend it, or try again. */
export const MENDABLE = new Set(["off_duty", "no_slot", "busy", "away", "overloaded", "too_fast", "not_received"]);
/** Why an offer may be declined, or a case handed back or a second officer wanted: stored and shown to the desk as such. */
/** @type {Record<string, string[]>} */
export const REASONS = {
  decline: ["too_far", "engaged", "on_break", "not_alone", "no_vehicle"],
  hand_back: ["called_away", "too_far", "not_alone", "no_vehicle", "conflict", "unwell"],
  second: ["several_people", "aggressive", "search", "language"],
};

/** @param {any} m @param {number} heard_ms */
export const offered = (m, heard_ms) => ({ ...m, ends_ms: endsAt(m, heard_ms), going: null, going_ms: 0 });
/** @param {Notice[]} notices @param {string} id */
export const without = (notices, id) => notices.filter((one) => one.case !== id);
/** @param {any} kept @param {string} id */
export const drop = (kept, id) => (id in kept ? Object.fromEntries(Object.entries(kept).filter(([key]) => key !== id)) : kept);

/** @param {State} state @param {Notice} notice */
export function noticed(state, notice) {
  return { ...state, notices: [notice, ...without(state.notices, notice.case)].slice(0, NOTICES_MAX) };
}

/** Its time is up: nothing of it can be answered any more, and the service is about to say what became of it. @param {Offer} offer @param {State} state */
export const isOver = (offer, state) => offer.ends_ms <= state.now_ms;

/** A mark that something is on its way; a second press while it stands changes nothing. @param {State} state @param {"offers" | "held"} kind @param {string} id @param {string} what */
export function going(state, kind, id, what) {
  const one = state[kind][id];
  return !one || one.going ? state : { ...state, [kind]: { ...state[kind], [id]: { ...one, going: what, going_ms: state.now_ms } } };
}

/** @param {State} state @param {any} m */
export const pressedOffer = (state, m) => {
  const offer = state.offers[m.case];
  if (offer && isOver(offer, state)) return state;
  return going(state, "offers", m.case, m.t === "ui.take" ? "claim" : "decline");
};

/** What the officer did on purpose needs no sentence. */
/** @type {Record<string, string>} */
const MEANT = { decline: "declined", hand_back: "handed_back", cleared: "closed", transfer: "transferred" };

/** What was on the screen goes from it, and one line says why. @param {State} state @param {any} m */
export function gone(state, m) {
  const was = state.offers[m.case] ?? state.held[m.case];
  const mine = m.case in state.held;
  const next = { ...state, offers: drop(state.offers, m.case), held: drop(state.held, m.case), places: drop(state.places, m.case),
    talks: drop(state.talks, m.case), sheet: state.sheet?.case === m.case ? null : state.sheet };
  const earlier = state.notices.find((one) => one.case === m.case);
  if ((!was && !earlier) || (was?.going && MEANT[was.going] === m.reason)) return next;
  const kind = earlier?.kind ?? (was.going === "claim" ? "lost" : mine ? "ended" : "gone");
  return noticed(next, { case: m.case, kind, reason: m.reason, by: m.by ?? earlier?.by ?? null, category: was?.category ?? earlier?.category });
}

/** Not this officer's: the card goes, except where the officer can mend the reason. @param {State} state @param {any} m @param {any} act */
export function lost(state, m, act) {
  const offer = state.offers[act.case];
  const earlier = state.notices.find((one) => one.case === act.case);
  const offers = offer && MENDABLE.has(m.reason) ? { ...state.offers, [act.case]: { ...offer, going: null } } : drop(state.offers, act.case);
  const by = m.more?.by ?? earlier?.by ?? null;
  return noticed({ ...state, offers }, { case: act.case, kind: "lost", reason: m.reason, say: m.say, by, category: offer?.category ?? earlier?.category });
}
