/** What the line and the server tell the desk's page, put into its state. Pure, and bounded: a desk runs all day. */

import { endsAt } from "../shared/store.js";
import { CLOSED } from "./acts.js";

/** @typedef {import("./state.js").State} State */

export const CLOSED_SHOWN = 8; // of the closed only the last few stay
export const LINES_KEPT = 100; // of one talk; earlier ones are read over HTTP
export const ENTRIES_KEPT = 300; // of one history
const RUNG_MAX = 500; // as many alarms as a snapshot carries, twice

/** @param {State} state @param {any} m @returns {State} */
export function reduceLive(state, m) {
  switch (m.t) {
    case "places":
      return { ...state, areas: m.areas, categories: m.categories };
    case "signed": // a desk has its own screen; a supervisor begins at the own station, where there is one
      return { ...state, follow: m.signed.role === "supervisor" ? state.follow ?? m.signed.station ?? null : null };
    case "welcome":
      return { ...state, me: { station: m.station ?? null, role: m.role, account: state.me?.account ?? null } };
    case "me":
      return { ...state, me: { station: state.me?.station ?? m.station, role: state.me?.role ?? m.role, account: m.account } };
    case "desks":
      return { ...state, desks: m.desks, on_shift: onShift(m.desks, state) };
    case "snapshot":
      return snapshot(state, m);
    case "desk_case":
      return seen(state, timed(m));
    case "gone": // another station's now
      return without(state, m.case);
    case "officer":
      return duty(state, m);
    case "moves":
      return moved(state, m.moved);
    case "alarm":
      return rung(state, m);
    case "help":
      return called(state, m);
    case "said":
      return said(state, m.case, m.line);
    case "read_to":
      return readTo(state, m.case, m.upto);
    case "talk":
      return { ...state, talks: { ...state.talks, [m.case]: thread(m) } };
    case "result":
      return judged(state, m);
    case "history":
      return m.case === state.open ? { ...state, told: { case: m.case, entries: m.entries.slice(-ENTRIES_KEPT) } } : state;
    case "twins":
      return m.case === state.open ? { ...state, twins: { case: m.case, list: m.list } } : state;
    case "known":
      return m.case === state.open ? { ...state, known: { case: m.case, hazards: m.hazards, earlier: m.earlier } } : state;
    case "overview":
      return { ...state, stations: { ...state.stations, [m.station]: overview(m) } };
    default:
      return state;
  }
}

/** @param {import("./state.js").AtDesk[]} desks @param {State} state */
function onShift(desks, state) {
  const own = desks.find((one) => one.account === state.me?.account);
  return own && own.role === "desk" ? own.on_shift_ms !== null : null;
}

/** With what the wire leaves out because it is as usual, and with times by the page's clock. @param {any} m @returns {import("./state.js").Case} */
export function timed(m) {
  // Field by field: a thousand of these come in a minute of a bad day, and nothing is kept that is not shown.
  return { case: m.case, seq: m.seq, station: m.station, status: m.status, category: m.category, words: m.words, place: m.place, round: m.round, seats: m.seats,
    desk_reason: m.desk_reason ?? null, acknowledged: m.acknowledged ?? false, alarms: m.alarms ?? 0, holders: m.holders ?? [], disposition: m.disposition ?? null,
    exercise: m.exercise ?? false, channel: m.channel ?? "web", owner: m.owner ?? null, objected: m.objected ?? false, stars: m.stars ?? null, appointment: m.appointment ?? null,
    referred_to: m.referred_to ?? null, manner: m.manner ?? null, reports: m.reports ?? [], merged_into: m.merged_into ?? null,
    received_ms: m.heard_ms - m.received_ago_ms, ends_ms: m.status === "offered" ? endsAt(m, m.heard_ms) : null, quiet_until_ms: m.quiet_ms == null ? null : m.heard_ms + m.quiet_ms };
}

