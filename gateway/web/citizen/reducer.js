/** The citizen's page: (state, message) -> state. Pure: the clock, the line and the server speak through messages. */

import { cameraFor, cameraForAreas, drawn, meant, nudged, zoomed } from "../shared/map.js";
import { pointFrom } from "../shared/places.js";
import { SHARED, endsAt, reduceShared } from "../shared/store.js";

export const RATIO = 0.7;
const WORDS_CHARS_MAX = 2_000;
const CLOSED = ["cleared", "withdrawn"];

export const FIRST = {
  ...SHARED,
  draft: { category: "", words: "", pin: null, accuracy_m: null, place_source: "pin", typed: "" },
  wrong: {}, // field -> key of the sentence
  locating: false,
  located_wrong: false,
  areas: [],
  categories: [],
  places: false, // areas and categories were asked for and answered
  camera: null,
  sending: "no", // no, going, waiting (the line is dead; it will be sent)
  refused: null,
  receipt: null, // shown until the reporter says it is kept
  copied: false,
  code: "",
  opening: false,
  code_refused: null,
  signed: false,
  case: null,
  movers: {},
  sure: false, // asked whether to withdraw
  withdrawing: false,
  act_refused: null,
};

/** What is missing from the draft: field -> key of a sentence. */
export function wrongOf(draft) {
  const wrong = {};
  if (!draft.pin) wrong.place = "citizen.wrong.place";
  if (!draft.category) wrong.category = "citizen.wrong.category";
  if (!draft.words.trim()) wrong.words = "citizen.wrong.words";
  if (draft.words.length > WORDS_CHARS_MAX) wrong.words = "citizen.wrong.words_long";
  return wrong;
}

/** The body of POST /v1/reports. `advised`: the reporter was told to call and pressed again. */
export function reportOf(draft, advised = false) {
  const { category, words, pin, accuracy_m, place_source } = draft;
  const body = { category, words: words.trim(), lat: pin.lat, lon: pin.lon, accuracy_m, place_source };
  return advised ? { ...body, advised } : body;
}

export function reduce(state, m) {
  const next = reduceShared(state, m);
  if (m.t.startsWith("ui.")) return reduceUi(next, m);
  switch (m.t) {
    case "places":
      return { ...next, places: true, areas: m.areas, categories: m.categories, camera: next.camera ?? cameraForAreas(m.areas, RATIO) };
    case "located":
      return pinned({ ...next, locating: false, camera: { lat: m.lat, lon: m.lon, wide_m: 800 } }, m, m.accuracy_m, "gps");
    case "not_located":
      return { ...next, locating: false, located_wrong: true };
    case "draft":
      return { ...next, draft: { ...next.draft, ...m.draft } };
    case "sending":
      return { ...next, sending: m.sending, refused: null };
    case "reported":
      return { ...next, receipt: m.receipt, copied: false };
    case "report_refused":
      return { ...next, sending: "no", refused: m.refused };
    case "signed":
      return { ...next, signed: true, sending: "no", opening: false, code: "", code_refused: null };
    case "code_refused":
      return { ...next, opening: false, sending: "no", code_refused: m.refused };
    case "snapshot":
      return m.cases?.length ? seen(next, { ...m.cases[0], heard_ms: m.heard_ms, wall_ms: m.wall_ms }) : next;
    case "case":
      return seen(next, m);
    case "moves":
      return { ...next, movers: { ...next.movers, ...Object.fromEntries(m.moved.map((one) => [one.call_sign, one])) } };
    case "result":
      if (m.act?.t !== "withdraw") return next;
      return { ...next, withdrawing: false, sure: false, act_refused: m.ok ? null : { reason: m.reason, say: m.say } };
    default:
      return next;
  }
}

