/** A clerk's entry for somebody who called, wrote or came: place, category, words, Enter. Pure. */

import { boxOf, categoryName, pointFrom, stationName } from "../shared/places.js";
import { CLOSED } from "./acts.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Entry} Entry */
/** @typedef {import("./state.js").Spot & {name: string, name_en?: string, id?: string, source: string, kind: string}} Found */

export const CHANNELS = ["telephone", "counter", "letter"];
const FOUND_SHOWN = 6;
const WORDS_MAX = 2_000;

/** @param {State} state @param {any} m @returns {State} */
export function reduceEntry(state, m) {
  const { entry } = state;
  if (m.t === "ui.entry") return { ...state, entry: entry && !entry.made ? entry : begun(entry?.channel), sheet: null, clearing: null, pane: "side", panel: "map" };
  if (!entry) return state;
  switch (m.t) {
    case "entry_key":
      return entry.key ? state : with_(state, { key: m.key });
    case "ui.entry_set":
      return with_(state, { [m.field]: m.value, wrong: null, ...(m.field === "find" ? { active: 0, place: pointed(m.value) } : {}) });
    case "ui.entry_exercise":
      return with_(state, { exercise: !entry.exercise });
    case "ui.entry_pick":
      return with_(state, { active: Math.max(0, Math.min(found(state).length - 1, entry.active + (m.by === "down" ? 1 : -1))) });
    case "ui.entry_place":
      return chosen(state, found(state)[m.at]);
    case "ui.entry_send":
      return sent(state);
    case "entry_made":
      return entry.key === m.key ? with_(state, { sending: false, made: m.made, refused: null }) : state;
    case "entry_refused":
      return entry.key === m.key ? with_(state, { sending: false, refused: m.refused, advised: m.refused.code === "emergency" }) : state;
    default:
      return state;
  }
}

/** Its key comes from the page, which alone has chance. @param {string} [channel] @returns {Entry} */
const begun = (channel = "telephone") => ({ channel, find: "", active: 0, place: null, category: "", words: "", exercise: false, advised: false, key: "", wrong: null, sending: false,
  refused: null, made: null });

/** @param {State} state @param {Partial<Entry>} changed @returns {State} */
const with_ = (state, changed) => ({ ...state, entry: { .../** @type {Entry} */ (state.entry), ...changed } });

/** Coordinates, as they are typed. @param {string} text */
function pointed(text) {
  const at = pointFrom(text);
  return at ? { ...at, name: "", source: "address" } : null;
}

/** @param {State} state @param {Found | undefined} one @returns {State} */
const chosen = (state, one) => (one ? with_(state, { place: { lat: one.lat, lon: one.lon, within_m: one.within_m, name: one.name, name_en: one.name_en, id: one.id, source: one.source }, find: one.name, wrong: null }) : state);

/**
 * What the typed text may mean: beats and stations by name, places of cases in the queue by their words.
 * @param {State} state @returns {Found[]}
 */
export function found(state) {
  const wanted = state.entry?.find.trim().toLowerCase() ?? "";
  if (!wanted || state.entry?.place) return [];
  const areas = state.areas.filter((one) => `${one.name} ${one.name_en} ${one.id}`.toLowerCase().includes(wanted)).map((one) => {
    const box = boxOf(one.rings.flat().map(([lon, lat]) => ({ lat, lon })));
    return box ? { lat: box.lat, lon: box.lon, within_m: Math.round(Math.max(box.high_m, box.wide_m) / 2), name: one.name, name_en: one.name_en, id: one.id, source: "address", kind: one.kind } : null;
  });
  const cases = Object.values(state.cases).filter((one) => !CLOSED.has(one.status) && one.words.toLowerCase().includes(wanted))
    .map((one) => ({ lat: one.place.lat, lon: one.place.lon, name: one.words.slice(0, 40), source: "address", kind: "case" }));
  return /** @type {Found[]} */ ([...cases, ...areas.filter(Boolean)]).slice(0, FOUND_SHOWN);
}

/** @param {State} state @returns {State} */
function sent(state) {
  const asked = /** @type {Entry} */ (state.entry);
  if (asked.sending || asked.made) return state;
  const list = found(state);
  const next = asked.place || !list.length ? state : chosen(state, list[asked.active]);
  const entry = /** @type {Entry} */ (next.entry);
  const wrong = !entry.place ? "place" : !entry.category ? "category" : !entry.words.trim() ? "words" : entry.words.length > WORDS_MAX ? "words_long" : null;
  return wrong ? with_(next, { wrong }) : with_(next, { sending: true, wrong: null, refused: null });
}

/** The body of POST /v1/reports. @param {Entry} entry */
export function bodyOf(entry) {
  const place = /** @type {NonNullable<Entry["place"]>} */ (entry.place);
  return { category: entry.category, words: entry.words.trim(), lat: place.lat, lon: place.lon, place_source: place.source, channel: entry.channel, exercise: entry.exercise, advised: entry.advised,
    ...(place.within_m ? { accuracy_m: place.within_m } : {}) };
}

/** In a sentence, what was entered. @param {Entry} entry @param {State} state @param {import("../shared/words.js").Words} words */
export const saidOf = (entry, state, words) => ({ category: categoryName(entry.category, state.categories, words), station: stationName(entry.made?.station ?? "", state.areas, words) });
