/** The admin's page: (state, message) -> state. Pure: the clock, the network and the service speak through messages. */

import { AUDIT, reduceAudit } from "../shared/audit.js";
import { cameraForAreas, zoomed } from "../shared/map.js";
import { SIGN_IN, reduceSignIn } from "../shared/sign_in.js";
import { SHARED, reduceShared } from "../shared/store.js";
import { draftOf, mistakesOf } from "./fields.js";

export const RATIO = 0.72;
export const TABS = ["people", "stations", "areas", "categories", "policies", "changes", "audit"];
/** A supervisor reads cases and no accounts: no audit on this page. @param {any} state */
export const tabsOf = (state) => TABS.filter((tab) => tab !== "audit" || state.signed?.role === "admin");
/** Which tab shows a kind of rows. */
const HOME = /** @type {Record<string, string>} */ ({ person: "people", station: "stations", category: "categories", policy: "policies" });

/** @typedef {{kind: string, id: string | null, version?: number, draft: import("./fields.js").Draft, mistakes: Record<string, string>, reset: string, factors: string, identity: string, subject: string, out: string}} Opened
 *   `reset`, `factors`, `out`: why the password is made anew, why second factors are forgotten, why somebody is linked
 *   to `subject` at the identity provider, why suspended or let in. */
/** @typedef {{code?: string, detail?: string, pointer?: string, errors?: any[], did: string}} Refusal */
/** @typedef {{kind: string, name: string, size: number, busy: string | null, report: any, refused: Refusal | null, reason: string, chosen: string | null}} Upload */

/** @type {Upload} */
export const NO_FILE = { kind: "station", name: "", size: 0, busy: null, report: null, refused: null, reason: "", chosen: null };

export const FIRST = {
  ...SHARED,
  ...SIGN_IN,
  ...AUDIT,
  tab: "people",
  town: /** @type {any} */ (null),
  people: /** @type {any[]} */ ([]),
  more: false,
  find: { q: "", role: "", station: "" },
  opened: /** @type {Opened | null} */ (null),
  going: /** @type {string | null} */ (null), // save, reset, factors, identity, suspend: on its way
  refused: /** @type {Refusal | null} */ (null),
  told: /** @type {any} */ (null), // {did, login?, password?, holding?}
  brush: "desk_first", // the mode that a press on an hour sets
  areas: /** @type {any[]} */ ([]),
  tag: "", // of the areas, as the service said it
  camera: /** @type {any} */ (null),
  file: NO_FILE,
  changes: /** @type {any[]} */ ([]),
  older: false, // more changes than are shown
  simulated: /** @type {any} */ (undefined), // undefined: not asked yet; null: not measured
  figures: /** @type {any} */ (undefined), // the same
};

/** @typedef {typeof FIRST} State */

/** @param {any} state @param {any} m @returns {any} */
export function reduce(state, m) {
  const next = reduceAudit(reduceSignIn(reduceShared(state, m), m), m);
  if (m.t.startsWith("ui.")) return reduceUi(next, m);
  switch (m.t) {
    case "loaded":
      return { ...next, ready: true, line: "live", line_why: null, heard_ms: m.heard_ms, town: m.town ?? next.town,
        people: m.people ?? next.people, more: m.people ? m.more : next.more };
    case "more_people":
      return { ...next, people: [...next.people, ...m.people], more: m.more };
    case "areas":
      return { ...next, areas: m.areas, tag: m.tag, camera: next.camera ?? cameraForAreas(m.areas, RATIO) };
    case "changes":
      return { ...next, changes: m.after ? [...next.changes, ...m.changes] : m.changes, older: m.more };
    case "simulated":
      return { ...next, simulated: m.found };
    case "figures":
      return { ...next, figures: m.found };
    case "saved":
      return saved(next, m);
    case "refused":
      return { ...next, going: null, refused: m.refused };
    case "file":
      return { ...next, file: { ...next.file, name: m.name, size: m.size, busy: "check", report: null, refused: null, chosen: null } };
    case "checked":
      return { ...next, file: { ...next.file, busy: null, report: m.report, refused: null, chosen: firstOf(m.report) } };
    case "imported":
      return { ...next, file: { ...NO_FILE, kind: next.file.kind, report: m.report }, told: { did: "import", n: m.report.areas } };
    case "file_refused":
      return { ...next, file: { ...next.file, busy: null, report: null, refused: m.refused } };
    default:
      return next;
  }
}

