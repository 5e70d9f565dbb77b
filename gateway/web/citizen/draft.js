/** What the reporter has written so far: the part of the citizen's state before a report is sent. Pure. */

import { cameraForAreas, drawn, meant, nudged, zoomed } from "../shared/map.js";
import { fromWgs84, toWgs84 } from "../shared/datum.js";
import { pointFrom } from "../shared/places.js";

/**
 * @typedef {import("../shared/places.js").Point} Point
 * @typedef {import("../shared/places.js").Area} Area
 * @typedef {import("../shared/places.js").Category} Category
 * @typedef {import("../shared/wire.js").Question} Question
 * @typedef {{emergency: boolean, because?: {rule: string, zh: string, en: string}[], call?: string | null, say?: any, late: boolean}} Advice
 *   `late`: about what was said in the talk, when the report had been sent
 * @typedef {Record<string, import("../shared/wire.js").Reply>} Answers by id of a question
 * @typedef {typeof EMPTY} Draft
 * @typedef {import("./reducer.js").State} State
 */

export const RATIO = 0.7;
export const LARGE = 6; // categories that stand there at once; the others behind "more"
const WORDS_CHARS_MAX = 2_000;

export const EMPTY = {
  category: "", words: "", pin: /** @type {Point | null} */ (null), accuracy_m: /** @type {number | null} */ (null), place_source: "pin", typed: "",
  answers: /** @type {Answers} */ ({}), // id of a question -> "yes"; nothing stands for "not said"
  how: "nameless", // nameless, number
  number: "",
  name: "", // as they wish, with a confirmed number only
  phone: /** @type {string | null} */ (null), // of a number that a code has confirmed
};

export const DRAFT = {
  draft: EMPTY,
  datum: "wgs84", // of coordinates that are typed or handed over; everything inside is WGS-84
  questions: /** @type {Question[]} */ ([]),
  more: false, // all categories stand there
  wrong: /** @type {Record<string, string>} */ ({}), // field -> key of the sentence
  locating: false,
  located_wrong: false,
  areas: /** @type {Area[]} */ ([]),
  categories: /** @type {Category[]} */ ([]),
  places: false, // areas and categories were asked for and answered
  camera: /** @type {import("../shared/map.js").Camera | null} */ (null),
  advice: /** @type {Advice | null} */ (null), // it sounds like an emergency, and the reporter has not answered that yet
  over: /** @type {string[]} */ ([]), // rules of which the reporter has said: no emergency; "told" with any of them
};

/** What is missing from the draft: field -> key of a sentence. @param {Draft} draft */
export function wrongOf(draft) {
  /** @type {Record<string, string>} */
  const wrong = {};
  if (!draft.pin) wrong.place = "citizen.wrong.place";
  if (!draft.category) wrong.category = "citizen.wrong.category";
  if (!draft.words.trim()) wrong.words = "citizen.wrong.words";
  if (draft.words.length > WORDS_CHARS_MAX) wrong.words = "citizen.wrong.words_long";
  if (draft.how === "number" && !draft.phone) wrong.number = "citizen.wrong.number";
  return wrong;
}

/** The body of POST /v1/reports. `advised`: the reporter was told to call and goes on all the same. @param {Draft} draft */
export function reportOf(draft, advised = false) {
  const { category, words, pin, accuracy_m, place_source, answers } = draft; // called with a pin: wrongOf asks for one
  /** @type {import("../shared/wire.js").Report} */
  const body = /** @type {any} */ ({ category, words: words.trim(), lat: pin?.lat, lon: pin?.lon, accuracy_m, place_source });
  if (Object.keys(answers).length) body.answers = answers;
  if (draft.how === "number" && draft.phone) {
    body.phone = draft.phone;
    if (draft.name.trim()) body.name = draft.name.trim();
  }
  return advised ? { ...body, advised } : body;
}

/** What POST /v1/advice is asked about a draft; null while there is nothing to ask about. @param {Draft} draft */
export function adviceAsked(draft) {
  const words = draft.words.trim().slice(0, WORDS_CHARS_MAX);
  if (!words && !draft.category && !Object.keys(draft.answers).length) return null;
  return { category: draft.category || null, words, answers: draft.answers };
}

/** Is there anything that would be lost? @param {Draft} draft */
export const begun = (draft) => Boolean(draft.pin || draft.category || draft.words || draft.number);