function reduceUi(state, m) {
  switch (m.t) {
    case "ui.typed":
      return typed(state, m);
    case "ui.locate":
      return { ...state, locating: true, located_wrong: false };
    case "ui.map":
      return state.camera ? pinned(state, meant(state.camera, m), null, "pin") : state;
    case "ui.map_key":
      return moved(state, m.did);
    case "ui.zoom":
      return state.camera ? { ...state, camera: closer(state, m.did) } : state;
    case "ui.report":
      return { ...state, wrong: wrongOf(state.draft) };
    case "ui.kept":
      return { ...state, receipt: null };
    case "ui.copied":
      return { ...state, copied: true };
    case "ui.code":
      return { ...state, code: m.value, code_refused: null };
    case "ui.open":
      return { ...state, opening: state.code.trim() !== "", code_refused: null };
    case "ui.withdraw":
      return { ...state, sure: true, act_refused: null };
    case "ui.keep_it":
      return { ...state, sure: false };
    case "ui.withdraw_sure":
      return { ...state, withdrawing: true };
    case "ui.another":
      return { ...FIRST, now_ms: state.now_ms, areas: state.areas, categories: state.categories, places: state.places,
        camera: cameraForAreas(state.areas, RATIO) };
    default:
      return state;
  }
}

function typed(state, { field, value }) {
  const wrong = { ...state.wrong };
  delete wrong[field === "typed" ? "place" : field];
  const next = { ...state, wrong, refused: null, draft: { ...state.draft, [field]: value } };
  if (field !== "typed") return next;
  const point = pointFrom(value);
  if (!point) return next;
  const there = pinned(next, point, null, "pin");
  return { ...there, draft: { ...there.draft, typed: value }, camera: { ...point, wide_m: Math.min(state.camera?.wide_m ?? 1600, 1600) } };
}

function pinned(state, { lat, lon }, accuracy_m, place_source) {
  const wrong = { ...state.wrong };
  delete wrong.place;
  const pin = { lat: Number(lat.toFixed(6)), lon: Number(lon.toFixed(6)) };
  return { ...state, wrong, draft: { ...state.draft, pin, accuracy_m, place_source, typed: `${pin.lat}, ${pin.lon}` } };
}

/** The first arrow key puts the pin into the middle; later ones move it, and the picture follows at its edge. */
function moved(state, did) {
  const { camera, draft } = state;
  if (!camera) return state;
  const next = pinned(state, draft.pin ? nudged(camera, draft.pin, did) : camera, null, "pin");
  const at = drawn(camera, next.draft.pin);
  const out = Math.abs(at.x) > camera.wide_m * 0.45 || Math.abs(at.y) > camera.wide_m * RATIO * 0.45;
  return out ? { ...next, camera: { ...camera, ...next.draft.pin } } : next;
}

/** Zooming in goes to the pin, where there is one. */
function closer(state, did) {
  const camera = zoomed(state.camera, did);
  return did === "in" && state.draft.pin ? { ...camera, ...state.draft.pin } : camera;
}

function seen(state, m) {
  const officers = m.officers ?? [];
  const signs = new Set(officers.map((one) => one.call_sign));
  const movers = Object.fromEntries(Object.entries(state.movers).filter(([sign]) => signs.has(sign)));
  const received_wall_ms = m.wall_ms - m.received_ago_ms;
  const over = CLOSED.includes(m.status);
  return {
    ...state,
    ready: true,
    case: { ...m, officers, received_wall_ms, ends_ms: m.status === "offered" ? endsAt(m, m.heard_ms) : null },
    movers: over ? {} : movers,
    sure: state.sure && mayWithdraw(m.status),
    withdrawing: state.withdrawing && !over,
  };
}

/** The table of the service allows it before an officer is on scene. */
export const mayWithdraw = (status) => ["offered", "claimed", "en_route", "at_station"].includes(status);

/** The range of minutes of the officer who is nearest, or null: shown only from claim to arrival. */
export function etaOf(state) {
  if (!["claimed", "en_route"].includes(state.case?.status)) return null;
  const ranges = Object.values(state.movers).map((one) => one.eta_s).filter(Boolean).sort((a, b) => a[1] - b[1]);
  if (!ranges.length) return null;
  const low = Math.max(1, Math.floor(ranges[0][0] / 60));
  return { low, high: Math.max(low + 1, Math.ceil(ranges[0][1] / 60)) };
}

/** A camera for the live map: the pin and whoever comes. */
export function liveCamera(state) {
  const points = [state.draft.pin, ...Object.values(state.movers).map((one) => one.place)].filter(Boolean);
  return points.length ? cameraFor(points, RATIO) : state.camera;
}