/** @param {State} state @param {any} m @returns {State} */
function snapshot(state, m) {
  const heard = { heard_ms: m.heard_ms };
  const cases = Object.fromEntries((m.cases ?? []).map((/** @type {any} */ one) => [one.case, timed({ ...one, ...heard })]));
  const officers = Object.fromEntries((m.officers ?? []).map((/** @type {any} */ one) => [one.officer, person(one)]));
  const talks = Object.fromEntries((m.talks ?? []).map((/** @type {any} */ one) => [one.case, thread(one)]));
  const begun = { ...state, cases, officers, talks, rung: {}, panics: {}, left_out: m.left_out ?? 0, at: only(state.at, officers), drafts: only(state.drafts, cases) };
  const rings = (m.alarms ?? []).reduce((/** @type {State} */ so_far, /** @type {any} */ one) => rung(so_far, { ...one, ...heard }), begun);
  const calls = (m.panics ?? []).reduce((/** @type {State} */ so_far, /** @type {any} */ one) => called(so_far, { ...one, ...heard }), rings);
  const open = state.open && cases[state.open] ? state.open : null;
  return { ...calls, open, sheet: open ? state.sheet : null };
}

/** @param {any} one @returns {import("./state.js").Officer} */
const person = (one) => ({ officer: one.officer, call_sign: one.call_sign, surname: one.surname });

/** @template V @param {Record<string, V>} all @param {Record<string, unknown>} wanted @returns {Record<string, V>} */
const only = (all, wanted) => Object.fromEntries(Object.entries(all).filter(([name]) => name in wanted));

/** A later entry replaces an earlier one, never the other way. @param {State} state @param {import("./state.js").Case} it @returns {State} */
function seen(state, it) {
  if ((state.cases[it.case]?.seq ?? -1) > it.seq) return state;
  let next = { ...state, cases: { ...state.cases, [it.case]: it } };
  if (!CLOSED.has(it.status)) return next;
  const closed = Object.values(next.cases).filter((one) => CLOSED.has(one.status)).sort((a, b) => b.received_ms - a.received_ms);
  for (const one of closed.slice(CLOSED_SHOWN)) if (one.case !== state.open) next = without(next, one.case);
  return next;
}

/** @param {State} state @param {string} id @returns {State} */
function without(state, id) {
  const { [id]: _case, ...cases } = state.cases;
  const { [id]: _talk, ...talks } = state.talks;
  const { [id]: _draft, ...drafts } = state.drafts;
  const shown = state.open === id;
  return { ...state, cases, talks, drafts, open: shown ? null : state.open, sheet: shown ? null : state.sheet };
}

/** @param {State} state @param {any} m @returns {State} */
function duty(state, m) {
  if (m.on) return { ...state, officers: { ...state.officers, [m.officer]: person(m) } };
  const { [m.officer]: _gone, ...officers } = state.officers;
  const { [m.officer]: _place, ...at } = state.at;
  return { ...state, officers, at };
}

/** Of who is on duty here, or called for help. @param {State} state @param {any[]} told @returns {State} */
function moved(state, told) {
  const calling = new Set(Object.values(state.panics).map((one) => one.officer));
  const ours = told.filter((one) => one.officer && one.place && (one.officer in state.officers || calling.has(one.officer)));
  return ours.length ? { ...state, at: { ...state.at, ...Object.fromEntries(ours.map((one) => [one.officer, one.place])) } } : state;
}

/** @param {State} state @param {any} m @returns {State} */
function rung(state, m) {
  const { [m.case]: _before, ...others } = state.rung;
  if (m.over || Object.keys(others).length >= RUNG_MAX) return { ...state, rung: others };
  const one = { case: m.case, station: m.station, nr: m.nr ?? 1, category: m.category ?? "", received_ms: m.heard_ms - (m.received_ago_ms ?? 0) };
  return { ...state, rung: { ...others, [m.case]: one } };
}

