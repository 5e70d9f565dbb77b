/** Cases that the officer holds: how they come, what is pressed, what was judged. Pure. */

import { cameraFor } from "../shared/map.js";
import { askedOf } from "./deck.js";
import { drop, going, noticed, without } from "./offering.js";
import { RATIO } from "./placing.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("./reducer.js").Held} Held
 */

export const DISPOSITIONS = ["report_taken", "advice_given", "founded", "unfounded", "gone_on_arrival", "referred", "duplicate", "hoax"];
/** After these the case is nobody's business of this officer any more. */
const NOT_MINE = new Set(["stale_fence", "closed", "withdrawn", "merged", "at_desk", "not_found"]);

/** @param {State} state @param {any} m */
export function seated(state, m) {
  const before = state.held[m.case];
  const camera = before || !m.place ? state.camera : cameraFor([m.place, state.fix].filter(Boolean), RATIO);
  const same = before?.state === m.state && before?.fence === m.fence && answers(before, m);
  return {
    ...state,
    camera: camera ?? state.camera,
    offers: drop(state.offers, m.case),
    held: { ...state.held, [m.case]: { ...m, going: same ? before.going : null, going_ms: same ? before.going_ms : 0 } },
    notices: without(state.notices, m.case),
    disposition: before ? state.disposition : "",
    word: m.met && state.word.case === m.case ? { case: null, typed: "", refused: null } : state.word,
    sheet: before ? state.sheet : null,
  };
}

/** Nothing that an act of the officer's is about changed between the two. @param {Held} a @param {any} b */
const answers = (a, b) => a.check_in === b.check_in && a.watch === b.watch && a.met === b.met && a.seats === b.seats;

/** @param {State} state @param {any} m */
export function pressedHeld(state, m) {
  const held = state.held[m.case];
  if (!held) return state;
  switch (m.t) {
    case "ui.step":
      return m.act === "cleared" && !state.disposition ? state : going(state, "held", m.case, m.act);
    case "ui.hand_back":
      return going(state, "held", m.case, "hand_back");
    case "ui.transfer":
      return going(state, "held", m.case, "transfer");
    case "ui.second":
      return going(state, "held", m.case, "second_officer");
    case "ui.well":
      return askedOf(held) ? going(state, "held", m.case, String(askedOf(held))) : state;
    case "ui.met":
      return state.word.case === m.case && state.word.typed.length === 4 ? going(state, "held", m.case, "met") : state;
    default:
      return state;
  }
}

const ENDS = new Set(["cleared", "hand_back", "transfer"]);

/** An answer to an act on a held case. @param {State} state @param {any} m @param {any} act */
export function judged(state, m, act) {
  const held = state.held[act.case];
  const unmarked = held ? { ...held, going: null } : null;
  const about = { case: act.case, by: null, category: held?.category };
  if (!m.ok) {
    const kept = unmarked && !NOT_MINE.has(m.reason) ? { ...state.held, [act.case]: unmarked } : drop(state.held, act.case);
    const next = { ...state, held: kept, off_wish: false };
    if (act.t === "met") return { ...next, word: { case: act.case, typed: "", refused: m.reason } };
    return noticed(next, { ...about, kind: "refused", reason: m.reason, say: m.say });
  }
  if (ENDS.has(act.t)) {
    return { ...state, held: drop(state.held, act.case), places: drop(state.places, act.case), disposition: "", sheet: null, reason: "",
      notices: without(state.notices, act.case) };
  }
  const next = { ...state, held: unmarked ? { ...state.held, [act.case]: unmarked } : state.held, notices: without(state.notices, act.case) };
  if (act.t === "second_officer") return noticed({ ...next, sheet: null, reason: "" }, { ...about, kind: "told", reason: "second_asked" });
  return next;
}