/** @param {any} state @param {any} m */
function reduceUi(state, m) {
  switch (m.t) {
    case "ui.sign_out":
      return { ...FIRST, now_ms: state.now_ms };
    case "ui.tab":
      return { ...state, tab: m.tab, opened: null, refused: null, told: null };
    case "ui.find":
      return { ...state, find: { ...state.find, [m.field]: m.value } };
    case "ui.open":
      return opened(state, m.kind, m.id);
    case "ui.fresh":
      return { ...state, tab: HOME[m.kind], refused: null, told: null, opened: { kind: m.kind, id: null, draft: draftOf(m.kind, null), mistakes: {}, reset: "", factors: "", identity: "", subject: "", out: "" } };
    case "ui.again":
      return state.opened ? opened(state, state.opened.kind, state.opened.id) : state;
    case "ui.shut":
      return { ...state, opened: null, refused: null };
    case "ui.heard":
      return { ...state, told: null };
    case "ui.set":
      return drafted(state, { [m.field]: m.value }, m.field);
    case "ui.toggle":
      return drafted(state, { [m.field]: !state.opened?.draft[m.field] }, m.field);
    case "ui.brush":
      return { ...state, brush: m.value };
    case "ui.hour":
      return drafted(state, { hours: painted(state.opened?.draft.hours ?? {}, m.hour, state.brush) }, "hours");
    case "ui.policy": // one that was simulated, put into the form; nothing is sent
      return drafted(state, offered(state.simulated?.asked?.policies?.[m.name]), null);
    case "ui.why":
      return state.opened ? { ...state, opened: { ...state.opened, [m.field]: m.value }, refused: null } : state;
    case "ui.save":
      return saving(state);
    case "ui.reset":
      return going(state, "reset", "reset");
    case "ui.factors":
      return going(state, "factors", "factors");
    case "ui.identity":
      return going(state, "identity", "identity");
    case "ui.suspend":
      return going(state, "suspend", "out");
    case "ui.kind":
      return { ...state, file: { ...NO_FILE, kind: m.value } };
    case "ui.reason":
      return { ...state, file: { ...state.file, reason: m.value } };
    case "ui.import":
      return state.file.report && !state.file.report.applied && state.file.reason.trim() && !state.file.busy
        ? { ...state, file: { ...state.file, busy: "import", refused: null } } : state;
    case "ui.area":
      return { ...state, file: { ...state.file, chosen: m.id } };
    case "ui.zoom":
      return state.camera ? { ...state, camera: zoomed(state.camera, m.did) } : state;
    default:
      return state;
  }
}

/** The row that a kind and an id name; null where there is none. @param {any} state @param {string} kind @param {string | null} id */
export function rowOf(state, kind, id) {
  if (id === null) return null;
  if (kind === "person") return state.people.find((/** @type {any} */ one) => one.login === id) ?? null;
  const rows = kind === "station" ? state.town?.stations : state.town?.categories;
  return rows?.find((/** @type {any} */ one) => one.id === id) ?? null;
}

/** @param {any} state @param {string} kind @param {string | null} id */
function opened(state, kind, id) {
  const row = rowOf(state, kind, id);
  if (!row) return { ...state, opened: null };
  return { ...state, refused: null, told: null, opened: { kind, id, draft: { ...draftOf(kind, row), reason: "" }, mistakes: {}, reset: "", factors: "", identity: "", subject: row.identities?.[0]?.subject ?? "", out: "", version: row.version } };
}

/** Somebody else has changed what is open since it was opened. @param {any} state */
export const overtaken = (state) => Boolean(state.opened?.version && rowOf(state, state.opened.kind, state.opened.id)?.version > state.opened.version);

/** @param {any} state @param {Record<string, any>} what @param {string | null} field */
function drafted(state, what, field) {
  if (!state.opened) return state;
  const mistakes = { ...state.opened.mistakes };
  if (field) delete mistakes[field];
  const draft = { ...state.opened.draft, ...what };
  if (field === "station") draft.beat = "";
  return { ...state, opened: { ...state.opened, draft, mistakes }, refused: null };
}

const OFFERED = ["mode", "rings_m", "wave_ms", "turn_ms", "window_ms", "head_start_ms"];

/** The part of a form that a simulated policy says. @param {any} policy as scripts/policies has it */
function offered(policy) {
  if (!policy) return {};
  const draft = draftOf("policy", { ...policy, head_start_ms: policy.head_start_s ? policy.head_start_s * 1000 : null });
  return Object.fromEntries(OFFERED.map((name) => [name, draft[name]]));
}

/** A press on an hour: the mode of the brush, or away with it. @param {Record<string, string>} hours @param {number} hour @param {string} mode */
function painted(hours, hour, mode) {
  const next = { ...hours };
  if (next[hour] === mode || mode === "") delete next[hour];
  else next[hour] = mode;
  return next;
}

/** @param {any} state */
function saving(state) {
  if (!state.opened || state.going) return state;
  const mistakes = mistakesOf(state.opened.kind, state.opened.draft);
  if (Object.keys(mistakes).length) return { ...state, opened: { ...state.opened, mistakes }, refused: null, told: null };
  return { ...state, going: "save", refused: null, told: null, opened: { ...state.opened, mistakes: {} } };
}

/** @param {any} state @param {string} what @param {"reset" | "factors" | "identity" | "out"} why */
function going(state, what, why) {
  if (!state.opened || state.going || state.opened.kind !== "person") return state;
  if (!state.opened[why].trim()) return { ...state, opened: { ...state.opened, mistakes: { ...state.opened.mistakes, [why]: "missing" } } };
  return { ...state, going: what, refused: null, told: null };
}

/** What stands now takes the place of what was known, and the form shows it. @param {any} state @param {any} m */
function saved(state, m) {
  const { person, station, category, password, holding } = m.answer;
  const put = (/** @type {any[]} */ rows, /** @type {any} */ one, /** @type {string} */ key) => {
    const at = rows.findIndex((row) => row[key] === one[key]);
    return at < 0 ? [...rows, one].sort((a, b) => (a[key] < b[key] ? -1 : 1)) : rows.map((row, i) => (i === at ? { ...row, ...one } : row));
  };
  let next = { ...state, going: null, refused: null };
  if (person) next = { ...next, people: put(state.people, person, "login") };
  if (station) next = { ...next, town: { ...state.town, stations: put(state.town.stations, station, "id") } };
  if (category) next = { ...next, town: { ...state.town, categories: put(state.town.categories, category, "id") } };
  const id = person?.login ?? station?.id ?? category?.id;
  const shown = state.opened ? opened(next, state.opened.kind, id) : next;
  return { ...shown, told: { did: m.did, id, password: password ?? null, holding: holding ?? [] } };
}

/** The area to look at first. @param {any} report */
const firstOf = (report) => report.moved[0] ?? report.added[0] ?? report.dropped[0] ?? report.repaired[0]?.id ?? null;
