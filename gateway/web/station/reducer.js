/** The desk's page: (state, message) -> state. Pure: the clock, the line and the server speak through messages. */

import { cameraFor, cameraForAreas, zoomed } from "../shared/map.js";
import { SIGN_IN, reduceSignIn } from "../shared/sign_in.js";
import { SHARED, endsAt, reduceShared } from "../shared/store.js";

export const RATIO = 0.9;
const CLOSED = new Set(["cleared", "withdrawn", "merged"]);
const CLOSED_SHOWN = 8;

export const FIRST = {
  ...SHARED,
  ...SIGN_IN,
  me: null, // {station, role}
  cases: {}, // case -> desk_case with ends_ms, received_ms (page clock)
  officers: {}, // officer -> {officer, call_sign, surname, on}
  at: {}, // officer -> place
  open: null, // the case on the card
  officer: "", // chosen for assignment
  disposition: "",
  going: {}, // case -> act on its way
  refused: null, // {case, reason, say}
  help: false,
  keys: true, // single keys act; may be switched off
  areas: [],
  categories: [],
  camera: null,
};

export function reduce(state, m) {
  const next = reduceSignIn(reduceShared(state, m), m);
  if (m.t.startsWith("ui.")) return reduceUi(next, m);
  switch (m.t) {
    case "places":
      return { ...next, areas: m.areas, categories: m.categories, camera: next.camera ?? homeCamera({ ...next, areas: m.areas }) };
    case "welcome": {
      const me = { station: m.station, role: m.role };
      return { ...next, me, camera: homeCamera({ ...next, me }) ?? next.camera };
    }
    case "snapshot":
      return snapshot(next, m);
    case "desk_case":
      return seen(next, timed(m, m.heard_ms));
    case "gone": // another station's now
      return { ...next, cases: Object.fromEntries(Object.entries(next.cases).filter(([id]) => id !== m.case)), open: next.open === m.case ? null : next.open };
    case "officer":
      return { ...next, officers: { ...next.officers, [m.officer]: { officer: m.officer, call_sign: m.call_sign, surname: m.surname, on: m.on } } };
    case "moves":
      return { ...next, at: { ...next.at, ...Object.fromEntries(m.moved.filter((one) => one.officer).map((one) => [one.officer, one.place])) } };
    case "result":
      return judged(next, m);
    default:
      return next;
  }
}

function reduceUi(state, m) {
  switch (m.t) {
    case "ui.sign_out":
      return { ...FIRST, now_ms: state.now_ms, areas: state.areas, categories: state.categories, keys: state.keys };
    case "ui.open":
      return opened(state, m.case);
    case "ui.shut":
      return { ...state, open: null, refused: null };
    case "ui.move":
      return opened(state, neighbour(state, m.by));
    case "ui.officer":
      return { ...state, officer: m.value };
    case "ui.disposition":
      return { ...state, disposition: m.value };
    case "ui.acknowledge":
    case "ui.assign":
    case "ui.clear":
      return mayGo(state, m) ? { ...state, going: { ...state.going, [state.open]: m.t }, refused: null } : state;
    case "ui.help":
      return { ...state, help: !state.help };
    case "ui.keys":
      return { ...state, keys: !state.keys };
    case "ui.zoom":
      return state.camera ? { ...state, camera: zoomed(state.camera, m.did) } : state;
    case "ui.home":
      return { ...state, camera: homeCamera(state) ?? state.camera };
    default:
      return state;
  }
}

/** The station's own area fills the picture; the whole town where it has none. */
function homeCamera(state) {
  const own = state.areas.filter((one) => one.kind === "station" && one.station === state.me?.station);
  return cameraForAreas(own.length ? own : state.areas, RATIO);
}

/** With what the wire leaves out because it is as usual, and with times by the page's clock. */
const timed = (m, heard_ms) => ({ acknowledged: false, alarms: 0, holders: [], ...m, received_ms: heard_ms - m.received_ago_ms,
  ends_ms: m.status === "offered" ? endsAt(m, heard_ms) : null });

function snapshot(state, m) {
  const cases = Object.fromEntries((m.cases ?? []).map((one) => [one.case, timed(one, m.heard_ms)]));
  const officers = Object.fromEntries((m.officers ?? []).map((one) => [one.officer, one]));
  return { ...state, cases, officers, open: cases[state.open] ? state.open : null };
}

