/** What the desk's page reads out of its state: the queue, who may go, what rings. Pure. */

import { metresBetween } from "../shared/places.js";
import { surnameIn } from "../shared/surnames.js";
import { CLOSED, HELD_SET, priorityOf } from "./acts.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Case} Case */
/** @typedef {{key: string, kind: string, case: string | null, station: string, since_ms: number, nr: number, [more: string]: any}} Alarm `kind`: panic, silent or unseen */
/** @typedef {(a: Case, b: Case) => number} Order */

export const ROWS_SHOWN = 120; // of one group: more than anybody reads; the rest is counted and found by the search
export const CANDIDATES_SHOWN = 12;
const ALARMED = new Set(["alarmed", "missed"]);

/** Is a hand needed now: at the desk, unseen, not put off. @param {Case} one */
export const unseen = (one) => one.status === "at_station" && !one.acknowledged;

/** @type {Order} */
const oldest = (a, b) => a.received_ms - b.received_ms;

/** The queue: what needs a hand first (unseen, urgent, alarmed, old), then offered, under way, closed of late. @param {State} state */
export function groups(state) {
  const all = Object.values(state.cases).filter((one) => matches(one, state));
  /** @type {Order} */
  const urgent = (a, b) => priorityOf(a.category, state.categories) - priorityOf(b.category, state.categories);
  /** @param {Order[]} orders @returns {Order} */
  const by = (...orders) => (a, b) => orders.reduce((found, order) => found || order(a, b), 0);
  /** @type {Order} */
  const calm = (a, b) => Number(Boolean(a.quiet_until_ms)) - Number(Boolean(b.quiet_until_ms));
  /** @type {Order} */
  const seen = (a, b) => Number(a.acknowledged) - Number(b.acknowledged);
  /** @type {Order} */
  const rung = (a, b) => b.alarms - a.alarms;
  /** @type {Order} */
  const trouble = (a, b) => Number(troubled(b)) - Number(troubled(a));
  return [
    { name: "hand", cases: all.filter((one) => one.status === "at_station").sort(by(seen, calm, urgent, rung, oldest)) },
    { name: "offered", cases: all.filter((one) => ["received", "offered"].includes(one.status)).sort(by((a, b) => (a.ends_ms ?? 0) - (b.ends_ms ?? 0), oldest)) },
    { name: "under_way", cases: all.filter((one) => HELD_SET.has(one.status)).sort(by(trouble, urgent, oldest)) },
    { name: "closed", cases: all.filter((one) => CLOSED.has(one.status)).sort((a, b) => oldest(b, a)) },
  ];
}

/** Does somebody on this case give cause to look: no sign of life, no answer, no progress? @param {Case} one */
export const troubled = (one) => one.holders.some((seat) => seat.check_in === "missed" || ALARMED.has(seat.watch ?? ""));

/** @param {Case} one @param {State} state */
function matches(one, state) {
  const wanted = state.search.trim().toLowerCase();
  if (!wanted) return true;
  const names = state.categories.find((category) => category.id === one.category);
  const said = [one.words, one.case, one.category, names?.name, names?.name_en, ...one.holders.map(calledOf)];
  return said.some((text) => text?.toLowerCase().includes(wanted));
}

/** How an officer may be looked for: by the character, and as it is spelled. @param {{call_sign: string, surname: string}} one */
const calledOf = (one) => `${one.call_sign} ${one.surname} ${surnameIn(one.surname, { lang: "en" })}`;

/** Officers of the station on duty, free ones first; `on_case`: the case they hold. @param {State} state */
export function roster(state) {
  /** @type {Record<string, string>} */
  const holds = {};
  for (const one of Object.values(state.cases)) if (!CLOSED.has(one.status)) for (const seat of one.holders) holds[seat.officer] = one.case;
  return Object.values(state.officers)
    .map((one) => ({ ...one, on_case: holds[one.officer] ?? null, place: state.at[one.officer] ?? null }))
    .sort((a, b) => Number(Boolean(a.on_case)) - Number(Boolean(b.on_case)) || a.call_sign.localeCompare(b.call_sign));
}