/** @param {State} state @param {any} m @returns {State} */
function called(state, m) {
  const { [m.panic]: _before, ...others } = state.panics;
  if (m.over) return { ...state, panics: others, clearing: state.clearing?.panic === m.panic ? null : state.clearing };
  const since_ms = m.wall_ms === undefined ? Date.parse(m.raised_at) - state.wall_off_ms : m.heard_ms - Math.max(0, m.wall_ms - Date.parse(m.raised_at));
  const one = { ...person(m), panic: m.panic, station: m.station, place: m.place ?? null, case: m.case ?? null, since_ms };
  return { ...state, panics: { ...others, [m.panic]: one }, at: m.place ? { ...state.at, [m.officer]: m.place } : state.at };
}

/** @param {any} m @returns {import("./state.js").Thread} */
const thread = (m) => ({ lines: m.lines.slice(-LINES_KEPT), more: m.more ?? false, upto: m.upto ?? 0, unread: m.unread ?? 0 });

const EMPTY = { lines: /** @type {import("./state.js").Line[]} */ ([]), more: false, upto: 0, unread: 0 };
const theirs = (/** @type {import("./state.js").Line} */ line) => line.by !== "desk";

/** @param {State} state @param {string} id @param {import("./state.js").Line} line @returns {State} */
function said(state, id, line) {
  const talk = state.talks[id] ?? EMPTY;
  if (!state.cases[id] || (talk.lines.at(-1)?.seq ?? -1) >= line.seq) return state;
  const lines = [...talk.lines, line].slice(-LINES_KEPT);
  return { ...state, talks: { ...state.talks, [id]: { lines, more: talk.more || talk.lines.length >= LINES_KEPT, upto: talk.upto, unread: talk.unread + Number(theirs(line)) } } };
}

/** @param {State} state @param {string} id @param {number} upto @returns {State} */
function readTo(state, id, upto) {
  const talk = state.talks[id];
  if (!talk || talk.upto >= upto) return state;
  const unread = talk.lines.filter((line) => line.seq > upto && theirs(line)).length;
  return { ...state, talks: { ...state.talks, [id]: { ...talk, upto, unread } } };
}

/** What became of an act. @param {State} state @param {any} m @returns {State} */
function judged(state, m) {
  if (!m.act || m.act.t === "read") return state;
  const about = m.act.case ?? m.act.panic ?? m.act.t;
  const { [about]: _gone, ...going } = state.going;
  const next = { ...state, going };
  const refused = { case: about, reason: m.reason, say: m.say };
  if (!m.ok) return { ...next, refused };
  const done = { act: m.act.t, case: about };
  if (m.act.t === "desk_shift") return { ...next, on_shift: m.act.on, refused: null, done };
  if (m.act.t === "say") {
    const { [about]: _draft, ...drafts } = state.drafts;
    return { ...next, drafts, refused: null, done };
  }
  // A form that was opened meanwhile stays: only the one that was sent is done with.
  const sent = state.sheet?.case === about && state.sheet?.act === state.going[about];
  return { ...next, sheet: sent ? null : state.sheet, refused: null, done };
}

/** A station's queue in counts, and what its reporters objected to. @param {any} m */
function overview(m) {
  const cases = (m.cases ?? []).map((/** @type {any} */ one) => timed({ ...one, heard_ms: m.heard_ms }));
  const count = (/** @type {(one: import("./state.js").Case) => boolean} */ wanted) => cases.filter(wanted).length;
  return { hand: count((one) => one.status === "at_station"), unseen: count((one) => one.status === "at_station" && !one.acknowledged),
    offered: count((one) => one.status === "offered"), under_way: count((one) => ["claimed", "en_route", "on_scene"].includes(one.status)),
    officers: (m.officers ?? []).length, objected: cases.filter((/** @type {import("./state.js").Case} */ one) => one.objected).map((/** @type {import("./state.js").Case} */ one) =>
      ({ case: one.case, category: one.category, words: one.words, received_ms: one.received_ms, station: m.station })) };
}
