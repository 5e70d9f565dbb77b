/**
 * What the desk's page knows: its state at the beginning, and the shapes of what stands in it.
 *
 * @typedef {import("../shared/wire.js").DeskCase} WireCase
 * @typedef {import("../shared/places.js").Area} Area
 * @typedef {{lat: number, lon: number, within_m?: number}} Spot
 * @typedef {{officer: string, call_sign: string, surname: string, state: string, check_in?: string | null, watch?: string | null}} Seat
 * @typedef {{case: string, seq: number, station: string, status: string, category: string, words: string, place: Spot, round: number, seats: number,
 *   desk_reason: string | null, acknowledged: boolean, alarms: number, holders: Seat[], disposition: string | null, exercise: boolean, channel: string,
 *   owner: string | null, objected: boolean, stars: number | null, appointment: {begins: string, ends: string, answer: string} | null,
 *   referred_to: string | null, manner: string | null, reports: string[], merged_into: string | null,
 *   received_ms: number, ends_ms: number | null, quiet_until_ms: number | null}} Case times by the page's own clock
 * @typedef {{seq: number, by: string, words: string, at: string, officer?: {call_sign: string, surname: string} | null}} Line
 * @typedef {{lines: Line[], more: boolean, upto: number, unread: number}} Thread
 * @typedef {{officer: string, call_sign: string, surname: string}} Officer
 * @typedef {Officer & {panic: string, station: string, place?: Spot | null, case?: string | null, since_ms: number}} Panic
 * @typedef {{case: string, station: string, nr: number, category: string, received_ms: number}} Rung
 * @typedef {{account: string, login: string, role: string, on_shift_ms: number | null}} AtDesk
 * @typedef {{id: string, name: string, name_en: string, seats: number, priority?: number}} Category
 * @typedef {{act: string, case: string, values: Record<string, any>, active: number, wrong: string | null}} Form
 * @typedef {{channel: string, find: string, active: number, place: (Spot & {name: string, name_en?: string, id?: string, source: string}) | null, category: string, words: string,
 *   exercise: boolean, advised: boolean, key: string, wrong: string | null, sending: boolean, refused: any, made: {case: string, receipt: string, status: string, station: string} | null}} Entry
 * @typedef {{seq: number, kind: string, actor: string, at: string, call_sign: string | null, body: any}} Told
 * @typedef {typeof FIRST} State
 */

import { AUDIT } from "../shared/audit.js";
import { SIGN_IN } from "../shared/sign_in.js";
import { SHARED } from "../shared/store.js";

export const FIRST = {
  ...SHARED,
  ...SIGN_IN,
  ...AUDIT,
  identity: /** @type {import("./identity.js").Identity | null} */ (null), // who reported, while the card is open
  wall_off_ms: 0, // wall clock minus the page's own clock
  me: /** @type {{station: string | null, role: string, account: string | null} | null} */ (null),
  follow: /** @type {string | null} */ (null), // the station that a supervisor looks at
  left_out: 0, // cases that did not fit the snapshot
  cases: /** @type {Record<string, Case>} */ ({}),
  officers: /** @type {Record<string, Officer>} */ ({}), // on duty
  at: /** @type {Record<string, Spot>} */ ({}), // officer -> place
  talks: /** @type {Record<string, Thread>} */ ({}),
  rung: /** @type {Record<string, Rung>} */ ({}), // what a supervisor hears of every station
  panics: /** @type {Record<string, Panic>} */ ({}),
  desks: /** @type {AtDesk[]} */ ([]), // who may answer at this desk
  open: /** @type {string | null} */ (null), // the case on the card
  told: /** @type {{case: string, entries: Told[]} | null} */ (null), // its history
  twins: /** @type {{case: string, list: any[]} | null} */ (null), // what may be the same incident
  known: /** @type {{case: string, hazards: any[], earlier: any[]} | null} */ (null), // of its place
  sheet: /** @type {Form | null} */ (null),
  clearing: /** @type {{panic: string, reason: string, wrong: boolean} | null} */ (null), // a call for help that is being ended
  entry: /** @type {Entry | null} */ (null),
  drafts: /** @type {Record<string, string>} */ ({}), // what is being written, by case
  going: /** @type {Record<string, string>} */ ({}), // case or panic -> act on its way
  refused: /** @type {any} */ (null), // {case, reason, say}
  done: /** @type {{act: string, case: string} | null} */ (null), // said politely to who does not see it
  search: "",
  panel: "map", // map, figures, handover, stations, help
  pane: "queue", // on a narrow screen: queue, middle, side
  keys: true, // single keys act; may be switched off
  muted: false,
  heard_sound: true, // false: the browser waits for a press before it lets the page sound
  on_shift: /** @type {boolean | null} */ (null),
  figures: /** @type {any} */ (null), // {period, by, loading, answer, refused}
  handover: /** @type {any} */ (null), // {loading, answer, refused}
  stations: /** @type {Record<string, any>} */ ({}), // a supervisor's: station -> counts and objections
  areas: /** @type {Area[]} */ ([]),
  categories: /** @type {Category[]} */ ([]),
  camera: /** @type {import("../shared/map.js").Camera | null} */ (null),
};

/** The wall clock as the page last knew it: for showing and for "until", never to judge. @param {State} state */
export const wallOf = (state) => state.now_ms + state.wall_off_ms;

/** Whose screen this is: the own station, or the one that a supervisor looks at. @param {State} state */
export const stationOf = (state) => state.follow ?? state.me?.station ?? null;
