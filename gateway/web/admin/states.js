/** The admin's page in each of its states, by name. */

import { AREAS, REVOKED, at } from "../patterns/town.js";
import { accountStates, signingStates } from "../patterns/signing.js";
import { FIRST, reduce } from "./reducer.js";
import { view } from "./view.js";

/** @param {string} id @param {string} name @param {string} name_en @param {Record<string, any>} more */
const station = (id, name, name_en, more = {}) => ({ id, version: 1, name, name_en, catch_all: false, cross_border: "neighbours", lends: false, falls_to: null, head_start_ms: null,
  hand_backs_max: null, time_zone: "Asia/Shanghai", areas: 1, beats: [{ id: `${id}-a`, name: "珠江路" }, { id: `${id}-b`, name: "长江路" }], desks: 2, staffed: 1, officers: 8, on_duty: 5, ...more });
/** @param {string} id @param {string} name @param {string} name_en @param {Record<string, any>} more */
const category = (id, name, name_en, more = {}) => ({ id, version: 1, name, name_en, open: true, priority: 3, seats: 1, skill: null, check_in_s: null, ack_ms: null, patience_ms: null, mode: "snatch",
  hours: {}, window_ms: null, wave_ms: null, rings_m: null, head_start_ms: null, turn_ms: null, able: null, ...more });
/** @param {string} login @param {string} role @param {Record<string, any>} more */
const person = (login, role, more = {}) => ({ login, role, version: 1, suspended: false, sessions: 0, ...more });

const TOWN = {
  version: 7,
  stations: [
    station("xw-1", "新街口派出所", "Xinjiekou Station", { falls_to: "xw-2" }),
    station("xw-2", "玄武门派出所", "Xuanwumen Station", { staffed: 0, lends: true, cross_border: "own", head_start_ms: 5_000 }),
    station("other", "其他", "Elsewhere", { catch_all: true, areas: 0, beats: [], officers: 0, on_duty: 0 }),
  ],
  categories: [
    category("bicycle", "自行车被盗", "Stolen bicycle"),
    category("dispute", "纠纷调解", "Dispute", { seats: 2, skill: "mediator", able: 0, check_in_s: 900, mode: "best_officer", hours: { 22: "desk_first", 23: "desk_first" } }),
    category("noise", "噪声扰民", "Noise", { open: false, window_ms: 45_000, rings_m: [800, 1_600], head_start_ms: 5_000 }),
  ],
  skills: ["mediator", "dog"],
  defaults: { window_ms: 60_000, wave_ms: 15_000, rings_m: [1_500, 3_000, 6_000], turn_ms: 8_000, ack_ms: 20_000, head_start_ms: 0, hand_backs_max: 2, patience_ms: 60_000 },
};
const OFFICER = { station: "xw-1", officer: "o1", surname: "李", slots: 1, skills: ["mediator"] };
const PEOPLE = [
  person("admin", "admin", { sessions: 1 }),
  person("desk-xw-1", "desk", { station: "xw-1", sessions: 1 }),
  person("officer-0417", "officer", { ...OFFICER, call_sign: "0417", beat: "xw-1-a", on_duty: true, held: 1, sessions: 1 }),
  person("officer-0423", "officer", { ...OFFICER, call_sign: "0423", surname: "王", skills: [] }),
  person("officer-0430", "officer", { ...OFFICER, call_sign: "0430", surname: "陈", skills: [], suspended: true }),
];
const SIGNED = [{ t: "signed", signed: { role: "admin", name: "admin:1" } }];
const LOADED = { t: "loaded", town: TOWN, people: PEOPLE, more: true, heard_ms: 1_000 };
const HERE = [...SIGNED, LOADED, { t: "areas", areas: AREAS, tag: '"1"' }, at(2)];
const tab = (/** @type {string} */ name) => ({ t: "ui.tab", tab: name });
const open = (/** @type {string} */ kind, /** @type {string} */ id) => ({ t: "ui.open", kind, id });
const PERSON = [...HERE, open("person", "officer-0417")];

const feature = (/** @type {any} */ one, name = one.name) => ({ properties: { id: one.id, kind: one.kind, station: one.station, name, name_en: one.name_en }, geometry: { type: "Polygon", coordinates: one.rings } });
const REPORT = { kind: "beat", areas: 2, applied: false, added: ["xw-1-c"], moved: ["xw-1-a"], dropped: ["xw-1-b"],
  repaired: [{ id: "xw-1-a", feature: "0", fault: "Self-intersection", share: 0.0004 }], overlaps: [{ a: "xw-1-a", b: "xw-1-c", m2: 1_250 }],
  gaps: [{ what: "xw-1", m2: 48_000 }], outside: [], after: [feature(AREAS[1], "珠江路北"), feature({ ...AREAS[2], id: "xw-1-c" }, "太平门")] };
