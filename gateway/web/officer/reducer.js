/** The officer's page: (state, message) -> state. Pure: the clock, the line and the server speak through messages. */

import { cameraForAreas } from "../shared/map.js";
import { PUSH, reducePush } from "../shared/push.js";
import { SIGN_IN, reduceSignIn } from "../shared/sign_in.js";
import { SHARED, reduceShared } from "../shared/store.js";
import { armed, focusOf, primaryOf, settled } from "./deck.js";
import { reduceHelp } from "./helping.js";
import { judged, pressedHeld, seated } from "./holding.js";
import { drop, gone, isOver, lost, noticed, offered, pressedOffer, without } from "./offering.js";
import { RATIO, reducePlace } from "./placing.js";
import { reduceTalk } from "./talking.js";

/**
 * @typedef {"claim" | "decline" | string | null} Going the act that is on its way, since `going_ms`
 * @typedef {import("../shared/wire.js").Offer & {ends_ms: number, going: Going, going_ms: number}} Offer
 * @typedef {import("../shared/wire.js").HeldCase & {going: Going, going_ms: number}} Held
 * @typedef {import("../shared/wire.js").Panic & {seen: boolean}} Help
 * @typedef {{case: string, kind: string, reason: string, say?: string, by: {call_sign: string, surname?: string} | null, category?: string | null}} Notice
 * @typedef {Partial<import("../shared/wire.js").PlaceKnown> & {failed?: boolean}} Known
 * @typedef {{phase: "none" | "holding" | "sending" | "raised", ask: boolean, ask_ms?: number, since_ms?: number}} Panic
 * @typedef {import("../shared/places.js").Point & {accuracy_m: number, source: string}} Fix
 */

/** What a phone may be asked to do. Kept on the phone; each has a sentence where the phone cannot. */
export const PREFS = { sound: true, vibration: true, awake: true, sun: false };

export const FIRST = {
  ...SHARED,
  ...SIGN_IN,
  ...PUSH,
  me: /** @type {{call_sign: string, station: string, officer: string, beat: string | null} | null} */ (null),
  on_duty: /** @type {boolean | null} */ (null), // null until the server said
  duty_going: false,
  off_wish: false, // off duty as soon as the cases are passed on
  shift_min: 0, // minutes until the shift ends; 0: not told
  fix_interval_s: 5,
  offers: /** @type {Record<string, Offer>} */ ({}), // by case
  held: /** @type {Record<string, Held>} */ ({}), // by case
  focus: /** @type {string | null} */ (null), // the case that is looked at
  armed_ms: 0, // the large button takes no press before
  sheet: /** @type {{kind: string, case?: string | null} | null} */ (null), // what stands in place of the case
  reason: "", // chosen in a sheet
  notices: /** @type {Notice[]} */ ([]),
  talks: /** @type {Record<string, import("./talking.js").Talk>} */ ({}), // by case
  places: /** @type {Record<string, Known>} */ ({}), // by case: what is known of its place
  word: /** @type {{case: string | null, typed: string, refused: string | null}} */ ({ case: null, typed: "", refused: null }),
  panic: /** @type {Panic} */ ({ phase: "none", ask: false }),
  helps: /** @type {Record<string, Help>} */ ({}), // by panic
  fix: /** @type {Fix | null} */ (null),
  by_hand: false,
  no_fix: false,
  disposition: "",
  areas: /** @type {import("../shared/places.js").Area[]} */ ([]),
  categories: /** @type {import("../shared/places.js").Category[]} */ ([]),
  camera: /** @type {import("../shared/map.js").Camera | null} */ (null),
  prefs: PREFS,
  can: { sound: "none", vibration: false, awake: "none" }, // what this phone is able to; sound: none, locked, ready
  emergency: "110",
};

/** @typedef {typeof FIRST} State */

/** @param {State} state @param {any} m @returns {State} */
export function reduce(state, m) {
  return settled(state, turn(reducePush(reduceSignIn(reduceShared(state, m), m), m), m, state), m);
}

/** @param {State} next @param {any} m @param {State} before @returns {State} */
function turn(next, m, before) {
  if (m.t.startsWith("ui.")) return reduceUi(reducePlace(reduceHelp(reduceTalk(next, m), m), m), m, before);
  switch (m.t) {
    case "places":
      return { ...next, areas: m.areas, categories: m.categories, camera: next.camera ?? cameraForAreas(m.areas, RATIO) };
    case "welcome":
      return { ...next, on_duty: m.on_duty ?? next.on_duty, fix_interval_s: m.fix_interval_s ?? next.fix_interval_s,
        me: { call_sign: m.call_sign, station: m.station, officer: m.officer, beat: m.beat ?? next.me?.beat ?? null } };
    case "snapshot":
      return reduceHelp(reduceTalk(snapshot(next, m), m), m);
    case "offer":
      return { ...next, offers: { ...next.offers, [m.case]: offered(m, m.heard_ms) }, notices: without(next.notices, m.case) };
    case "held":
      return seated(next, m);
    case "gone":
      return gone(next, m);
    case "result":
      return result(next, m);
    case "place_known":
      return { ...next, places: { ...next.places, [m.case]: m.known ?? { failed: true } } };
    case "prefs":
      return { ...next, prefs: { ...next.prefs, ...m.prefs } };
    case "can":
      return { ...next, can: { ...next.can, ...m.can } };
    default:
      return reducePlace(reduceHelp(reduceTalk(next, m), m), m);
  }
}