/** Who may be sent to a case: the free before the busy, the nearest before the far, those without a position last. @param {State} state @param {Case} it */
export function candidates(state, it, typed = "") {
  const wanted = typed.trim().toLowerCase();
  const here = new Set(it.holders.map((seat) => seat.officer));
  return roster(state)
    .filter((one) => !here.has(one.officer) && (!wanted || calledOf(one).toLowerCase().includes(wanted)))
    .map((one) => ({ ...one, metres: one.place ? metresBetween(one.place, it.place) : null }))
    .sort((a, b) => Number(Boolean(a.on_case)) - Number(Boolean(b.on_case)) || (a.metres ?? Infinity) - (b.metres ?? Infinity) || a.call_sign.localeCompare(b.call_sign))
    .slice(0, CANDIDATES_SHOWN);
}

/**
 * What stands at the top edge, the worst first: calls for help, officers who do not answer, cases nobody has seen.
 * @param {State} state @returns {Alarm[]}
 */
export function alarms(state) {
  const panics = Object.values(state.panics).map((one) => ({ key: `panic:${one.panic}`, kind: "panic", case: one.case ?? null, station: one.station, panic: one.panic,
    officer: one, since_ms: one.since_ms, nr: 0 }));
  const silent = Object.values(state.cases).filter((one) => !CLOSED.has(one.status)).flatMap((one) => one.holders
    .filter((seat) => seat.check_in === "missed" || ALARMED.has(seat.watch ?? ""))
    .map((seat) => ({ key: `silent:${one.case}:${seat.officer}`, kind: "silent", case: one.case, station: one.station, officer: seat, owner: one.owner ?? null,
      because: seat.check_in === "missed" ? "check_in" : seat.watch, category: one.category, since_ms: one.received_ms, nr: 0 })));
  const own = Object.values(state.cases).filter((one) => unseen(one) && one.alarms > 0)
    .map((one) => ({ case: one.case, station: one.station, category: one.category, since_ms: one.received_ms, nr: one.alarms }));
  const elsewhere = Object.values(state.rung).filter((one) => !state.cases[one.case])
    .map((one) => ({ case: one.case, station: one.station, category: one.category, since_ms: one.received_ms, nr: one.nr, elsewhere: true }));
  const unheard = [...own, ...elsewhere].map((one) => ({ ...one, key: `unseen:${one.case}`, kind: "unseen" }));
  /** @param {Alarm} a @param {Alarm} b */
  const first = (a, b) => a.since_ms - b.since_ms;
  return [...panics.sort(first), ...silent.sort(first), ...unheard.sort((a, b) => b.nr - a.nr || first(a, b))];
}

/** What should be heard now: panic before alarm before a case that nobody has seen; null while all is quiet. @param {State} state @returns {import("./sounds.js").Ring | null} */
export function rings(state) {
  if (!state.signed || state.muted || !state.ready) return null;
  const standing = alarms(state);
  if (standing.some((one) => one.kind === "panic")) return "panic";
  if (standing.length) return "alarm";
  return Object.values(state.cases).some(unseen) ? "hand" : null;
}

/** The name behind an account that acted or answers for a case. @param {string | null | undefined} account @param {State} state @param {import("../shared/words.js").Words} words */
export function nameOfAccount(account, state, words) {
  if (!account) return null;
  if (account === state.me?.account) return words.say("desk.you");
  return state.desks.find((one) => one.account === account)?.login ?? words.say("desk.somebody");
}

/** Where to move the cursor. @param {State} state @param {number} by @returns {string | null} */
export function neighbour(state, by) {
  const list = groups(state).flatMap((group) => group.cases);
  const at = list.findIndex((one) => one.case === state.open);
  if (at < 0) return (by > 0 ? list[0] : list.at(-1))?.case ?? null;
  return list[Math.min(list.length - 1, Math.max(0, at + by))]?.case ?? null;
}

/** Other open cases that could be the same incident: those the service suggests, then the nearest of the queue. @param {State} state @param {Case} it @returns {any[]} */
export function mergeable(state, it) {
  const twins = state.twins?.case === it.case ? state.twins.list : [];
  const named = new Set([it.case, ...twins.map((one) => one.case)]);
  const near = Object.values(state.cases)
    .filter((one) => !named.has(one.case) && !CLOSED.has(one.status) && one.status !== "on_scene" && one.exercise === it.exercise)
    .map((one) => ({ ...one, likeness: null, metres: metresBetween(one.place, it.place), seconds: Math.abs(one.received_ms - it.received_ms) / 1000, reports: 1 + one.reports.length }))
    .sort((a, b) => a.metres - b.metres);
  return [...twins, ...near].slice(0, 8);
}