const LOOKED = [...HERE, tab("areas"), { t: "ui.kind", value: "beat" }, { t: "file", name: "beats.geojson", size: 4_000 }];

const measured = (/** @type {number[]} */ means) => ({
  policies: Object.fromEntries(["one_ring", "three_rings", "best_officer"].map((name, i) => [name, { mean: means[i], least: means[i] * 0.9, greatest: means[i] * 1.1 }])),
  differences: [{ of: ["one_ring", "three_rings"], by: 1, spread: 2, larger: false }, { of: ["one_ring", "best_officer"], by: 3, spread: 1, larger: true }] });
const SIMULATED = { asked: { count: 600, officers: 100, minutes: 8, policies: { one_ring: { mode: "snatch", rings_m: [6_000], window_ms: 60_000 },
  three_rings: { mode: "snatch", rings_m: [1_500, 3_000, 6_000], wave_ms: 15_000, head_start_s: 5, window_ms: 60_000 }, best_officer: { mode: "best_officer", rings_m: [6_000], turn_ms: 8_000, window_ms: 60_000 } } },
  compared: { wait_p50_s: measured([6.1, 7.4, 9.8]), wait_p90_s: measured([19, 24, 31]), fallback_percent: measured([8, 9, 12]), fairness: measured([0.41, 0.33, 0.28]) },
  runs: [{ seed: 1 }, { seed: 2 }] };
const figure = (/** @type {string} */ key, /** @type {number} */ cases) => ({ key, cases, received_to_claim_ms: { n: cases, p50: 6_200, p90: 21_000, p99: 48_000 }, fallback_share: 0.08, fairness: 0.31 });
const FIGURES = { whole: figure("", 84), groups: [figure("xw-1", 52), figure("xw-2", 32)] };
const POLICIES = [...HERE, tab("policies"), { t: "simulated", found: SIMULATED }, { t: "figures", found: FIGURES }];

const AT = "2026-11-29T06:02:00Z";
const CHANGES = [
  { id: 9, at: AT, actor: "admin:1", by: "admin", kind: "category", subject: "noise", verb: "changed", reason: "Quiet nights.", before: { window_ms: 60_000, hours: {}, version: 1 }, after: { window_ms: 45_000, hours: { 22: "desk_first" }, version: 2 } },
  { id: 8, at: AT, actor: "supervisor:2", by: "supervisor", kind: "person", subject: "officer-0430", verb: "suspended", reason: "Phone lost.", before: { suspended: false, on_duty: true }, after: { suspended: true, on_duty: false } },
  { id: 7, at: AT, actor: "admin:1", by: "admin", kind: "areas", subject: "beat", verb: "imported", reason: "Two beats joined.", before: { "xw-1-b": {} }, after: {} },
];
const refused = (/** @type {string} */ code, pointer = "") => ({ t: "refused", refused: { code, pointer, did: "save" } });
const WHY = { t: "ui.set", field: "reason", value: "New here." };

const AUDITED = [...HERE, tab("audit"), { t: "ui.audit", chain: "town" }];
const ENTRIES = { t: "audit", page: { chain: "town", more: true, people: [{ actor: "admin:0b6f7f0e-0000-4000-8000-000000000001", account: "0b6f7f0e-0000-4000-8000-000000000001", login: "admin", call_sign: null }], entries: [
  { seq: 3, at: "2026-11-29T06:03:00Z", actor: "admin:0b6f7f0e-0000-4000-8000-000000000001", act: "read_audit", body: { chain: "town" }, hash: "ab" },
  { seq: 2, at: "2026-11-29T06:02:00Z", actor: "supervisor:0b6f7f0e-0000-4000-8000-000000000002", act: "signed_in", body: { reason: "To call the reporter back." }, hash: "cd" }] } };