const CASE_ACTS = new Set(["ui.step", "ui.hand_back", "ui.well", "ui.second", "ui.transfer", "ui.met"]);

/** @param {State} state @param {any} m @param {State} before @returns {State} */
function reduceUi(state, m, before) {
  if (CASE_ACTS.has(m.t)) return blocked(before, m) ? state : pressedHeld(state, m);
  switch (m.t) {
    case "ui.sign_out":
      return { ...FIRST, now_ms: state.now_ms, areas: state.areas, categories: state.categories, prefs: state.prefs, can: state.can,
        emergency: state.emergency };
    case "ui.duty":
      return { ...state, duty_going: true, off_wish: false };
    case "ui.shift":
      return { ...state, shift_min: Number(m.value) };
    case "ui.off_wish":
      return { ...state, off_wish: true };
    case "ui.take":
    case "ui.not_now":
      return blocked(before, m) ? state : pressedOffer(state, m);
    case "ui.look":
      return { ...state, focus: m.case, sheet: null, reason: "" };
    case "ui.sheet":
      if (m.kind === "decline" && state.offers[m.case] && isOver(state.offers[m.case], state)) return state;
      return { ...state, sheet: { kind: m.kind, case: m.case ?? (m.kind === "settings" ? undefined : focusOf(state)) }, reason: "" };
    case "ui.back":
      return { ...state, sheet: null, reason: "" };
    case "ui.reason":
      return { ...state, reason: m.value };
    case "ui.disposition":
      return { ...state, disposition: m.value };
    case "ui.word":
      return { ...state, word: { case: m.case, typed: m.value.replace(/\D/g, "").slice(0, 4), refused: null } };
    case "ui.dismiss":
      return { ...state, notices: without(state.notices, m.case) };
    case "ui.pref":
      return { ...state, prefs: { ...state.prefs, [m.name]: m.on } };
    default:
      return state;
  }
}

/** Did the press hit the large button in the moment after it changed by itself? @param {State} state @param {any} m */
function blocked(state, m) {
  const primary = primaryOf(state);
  return !armed(state) && primary !== null && primary.press.t === m.t && primary.case === m.case;
}

/** Everything that may be seen now; what this page is in the middle of sending stays marked. @param {State} state @param {any} m @returns {State} */
function snapshot(state, m) {
  /** @type {Record<string, Offer | Held>} */
  const before = { ...state.offers, ...state.held };
  const kept = (/** @type {{case: string}} */ one) => ({ going: before[one.case]?.going ?? null, going_ms: before[one.case]?.going_ms ?? 0 });
  const offers = /** @type {import("../shared/wire.js").Offer[]} */ (m.offers ?? []).map((one) => [one.case, { ...offered(one, m.heard_ms), ...kept(one) }]);
  const held = /** @type {import("../shared/wire.js").HeldCase[]} */ (m.held ?? []).map((one) => [one.case, { ...one, ...kept(one) }]);
  const there = new Set([...offers, ...held].map(([id]) => id));
  // A claim whose answer is still to come keeps its card: what became of it is being asked.
  const waiting = Object.values(state.offers).filter((one) => one.going === "claim" && !there.has(one.case));
  const places = Object.fromEntries(Object.entries(state.places).filter(([id]) => there.has(id)));
  return { ...state, places, held: Object.fromEntries(held),
    offers: Object.fromEntries([...offers, ...waiting.map((one) => [one.case, one])]) };
}

/** @param {State} state @param {any} m @returns {State} */
function result(state, m) {
  const act = m.act;
  if (!act) return state;
  switch (act.t) {
    case "duty":
      return duty(state, m, act);
    case "claim":
      return m.ok ? won(state, act) : lost(state, m, act);
    case "decline":
      return { ...state, offers: drop(state.offers, act.case), sheet: null };
    case "panic":
      return reduceHelp(state, m);
    case "say":
    case "read":
      return reduceTalk(state, m);
    default:
      return judged(state, m, act);
  }
}

/** The case itself comes by a message of its own, before this one or after; without it the card waits. @param {State} state @param {any} act */
const won = (state, act) => ({ ...state, notices: without(state.notices, act.case) });

/** @param {State} state @param {any} m @param {any} act @returns {State} */
function duty(state, m, act) {
  const next = { ...state, duty_going: false, on_duty: m.ok ? act.on : state.on_duty, notices: without(state.notices, "duty"),
    me: m.more?.beat && state.me ? { ...state.me, beat: m.more.beat } : state.me };
  const off = m.ok && !act.on ? { ...next, offers: {}, sheet: null } : next;
  return m.ok ? off : noticed(off, { case: "duty", kind: "refused", reason: m.reason, say: m.say, by: null, category: null });
}
