/** The case as its reporter follows it: the part of the citizen's state after a report was sent. Pure. */

import { cameraFor } from "../shared/map.js";
import { endsAt } from "../shared/store.js";
import { RATIO } from "./draft.js";

/**
 * @typedef {import("../shared/wire.js").ReporterCase & {heard_ms: number, wall_ms: number}} Told the case as the service says it
 * @typedef {{call_sign: string, surname: string, word?: string | null, met?: boolean}} Officer `word`: for the door
 * @typedef {import("../shared/places.js").Point & {within_m?: number}} Spot
 * @typedef {{call_sign: string, place?: Spot | null, eta_s?: number[] | null}} Mover `eta_s`: from, to
 * @typedef {{kind: string, at: string}} Entry
 * @typedef {Omit<Told, "officers"> & {officers: Officer[], received_wall_ms: number, ends_ms: number | null, object_wall_ms: number | null}} Case
 * @typedef {import("./reducer.js").State} State
 */

export const STARS_MAX = 5;
const CLOSED = ["cleared", "withdrawn", "merged"];
const ACTS = ["withdraw", "object", "rate", "answer_appointment"];

export const FOLLOWING = {
  signed: false,
  case: /** @type {Case | null} */ (null),
  entries: /** @type {Entry[]} */ ([]), // steps with their times, as the service keeps them
  movers: /** @type {Record<string, Mover>} */ ({}),
  asked: /** @type {string | null} */ (null), // the act that a form is open for: withdraw, object, rate
  object_words: "",
  rate_words: "",
  stars: 0,
  going: /** @type {Record<string, boolean>} */ ({}), // act -> true while its answer is awaited
  act_refused: /** @type {{act: string, reason: string, say?: string} | null} */ (null),
  object_wrong: false,
};

/** @param {State} state @param {any} m */
export function reduceFollowing(state, m) {
  switch (m.t) {
    case "signed":
      return { ...state, signed: true };
    case "snapshot":
      return m.cases?.length ? seen(state, { ...m.cases[0], heard_ms: m.heard_ms, wall_ms: m.wall_ms }) : state;
    case "case":
      return seen(state, m);
    case "entries":
      return { ...state, entries: m.entries };
    case "moves":
      return { ...state, movers: { ...state.movers, ...Object.fromEntries(m.moved.map((/** @type {Mover} */ one) => [one.call_sign, one])) } };
    case "result":
      return ACTS.includes(m.act?.t) ? judged(state, m) : state;
    case "ui.ask":
      return { ...state, asked: m.act, act_refused: /** @type {{act: string, reason: string, say?: string} | null} */ (null), object_wrong: false };
    case "ui.never_mind":
      return { ...state, asked: null };
    case "ui.withdraw_sure":
      return { ...state, going: { ...state.going, withdraw: true } };
    case "ui.object_words":
      return { ...state, object_words: m.value, object_wrong: false };
    case "ui.object":
      return state.object_words.trim()
        ? { ...state, going: { ...state.going, object: true } } : { ...state, object_wrong: true };
    case "ui.stars":
      return { ...state, stars: Number(m.value) };
    case "ui.rate_words":
      return { ...state, rate_words: m.value };
    case "ui.rate":
      return state.stars ? { ...state, going: { ...state.going, rate: true } } : state;
    case "ui.appointment":
      return { ...state, going: { ...state.going, answer_appointment: true }, act_refused: null };
    default:
      return state;
  }
}

/** @param {State} state @param {any} m */
function judged(state, m) {
  const going = { ...state.going };
  delete going[m.act.t];
  const refused = m.ok ? null : { act: m.act.t, reason: m.reason, say: m.say };
  const asked = m.ok && state.asked === m.act.t ? null : state.asked;
  return { ...state, going, asked, act_refused: refused, ...(m.ok && m.act.t === "object" ? { object_words: "" } : {}) };
}

/** @param {State} state @param {any} m @returns {State} */
function seen(state, m) {
  /** @type {Officer[]} */
  const officers = m.officers ?? [];
  const signs = new Set(officers.map((one) => one.call_sign));
  const movers = Object.fromEntries(Object.entries(state.movers).filter(([sign]) => signs.has(sign)));
  const over = closed(m.status);
  /** @type {Record<string, boolean>} */
  const possible = { withdraw: mayWithdraw(m), object: mayObject(m), rate: mayRate(m) };
  return {
    ...state,
    ready: true,
    case: { ...m, officers, received_wall_ms: m.wall_ms - m.received_ago_ms,
      ends_ms: m.status === "offered" ? endsAt(m, m.heard_ms) : null,
      object_wall_ms: m.object_ms == null ? null : m.wall_ms + m.object_ms },
    movers: over ? {} : movers,
    asked: state.asked && possible[state.asked] ? state.asked : null,
  };
}

