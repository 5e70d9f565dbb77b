/** The desk's page in each of its states, by name. */

import { HEARD, LIVE, LOST, PLACES, REVOKED, ROUGH, at, id } from "../patterns/town.js";
import { ACTS } from "./acts.js";
import { accountStates, signingStates } from "../patterns/signing.js";
import { FIRST, reduce } from "./reducer.js";
import { view } from "./view.js";

const SIGNED = [PLACES, { t: "signed", signed: { role: "desk", login: "desk-xw-1" } }];
const OFFICERS = [
  { t: "officer", officer: id(17), call_sign: "0417", surname: "李", on: true },
  { t: "officer", officer: id(23), call_sign: "0423", surname: "王", on: true },
];
const HERE = [...SIGNED, { t: "welcome", role: "desk", station: "xw-1", ...HEARD }, { t: "snapshot", at: {}, officers: OFFICERS, ...HEARD }, LIVE, at(5)];
const CASE = { t: "desk_case", case: id(1), seq: 2, station: "xw-1", status: "offered", category: "bicycle", words: "A blue bicycle was taken.",
  place: ROUGH, received_ago_ms: 0, round: 1, seats: 1, remaining_ms: 58_000, ...HEARD };
const AT_DESK = { ...CASE, case: id(2), seq: 4, category: "noise", status: "at_station", desk_reason: "window_closed", remaining_ms: null };
const TAKEN = { ...CASE, case: id(3), seq: 3, status: "claimed", remaining_ms: null, holders: [{ officer: id(17), call_sign: "0417", surname: "李", state: "claimed", fence: 2 }] };
/** Somebody at the desk, with what the service tells besides. */
const ME = { t: "me", role: "desk", station: "xw-1", account: id(70) };
const TOLD = [[1, "received", "named", { trust: "proven" }], [2, "offer_opened", "service", { asked: 3, ring_m: 1_500 }], [3, "fell_back", "service", { reason: "window_closed" }], [4, "taken_by_desk", `desk:${id(70)}`, {}]]
  .map(([seq, kind, actor, body]) => ({ seq, kind, actor, at: new Date(HEARD.wall_ms).toISOString(), call_sign: null, body }));
const TWIN = { case: id(9), station: "xw-1", status: "offered", category: "noise", words: "Loud music.", likeness: 0.8, metres: 40, seconds: 300, earlier: true, reports: 1 };
const PANIC = { t: "help", panic: id(80), officer: id(23), call_sign: "0423", surname: "王", station: "xw-1", raised_at: new Date(HEARD.wall_ms).toISOString(), place: ROUGH, ...HEARD };
const ENTRY = [{ t: "ui.entry" }, { t: "entry_key", key: "k" }];
const PEOPLE = { t: "desks", desks: [{ account: id(70), login: "desk-xw-1", role: "desk", on_shift_ms: 3_600_000 }] };
const TIMES = { n: 9, p50: 41_000, p90: 130_000, p99: 140_000 };
const COUNTED = { key: "", cases: 12, offered: 11, claimed: 9, fell_back: 2, fallback_share: 0.1818, sent_to_desk: 1, declined: 3, handed_back: 1, silent: 0, reopened: 0, received_to_claim_ms: TIMES, claim_to_arrival_ms: TIMES };
const FIGURES = { t: "loaded", what: "figures", answer: { by: "hour", whole: COUNTED, groups: [{ ...COUNTED, key: "13" }, { ...COUNTED, key: "14" }] } };
const HANDED = { t: "loaded", what: "handover", answer: { desks: PEOPLE.desks, officers: [{ officer: id(17), call_sign: "0417", surname: "李", held: 1, shift_ends_in_ms: 7_200_000 }], left_out: 0,
  cases: [{ case: id(2), status: "at_station", category: "noise", words: "Music.", received_ago_ms: 90_000, desk_reason: "window_closed", alarms: 1, holders: [], pending: [{ kind: "ack", due_in_ms: 9_000 }] }] } };
const FULL = [...HERE, CASE, AT_DESK, TAKEN, { ...CASE, case: id(4), seq: 9, status: "cleared", disposition: "report_taken", remaining_ms: null }];

const OPENING = [...FULL, { t: "ui.open", case: id(2) }, { t: "ui.identity" }, { t: "ui.identity_reason", value: "To ask which gate it was." }, { t: "ui.identity_go" }];
const IDENTITY = /** @type {Record<string, any[]>} */ ({ found: [{ t: "identity", case: id(2), found: { number: "+8613800138000", name: "王小明" } }],
  none: [{ t: "identity", case: id(2), found: { number: null, name: null } }], refused: [{ t: "identity_refused", case: id(2), refused: { code: "not_found" } }] });
const READERS = { t: "audit", page: { chain: `read:${id(2)}`, more: true, people: [{ actor: "supervisor:0b6f7f0e-0000-4000-8000-000000000002", account: "0b6f7f0e-0000-4000-8000-000000000002", login: "supervisor-xw", call_sign: null }], entries: [
  { seq: 3, at: "2026-11-29T06:03:00Z", actor: "admin:0b6f7f0e-0000-4000-8000-000000000001", act: "read_audit", body: { chain: "town" }, hash: "ab" },
  { seq: 2, at: "2026-11-29T06:02:00Z", actor: "supervisor:0b6f7f0e-0000-4000-8000-000000000002", act: "open_identity", body: { reason: "To call the reporter back." }, hash: "cd" }] } };