/** A later entry replaces an earlier one, never the other way; of the closed only the last few stay. */
function seen(state, it) {
  if ((state.cases[it.case]?.seq ?? -1) > it.seq) return state;
  const all = { ...state.cases, [it.case]: it };
  const closed = Object.values(all).filter((one) => CLOSED.has(one.status)).sort((a, b) => b.received_ms - a.received_ms);
  for (const one of closed.slice(CLOSED_SHOWN)) if (one.case !== state.open) delete all[one.case];
  return { ...state, cases: all };
}

function opened(state, id) {
  if (!id || !state.cases[id]) return state;
  const { place } = state.cases[id];
  const camera = state.open === id || !state.camera ? state.camera : { ...cameraFor([place], RATIO, state.camera.wide_m), lat: place.lat, lon: place.lon };
  return { ...state, open: id, officer: state.open === id ? state.officer : "", disposition: "", refused: null, camera };
}

function neighbour(state, by) {
  const list = groups(state).flatMap((group) => group.cases);
  const at = list.findIndex((one) => one.case === state.open);
  return list[Math.min(list.length - 1, Math.max(0, at + by))]?.case ?? null;
}

/** What may be done to a case by its desk: the service's table, in words of the page. */
export function may(it) {
  if (!it) return { acknowledge: false, assign: false, clear: false };
  const here = it.status === "at_station";
  return { acknowledge: here && !it.acknowledged, assign: here || ["claimed", "en_route"].includes(it.status), clear: here };
}

function mayGo(state, m) {
  const it = state.cases[state.open];
  if (!it || state.going[state.open]) return false;
  const allowed = may(it);
  if (m.t === "ui.acknowledge") return allowed.acknowledge;
  if (m.t === "ui.assign") return allowed.assign && state.officer !== "";
  return allowed.clear && state.disposition !== "";
}

/** The act that a press sends, without its key. */
export function actOf(state, m) {
  if (m.t === "ui.acknowledge") return { t: "acknowledge", case: state.open };
  if (m.t === "ui.assign") return { t: "assign", case: state.open, officer: state.officer };
  return { t: "cleared", case: state.open, disposition: state.disposition };
}

function judged(state, m) {
  if (!m.act) return state;
  const going = { ...state.going };
  delete going[m.act.case];
  const refused = m.ok ? state.refused : { case: m.act.case, reason: m.reason, say: m.say };
  return { ...state, going, refused, officer: m.ok ? "" : state.officer, disposition: m.ok ? "" : state.disposition };
}

/** The queue: what needs a hand first (alarmed, then oldest), then offered, under way, closed of late. */
export function groups(state) {
  const all = Object.values(state.cases);
  const oldest = (a, b) => a.received_ms - b.received_ms;
  const needs = (one) => one.status === "at_station";
  return [
    { name: "hand", cases: all.filter(needs).sort((a, b) => Number(a.acknowledged) - Number(b.acknowledged) || b.alarms - a.alarms || oldest(a, b)) },
    { name: "offered", cases: all.filter((one) => ["received", "offered"].includes(one.status)).sort((a, b) => (a.ends_ms ?? 0) - (b.ends_ms ?? 0)) },
    { name: "under_way", cases: all.filter((one) => ["claimed", "en_route", "on_scene"].includes(one.status)).sort(oldest) },
    { name: "closed", cases: all.filter((one) => CLOSED.has(one.status)).sort((a, b) => oldest(b, a)) },
  ];
}

/** Officers of the station, free ones on duty first; `on_case`: the case they hold. */
export function roster(state) {
  const holds = {};
  for (const one of Object.values(state.cases)) if (!CLOSED.has(one.status)) for (const seat of one.holders) holds[seat.officer] = one.case;
  return Object.values(state.officers)
    .map((one) => ({ ...one, on_case: holds[one.officer] ?? null, place: state.at[one.officer] ?? null }))
    .sort((a, b) => Number(b.on) - Number(a.on) || Number(Boolean(a.on_case)) - Number(Boolean(b.on_case)) || a.call_sign.localeCompare(b.call_sign));
}

/** Cases for which the desk was alarmed and nobody has answered yet. */
export const alarms = (state) => groups(state)[0].cases.filter((one) => one.alarms > 0 && !one.acknowledged);