/** @type {import("../shared/replay.js").Played} */
export const PLAYED = {
  first: FIRST,
  reduce,
  view,
  states: [
    { name: "sign-in", log: [] },
    { name: "sign-in-refused", log: [{ t: "sign_in_refused", refused: { code: "sign_in_refused" } }] },
    ...signingStates([]),
    { name: "loading", log: SIGNED },
    { name: "empty", log: [...SIGNED, { ...LOADED, people: [], more: false }, { t: "ui.find", field: "q", value: "nobody" }] },
    { name: "live", log: HERE },
    { name: "person", log: PERSON },
    { name: "person-access", log: [...HERE, open("person", "officer-0430")] },
    { name: "person-new", log: [...HERE, { t: "ui.fresh", kind: "person" }] },
    { name: "person-mistakes", log: [...HERE, { t: "ui.fresh", kind: "person" }, { t: "ui.set", field: "slots", value: "x" }, { t: "ui.save" }] },
    { name: "person-saving", log: [...PERSON, WHY, { t: "ui.save" }] },
    { name: "person-taken", log: [...PERSON, WHY, { t: "ui.save" }, refused("call_sign_taken", "/call_sign")] },
    { name: "person-stale", log: [...PERSON, WHY, { t: "ui.save" }, refused("stale_version")] },
    { name: "person-password", log: [...PERSON, { t: "saved", did: "reset", answer: { person: { ...PEOPLE[2], version: 2 }, password: "K7MWQ-9XTRA-4HVBN-J2CDE" } }] },
    { name: "person-factors", log: [...PERSON, { t: "ui.factors" }] },
    { name: "person-identity", log: [...PERSON, { t: "provider", name: "City ID" }, { t: "ui.identity" }] },
    { name: "person-suspended", log: [...PERSON, { t: "saved", did: "suspend", answer: { person: { ...PEOPLE[2], version: 2, suspended: true }, holding: ["c1"] } }] },
    { name: "last-admin", log: [...HERE, open("person", "admin"), { ...refused("last_admin") }] },
    { name: "supervisor", log: [{ t: "signed", signed: { role: "supervisor", name: "supervisor:1" } }, LOADED, open("person", "officer-0417")] },
    { name: "stations", log: [...HERE, tab("stations")] },
    { name: "station", log: [...HERE, tab("stations"), open("station", "xw-2")] },
    { name: "station-circle", log: [...HERE, tab("stations"), open("station", "xw-2"), refused("falls_in_a_circle", "/falls_to")] },
    { name: "areas", log: [...HERE, tab("areas")] },
    { name: "areas-checking", log: LOOKED },
    { name: "areas-report", log: [...LOOKED, { t: "checked", report: REPORT }] },
    { name: "areas-whole", log: [...LOOKED, { t: "checked", report: { ...REPORT, repaired: [], overlaps: [], gaps: [] } }, { t: "ui.reason", value: "New map." }] },
    { name: "areas-refused", log: [...LOOKED, { t: "file_refused", refused: { code: "areas_refused", did: "import", errors: [{ feature: "Crooked", detail: "Crooked is a Point, and an area is a polygon." }] } }] },
    { name: "areas-imported", log: [...LOOKED, { t: "checked", report: REPORT }, { t: "imported", report: { ...REPORT, applied: true, after: [] } }] },
    { name: "categories", log: [...HERE, tab("categories")] },
    { name: "category", log: [...HERE, tab("categories"), open("category", "dispute")] },
    { name: "policies", log: POLICIES },
    { name: "policies-not-measured", log: [...HERE, tab("policies"), { t: "simulated", found: null }, { t: "figures", found: { whole: { cases: 0 }, groups: [] } }] },
    { name: "policy", log: [...POLICIES, open("policy", "dispute")] },
    { name: "policy-put-in", log: [...POLICIES, open("policy", "bicycle"), { t: "ui.policy", name: "three_rings" }, { t: "ui.hour", hour: 3 }] },
    { name: "policy-saved", log: [...POLICIES, open("policy", "bicycle"), { t: "saved", did: "save", answer: { category: { ...TOWN.categories[0], version: 2, window_ms: 45_000 } } }] },
    { name: "changes", log: [...HERE, tab("changes"), { t: "changes", changes: CHANGES, more: true }] },
    { name: "changes-none", log: [...HERE, tab("changes")] },
    { name: "audit-loading", log: AUDITED },
    { name: "audit", log: [...AUDITED, ENTRIES] },
    { name: "audit-account", log: [...AUDITED, { t: "ui.audit", chain: "account:0b6f7f0e-0000-4000-8000-000000000002" }, { t: "audit", page: { chain: "account:0b6f7f0e-0000-4000-8000-000000000002", more: false, people: [], entries: [] } }] },
    { name: "audit-refused", log: [...AUDITED, { t: "audit_refused", chain: "town", refused: { code: "store_away" } }] },
    ...accountStates(HERE),
    { name: "reconnecting", log: [...HERE, { t: "line", line: "reconnecting" }, at(12)] },
    { name: "refused", log: [...HERE, REVOKED] },
  ],
};