const CHOOSING = [PLACES, { t: "signed", signed: { role: "supervisor", login: "supervisor" } }, { t: "welcome", role: "supervisor", ...HEARD },
  { t: "snapshot", at: {}, alarms: [{ t: "alarm", case: id(2), station: "xw-1", nr: 2, category: "noise", received_ago_ms: 60_000 }], ...HEARD }, LIVE, at(5)];

/** @type {import("../shared/replay.js").Played} */
export const PLAYED = {
  first: FIRST,
  reduce,
  view,
  states: [
    { name: "sign-in", log: [PLACES] },
    ...signingStates([PLACES]),
    { name: "loading", log: SIGNED },
    { name: "empty", log: HERE },
    { name: "live", log: FULL },
    { name: "open", log: [...FULL, { t: "ui.open", case: id(2) }] },
    { name: "open-claimed", log: [...FULL, { t: "ui.open", case: id(3) }] },
    { name: "alarmed", log: [...FULL, { ...AT_DESK, seq: 5, alarms: 1 }] },
    { name: "history", log: [...FULL, ME, { t: "ui.open", case: id(2) }, { t: "history", case: id(2), entries: TOLD }, { t: "twins", case: id(2), list: [TWIN] },
      { t: "known", case: id(2), hazards: [{ hazard: id(60), words: "Glass on the stairs.", within_m: 10 }], earlier: [{ on: "2026-11-01", category: "noise", disposition: "advice_given", within_m: 5 }] },
      { t: "said", case: id(2), line: { seq: 5, by: "reporter", words: "It is still loud.", at: new Date(HEARD.wall_ms).toISOString() }, ...HEARD }] },
    ...ACTS.filter((act) => act.when.includes("at_station") && !act.at_once && act.name !== "preempt").map((act) => ({ name: `form-${act.name.replaceAll("_", "-")}`,
      log: [...FULL, { t: "ui.open", case: id(2) }, { t: "twins", case: id(2), list: [TWIN] }, { t: "ui.act", name: act.name }] })),
    { name: "form-wrong", log: [...FULL, { t: "ui.open", case: id(2) }, { t: "ui.act", name: "refer" }, { t: "ui.send" }] },
    { name: "form-sending", log: [...FULL, { t: "ui.open", case: id(2) }, { t: "ui.act", name: "assign" }, { t: "ui.send" }] },
    { name: "act-refused", log: [...FULL, { t: "ui.open", case: id(1) }, { t: "ui.act", name: "hold" }] },
    { name: "panic", log: [...FULL, PANIC] },
    { name: "panic-ending", log: [...FULL, PANIC, { t: "ui.clear_panic", panic: id(80) }, { t: "ui.clear_send" }] },
    { name: "no-sign", log: [...FULL, { ...TAKEN, seq: 6, status: "on_scene", holders: [{ ...TAKEN.holders[0], state: "on_scene", check_in: "missed" }] }, { t: "ui.open", case: id(3) }] },
    { name: "entry", log: [...FULL, ...ENTRY, { t: "ui.entry_set", field: "find", value: "xw" }] },
    { name: "entry-wrong", log: [...FULL, ...ENTRY, { t: "ui.entry_send" }] },
    { name: "entry-emergency", log: [...FULL, ...ENTRY, { t: "entry_refused", key: "k", refused: { code: "emergency", call: "110" } }] },
    { name: "entry-made", log: [...FULL, ...ENTRY, { t: "entry_made", key: "k", made: { case: id(1), receipt: "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01", status: "offered", station: "xw-1" } }] },
    { name: "figures", log: [...FULL, { t: "ui.panel", panel: "figures" }, { t: "ui.load", what: "figures", asks: { period: "shift", by: "hour" } }, FIGURES] },
    { name: "handover", log: [...FULL, ME, PEOPLE, { t: "ui.panel", panel: "handover" }, HANDED] },
    { name: "search", log: [...FULL, { t: "ui.search", value: "nothing like it" }] },
    { name: "muted", log: [...FULL, { t: "ui.mute" }] },
    { name: "supervisor-choosing", log: CHOOSING },
    { name: "supervisor-stations", log: [...CHOOSING, { t: "ui.follow", station: "xw-1" }, { t: "snapshot", at: {}, cases: [AT_DESK], officers: OFFICERS, ...HEARD }, LIVE, { t: "ui.panel", panel: "stations" },
      { t: "overview", station: "xw-1", cases: [{ ...AT_DESK, objected: true }], officers: OFFICERS, heard_ms: 1_000 }] },
    { name: "help", log: [...FULL, { t: "ui.panel", panel: "help" }] },
    ...["going", "found", "none", "refused"].map((how) => ({ name: `identity-${how}`, log: [...OPENING, ...(IDENTITY[how] ?? [])] })),
    { name: "identity", log: [...FULL, { t: "ui.open", case: id(2) }, { t: "ui.identity" }] },
    { name: "identity-short", log: [...FULL, { t: "ui.open", case: id(2) }, { t: "ui.identity" }, { t: "ui.identity_go" }] },
    { name: "readers", log: [...CHOOSING, { t: "ui.follow", station: "xw-1" }, { t: "snapshot", at: {}, cases: [AT_DESK], officers: OFFICERS, ...HEARD }, LIVE, { t: "ui.open", case: id(2) }, { t: "ui.audit", chain: `read:${id(2)}` }, READERS] },
    ...accountStates(FULL),
    { name: "reconnecting", log: [...FULL, ...LOST] },
    { name: "offline", log: [...FULL, ...LOST, { t: "offline", on: true }] },
    { name: "refused", log: [...FULL, REVOKED] },
  ],
};
