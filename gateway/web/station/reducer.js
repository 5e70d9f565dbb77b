/** The desk's page: (state, message) -> state. Pure: the clock, the line and the server speak through messages. */

import { reduceAudit } from "../shared/audit.js";
import { cameraFor, cameraForAreas, meant, nudged, zoomed } from "../shared/map.js";
import { reduceSignIn } from "../shared/sign_in.js";
import { reduceShared } from "../shared/store.js";
import { reduceEntry } from "./entry.js";
import { reduceForm } from "./form.js";
import { forgotten, reduceIdentity } from "./identity.js";
import { reduceLive } from "./live.js";
import { neighbour } from "./queue.js";
import { FIRST, stationOf } from "./state.js";

export { FIRST } from "./state.js";
export const RATIO = 0.9;
export const PANELS = ["map", "figures", "handover", "stations", "help"];

/** @typedef {import("./state.js").State} State */

/** @param {State} state @param {any} m @returns {State} */
export function reduce(state, m) {
  // Nothing here counts more than seconds: between two of them the picture stays as it is.
  if (m.t === "tick" && Math.floor(m.now_ms / 1000) === Math.floor(state.now_ms / 1000)) return state;
  let next = reduceSignIn(reduceShared(state, m), m);
  if (m.wall_ms !== undefined && m.heard_ms !== undefined) next = clocked(next, m.wall_ms - m.heard_ms);
  if (m.t === "welcome" || m.t === "places") return atHome(reduceLive(next, m));
  return forgotten(reduceLive(reduceEntry(reduceForm(reduceIdentity(reduceAudit(reduceUi(next, m), m), m), m), m), m));
}

const SKEW_MS = 2_000;
/** @param {State} state @param {number} wall_off_ms @returns {State} */
const clocked = (state, wall_off_ms) => (Math.abs(state.wall_off_ms - wall_off_ms) < SKEW_MS ? state : { ...state, wall_off_ms });

/** @param {State} state @param {any} m @returns {State} */
function reduceUi(state, m) {
  switch (m.t) {
    case "ui.sign_out":
      return { ...FIRST, now_ms: state.now_ms, wall_off_ms: state.wall_off_ms, areas: state.areas, categories: state.categories, keys: state.keys, muted: state.muted };
    case "ui.open":
      return opened(state, m.case);
    case "ui.move":
      return opened(state, neighbour(state, m.by));
    case "ui.shut":
      return shut(state);
    case "ui.search":
      return { ...state, search: m.value };
    case "ui.panel":
      return { ...state, panel: state.panel === m.panel ? "map" : m.panel, pane: "middle" };
    case "ui.account":
      return { ...state, pane: "middle" };
    case "ui.pane":
      return { ...state, pane: m.pane };
    case "ui.keys":
      return { ...state, keys: !state.keys };
    case "ui.mute":
      return { ...state, muted: !state.muted };
    case "sound":
      return state.heard_sound === m.heard ? state : { ...state, heard_sound: m.heard };
    case "ui.follow":
      return m.station === stationOf(state) ? opened({ ...state, panel: "map" }, m.case ?? state.open) : followed(state, m.station, m.case ?? null);
    case "ui.zoom":
      return state.camera ? { ...state, camera: zoomed(state.camera, m.did) } : state;
    case "ui.camera": // a hand has moved the map itself
      return { ...state, camera: m.camera };
    case "ui.home":
      return { ...state, camera: homeCamera(state) ?? state.camera };
    case "ui.map":
      return state.entry && state.camera ? placed(state, meant(state.camera, m)) : state;
    case "ui.map_key":
      return state.entry && state.camera ? placed(state, nudged(state.camera, state.entry.place ?? state.camera, m.did)) : state;
    case "ui.draft":
      return state.open ? { ...state, drafts: drafted(state.drafts, state.open, m.value) } : state;
    case "ui.load":
      return { ...state, [m.what]: { ...state[/** @type {"figures" | "handover"} */ (m.what)], ...m.asks, loading: true, refused: null } };
    case "loaded":
      return { ...state, [m.what]: { ...state[/** @type {"figures" | "handover"} */ (m.what)], loading: false, at_ms: m.at_ms ?? 0, answer: m.answer ?? null, refused: m.refused ?? null } };
    default:
      return state;
  }
}

/** @param {State} state @param {{lat: number, lon: number}} at @returns {State} */
function placed(state, at) {
  if (!state.entry) return state;
  const place = { lat: Number(at.lat.toFixed(6)), lon: Number(at.lon.toFixed(6)), name: "", source: "pin" };
  return { ...state, entry: { ...state.entry, place, find: "", wrong: state.entry.wrong === "place" ? null : state.entry.wrong } };
}

/** @param {Record<string, string>} drafts @param {string} id @param {string} said */
function drafted(drafts, id, said) {
  const next = { ...drafts, [id]: said };
  if (!said) delete next[id];
  return next;
}

/** What is uppermost goes first: a form, an entry, a panel, a search, the card. @param {State} state @returns {State} */
function shut(state) {
  if (state.account) return { ...state, account: null };
  if (state.clearing) return { ...state, clearing: null };
  if (state.identity) return { ...state, identity: null };
  if (state.sheet) return { ...state, sheet: null, refused: null };
  if (state.entry) return { ...state, entry: null };
  if (state.panel !== "map") return { ...state, panel: "map" };
  if (state.search) return { ...state, search: "" };
  return { ...state, open: null, refused: null, pane: "queue" };
}

/** The station's own area fills the picture; the whole town where it has none. @param {State} state */
function homeCamera(state) {
  const own = state.areas.filter((one) => one.kind === "station" && one.station === stationOf(state));
  return cameraForAreas(own.length ? own : state.areas, RATIO);
}

/** @param {State} state @returns {State} */
const atHome = (state) => ({ ...state, camera: homeCamera(state) ?? state.camera });

/** @param {State} state @param {string} station @param {string | null} open what to show as soon as it has come @returns {State} */
function followed(state, station, open) {
  const next = { ...state, follow: station, ready: false, cases: {}, officers: {}, at: {}, talks: {}, desks: [], open, told: null, twins: null, known: null,
    sheet: null, search: "", panel: "map", handover: null, figures: null };
  return { ...next, camera: homeCamera(next) ?? state.camera };
}

/** @param {State} state @param {string | null} id @returns {State} */
function opened(state, id) {
  if (!id || !state.cases[id]) return state;
  const { place } = state.cases[id];
  const same = state.open === id;
  const nearer = cameraFor([place], RATIO, state.camera?.wide_m ?? 2_000);
  const camera = same || !state.camera || !nearer ? state.camera : { ...nearer, lat: place.lat, lon: place.lon };
  return { ...state, open: id, sheet: same ? state.sheet : null, entry: state.entry?.made ? null : state.entry, refused: same ? state.refused : null, pane: "side", camera };
}