/** @param {string} status */
export const closed = (status) => CLOSED.includes(status);

/** The table of the service allows it before an officer is on scene; a merged report has no case of its own to end. @param {Case} it */
export const mayWithdraw = (it) => ["offered", "claimed", "en_route", "at_station"].includes(it.status) && !it.merged;

/** Not solved: while the service says that there is time left for it. @param {Case} it */
export const mayObject = (it) => it.status === "cleared" && !it.merged && (it.object_ms ?? 0) > 0;

/** @param {Case} it */
export const mayRate = (it) => it.status === "cleared" && !it.merged && it.stars == null;

/** The talk is open while the case is; a merged report's own talk is closed. @param {Case} it */
export const mayTalk = (it) => !closed(it.status) && !it.merged;

/** The range of minutes of the officer who is nearest, or null: shown only from claim to arrival. @param {State} state */
export function etaOf(state) {
  if (!["claimed", "en_route"].includes(state.case?.status ?? "")) return null;
  const ranges = Object.values(state.movers).flatMap((one) => (one.eta_s ? [one.eta_s] : [])).sort((a, b) => a[1] - b[1]);
  if (!ranges.length) return null;
  const low = Math.max(1, Math.floor(ranges[0][0] / 60));
  return { low, high: Math.max(low + 1, Math.ceil(ranges[0][1] / 60)) };
}

/** Where the reporter said it is: as the service tells it, else as this page sent it. @param {State} state */
export const placeOf = (state) => state.case?.place ?? state.draft.pin;

const METRES_A_DEGREE = 111_320;
/** The corners of what may be meant by a rough place: all of the circle is to be seen. @param {Spot} spot */
const around = ({ lat, lon, within_m = 0 }) => {
  const [north, east] = [within_m / METRES_A_DEGREE, within_m / METRES_A_DEGREE / Math.cos((lat * Math.PI) / 180)];
  return [{ lat: lat + north, lon: lon + east }, { lat: lat - north, lon: lon - east }];
};

/** A camera for the live map: the pin and whoever comes. @param {State} state */
export function liveCamera(state) {
  const places = Object.values(state.movers).flatMap((one) => (one.place ? [one.place] : []));
  const own = placeOf(state);
  const points = [...(own ? [own] : []), ...places.flatMap(around)];
  return points.length ? cameraFor(points, RATIO) : state.camera;
}

/** @type {Record<string, string>} */
const STEP_OF = {
  received: "received", offer_opened: "offered", reoffered: "offered",
  claimed: "claimed", assigned: "claimed", reassigned: "claimed", set_out: "en_route", arrived: "on_scene",
  sent_to_desk: "at_station", fell_back: "at_station", handed_to_desk: "at_station", transferred: "at_station",
  preempted_to_desk: "at_station", silent_to_desk: "at_station", last_taken_back: "at_station", objected: "at_station",
  unmerged: "at_station", came_over: "at_station", cleared: "cleared",
};

/** Step -> milliseconds since 1970 of the latest entry that led to it. @param {Entry[]} entries */
export function timesOf(entries) {
  /** @type {Record<string, number>} */
  const times = {};
  for (const one of entries) if (STEP_OF[one.kind]) times[STEP_OF[one.kind]] = Date.parse(one.at);
  return times;
}

/**
 * Steps with what they are (done, now, later): received, asked, taken, on the way, at the place; where the station has
 * it: received, asked, the station, closed. How it ended stands last once it has.
 * @param {Case} it @param {Entry[]} entries
 */
export function stepsOf(it, entries) {
  const met = entries.some((one) => one.kind === "arrived");
  const at_desk = it.status === "at_station" || (it.status === "cleared" && !met);
  const nobody = ["desk_first", "to_confirm", "nobody_near"].includes(it.desk_reason ?? ""); // known before the entries are
  const asked = entries.length ? entries.some((one) => STEP_OF[one.kind] === "offered") : !nobody;
  const line = ["received", ...(asked ? ["offered"] : []), ...(at_desk ? ["at_station", "cleared"] : ["claimed", "en_route", "on_scene"])];
  if (it.status === "cleared" && !at_desk) line.push("cleared");
  const at = line.indexOf(it.status);
  const times = timesOf(entries);
  return line.map((name, i) => {
    const kind = i < at || it.status === "cleared" ? "done" : i === at ? "now" : "later";
    return { name, kind, at_ms: kind === "later" ? null : times[name] ?? null };
  });
}
