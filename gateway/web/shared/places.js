/**
 * Names that the service knows: stations, areas and categories, read once over HTTP; and plain geometry for drawing.
 *
 * @typedef {{lat: number, lon: number}} Point
 * @typedef {{id: string, kind: string, station: string, name: string, name_en: string, rings: number[][][]}} Area
 * @typedef {{id: string, name: string, name_en: string, open?: boolean, seats?: number, priority?: number, [more: string]: any}} Category
 * @typedef {import("./words.js").Words} Words
 */

import { call } from "./http.js";

const METRES_A_DEGREE = 111_320;
const EARTH_M = 6_371_000; // mean radius

/** Outlines as rings of [lon, lat]; holes are drawn as outlines too. @param {any} collection GeoJSON @returns {Area[]} */
export function areasOf(collection) {
  return (collection?.features ?? []).map((/** @type {any} */ feature) => {
    const { type, coordinates } = feature.geometry ?? {};
    const rings = type === "Polygon" ? coordinates : type === "MultiPolygon" ? coordinates.flat() : [];
    const told = feature.properties ?? {};
    return { id: String(told.id ?? feature.id ?? ""), kind: told.kind ?? (told.station ? "beat" : "station"), station: String(told.station ?? told.id ?? feature.id ?? ""),
      name: told.name ?? "", name_en: told.name_en ?? told.name ?? "", rings };
  });
}

/** @returns {Promise<{t: "places", areas: Area[], categories: Category[]}>} Empty lists where the service would not say. */
export async function loadPlaces() {
  const [areas, categories] = await Promise.all([
    call("GET", "/v1/areas").catch(() => null),
    call("GET", "/v1/categories").catch(() => null),
  ]);
  return { t: "places", areas: areasOf(areas), categories: categories?.categories ?? categories ?? [] };
}

/** The category's name in the language of the page; its id while the names are not there. @param {string} id @param {readonly Category[]} categories @param {Words} words @returns {string} */
export function categoryName(id, categories, words) {
  const found = categories.find((one) => one.id === id);
  if (!found) return id;
  return words.lang === "en" ? found.name_en || found.name : found.name;
}

const HAN = /\p{Script=Han}/u;

/**
 * What an area is called in the language of the page. One that has no English name is called by its id on an English page:
 * it can be said aloud, found and written down there, and no spelling is made up.
 * @param {{id: string, name?: string, name_en?: string}} one @param {{lang: string}} words @returns {string}
 */
export function nameIn(one, words) {
  if (words.lang !== "en") return one.name || one.name_en || one.id;
  const english = one.name_en || one.name || "";
  return english && !HAN.test(english) ? english : one.id;
}

/** @param {string} id @param {readonly Area[]} areas @param {Words} words @returns {string} */
export function stationName(id, areas, words) {
  const found = areas.find((one) => one.kind === "station" && one.station === id);
  if (!found) return words.has(`station.${id}`) ? words.say(`station.${id}`) : id;
  return nameIn(found, words);
}

/** Metres along the great circle; good enough to say "640 m", never to judge. @param {Point} a @param {Point} b */
export function metresBetween(a, b) {
  const rad = Math.PI / 180;
  const half = Math.sin(((b.lat - a.lat) * rad) / 2) ** 2
    + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(half));
}

/** "640 m" or "2.3 km". @param {number} metres @param {Words} words */
export function distanceSay(metres, words) {
  if (metres < 1000) return words.say("metres", { n: Math.round(metres / 10) * 10 });
  return words.say("kilometres", { n: (metres / 1000).toFixed(1) });
}

/** The smallest box around points: its middle, and how high and wide it is in metres; null around none. @param {readonly Point[]} points */
export function boxOf(points) {
  if (!points.length) return null;
  const lats = points.map((p) => p.lat);
  const lons = points.map((p) => p.lon);
  const lat = (Math.min(...lats) + Math.max(...lats)) / 2;
  const lon = (Math.min(...lons) + Math.max(...lons)) / 2;
  const high_m = (Math.max(...lats) - Math.min(...lats)) * METRES_A_DEGREE;
  const wide_m = (Math.max(...lons) - Math.min(...lons)) * METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180);
  return { lat, lon, high_m, wide_m };
}

/** @param {readonly Area[]} areas @returns {Point[]} every corner */
export const pointsOf = (areas) => areas.flatMap((area) => area.rings.flat().map(([lon, lat]) => ({ lat, lon })));

/** A point of degrees from text such as "32.0603, 118.7969"; null when it is none. @param {string | null | undefined} text @returns {Point | null} */
export function pointFrom(text) {
  const found = /^\s*(-?\d+(?:\.\d+)?)\s*[,，\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text ?? "");
  if (!found) return null;
  const [lat, lon] = [Number(found[1]), Number(found[2])];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