/** @param {State} state @param {any} m */
export function reduceDraft(state, m) {
  switch (m.t) {
    case "places":
      return { ...state, places: true, areas: m.areas, categories: m.categories, camera: state.camera ?? cameraForAreas(m.areas, RATIO) };
    case "questions":
      return { ...state, questions: m.questions };
    case "begin":
      return begin(state, m);
    case "draft":
      return { ...state, draft: { ...state.draft, ...m.draft } };
    case "located": {
      const seen = { ...state, locating: false, located_wrong: false, camera: { lat: m.lat, lon: m.lon, wide_m: 800 } };
      return pinned(seen, m, m.accuracy_m, "gps");
    }
    case "not_located":
      return { ...state, locating: false, located_wrong: true };
    case "advice":
      return advised(state, m.advice, m.late ?? false);
    case "ui.go_on":
      return state.advice ? { ...state, advice: null, refused: null, over: [...new Set([...state.over, "told", ...rulesOf(state.advice)])] } : state;
    case "ui.typed":
      return typed(state, m);
    case "ui.answer":
      return { ...state, draft: { ...state.draft, answers: toggled(state.draft.answers, m.id) } };
    case "ui.more":
      return { ...state, more: true };
    case "ui.locate":
      return { ...state, locating: true, located_wrong: false };
    case "ui.map":
      return state.camera ? pinned(state, meant(state.camera, m), null, "pin") : state;
    case "ui.camera":
      return { ...state, camera: m.camera };
    case "ui.map_key":
      return moved(state, m.did);
    case "ui.zoom":
      return state.camera ? { ...state, camera: closer(state, m.did) } : state;
    case "ui.report":
      return { ...state, wrong: wrongOf(state.draft) };
    default:
      return state;
  }
}

/** @param {Advice} advice */
export const rulesOf = (advice) => (advice.because ?? []).map((one) => one.rule);

/** An emergency stops the form until it is answered; one that was answered is not asked about again. @param {State} state @param {Advice | null} advice @param {boolean} late */
function advised(state, advice, late) {
  if (!advice?.emergency) return state.advice && !state.advice.late && !late ? { ...state, advice: null } : state;
  const fresh = rulesOf(advice).some((rule) => !state.over.includes(rule));
  return fresh || !rulesOf(advice).length ? { ...state, advice: { ...advice, late } } : state;
}

/** How the page was opened: another datum, a place that an app around it hands over. @param {State} state @param {any} m */
function begin(state, m) {
  const next = { ...state, datum: m.datum ?? state.datum };
  if (!m.at) return next;
  const point = toWgs84(m.at, next.datum);
  return pinned({ ...next, camera: { ...point, wide_m: 800 } }, point, m.accuracy_m ?? null, m.accuracy_m ? "gps" : "pin");
}

/** @param {Draft["answers"]} answers @param {string} id @returns {Draft["answers"]} */
function toggled(answers, id) {
  const { [id]: said, ...others } = answers;
  return said ? others : { ...others, [id]: "yes" };
}

/** @param {State} state @param {{field: string, value: any, [more: string]: any}} m @returns {State} */
function typed(state, { field, value }) {
  const wrong = { ...state.wrong };
  delete wrong[field === "typed" ? "place" : field === "how" ? "number" : field];
  const next = { ...state, wrong, refused: null, draft: { ...state.draft, [field]: value } };
  if (field !== "typed") return next;
  const point = pointFrom(value);
  if (!point) return next;
  const there = toWgs84(point, state.datum);
  const put = pinned(next, there, null, "pin");
  return { ...put, draft: { ...put.draft, typed: value }, camera: { ...there, wide_m: Math.min(state.camera?.wide_m ?? 1600, 1600) } };
}

/** @param {State} state @param {Point} point @param {number | null} accuracy_m @param {string} place_source @returns {State} */
function pinned(state, { lat, lon }, accuracy_m, place_source) {
  const wrong = { ...state.wrong };
  delete wrong.place;
  const pin = { lat: Number(lat.toFixed(6)), lon: Number(lon.toFixed(6)) };
  const shown = fromWgs84(pin, state.datum);
  const text = `${Number(shown.lat.toFixed(6))}, ${Number(shown.lon.toFixed(6))}`;
  return { ...state, wrong, located_wrong: false, draft: { ...state.draft, pin, accuracy_m, place_source, typed: text } };
}

/** The first arrow key puts the pin into the middle; later ones move it, and the picture follows at its edge. @param {State} state @param {string} did */
function moved(state, did) {
  const { camera, draft } = state;
  if (!camera) return state;
  const next = pinned(state, draft.pin ? nudged(camera, draft.pin, did) : camera, null, "pin");
  const at = drawn(camera, /** @type {Point} */ (next.draft.pin));
  const out = Math.abs(at.x) > camera.wide_m * 0.45 || Math.abs(at.y) > camera.wide_m * RATIO * 0.45;
  return out ? { ...next, camera: { ...camera, ...next.draft.pin } } : next;
}

/** Zooming in goes to the pin, where there is one. @param {State} state @param {string} did */
function closer(state, did) {
  const camera = zoomed(/** @type {import("../shared/map.js").Camera} */ (state.camera), did);
  return did === "in" && state.draft.pin ? { ...camera, ...state.draft.pin } : camera;
}
