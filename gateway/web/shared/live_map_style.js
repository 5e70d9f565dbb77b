/** What the live map is made of, pure: colours, layers, features, the zoom that shows as much as the plain map does. */

import { ALARM } from "./map.js";
import { inside } from "./names.js";

/**
 * @typedef {import("./map.js").Camera} Camera
 * @typedef {import("./map.js").Mark} Mark
 * @typedef {import("./places.js").Area} Area
 * @typedef {{type: "Feature", id?: number, properties: Record<string, any>, geometry: any}} Feature
 * @typedef {{type: "FeatureCollection", features: Feature[]}} Features
 * @typedef {{ground: string, land: string, land_line: string, accent: string, accent_soft: string, amber: string, green: string, red: string,
 *   ink: string, quiet: string, surface: string, water: string, alarm: string}} Colours
 */

/** Metres of a pixel at zoom 0 on the equator, tiles of 512 pixels. */
const METRES_A_PIXEL = 40_075_016.686 / 512;
const METRES_A_DEGREE = 111_320;
const CIRCLE_CORNERS = 48;
const rad = (/** @type {number} */ degrees) => (degrees * Math.PI) / 180;

/** The zoom at which a picture of so many pixels shows what the plain map shows. @param {Camera} camera @param {number} ratio @param {number} wide_px @param {number} high_px */
export function zoomFor(camera, ratio, wide_px, high_px) {
  const a_pixel_m = Math.max(camera.wide_m / wide_px, (camera.wide_m * ratio) / high_px);
  return Math.log2((METRES_A_PIXEL * Math.cos(rad(camera.lat))) / a_pixel_m);
}

/** The camera of the plain map that shows what the live one shows. @param {{lat: number, lng: number}} centre @param {number} zoom @param {number} ratio @param {number} wide_px @param {number} high_px @returns {Camera} */
export function cameraOf(centre, zoom, ratio, wide_px, high_px) {
  const a_pixel_m = (METRES_A_PIXEL * Math.cos(rad(centre.lat))) / 2 ** zoom;
  return { lat: centre.lat, lon: centre.lng, wide_m: a_pixel_m * Math.min(wide_px, high_px / ratio) };
}

/** A circle of true metres as a ring of [lon, lat]. @param {{lat: number, lon: number}} at @param {number} radius_m */
export function circle(at, radius_m) {
  const ring = Array.from({ length: CIRCLE_CORNERS }, (_none, corner) => {
    const angle = (2 * Math.PI * corner) / CIRCLE_CORNERS;
    return [at.lon + (Math.cos(angle) * radius_m) / (METRES_A_DEGREE * Math.cos(rad(at.lat))), at.lat + (Math.sin(angle) * radius_m) / METRES_A_DEGREE];
  });
  return [...ring, ring[0]];
}

/** @param {Feature[]} features @returns {Features} */
export const collection = (features) => ({ type: "FeatureCollection", features });

/** Outlines. @param {Area[]} areas @param {string | null | undefined} mine */
export const areaFeatures = (areas, mine) =>
  collection(areas.map((area) => ({
    type: "Feature",
    properties: { kind: area.kind, mine: area.id === mine },
    // Rings come flat, outer ones and holes alike: even-odd is what a polygon of several rings means when each is its own.
    geometry: area.rings.length === 1 ? { type: "Polygon", coordinates: area.rings } : { type: "MultiPolygon", coordinates: polygons(area.rings) },
  })));

/** Rings grouped into polygons: one that lies inside an earlier one is its hole. @param {number[][][]} rings */
export function polygons(rings) {
  /** @type {number[][][][]} */
  const found = [];
  for (const ring of rings) {
    const outer = found.find(([first]) => inside(ring[0], first));
    if (outer) outer.push(ring);
    else found.push([ring]);
  }
  return found;
}

/** The circle in which the true point lies, for every mark that says so. @param {Mark[]} marks */
export const haloFeatures = (marks) =>
  collection(marks.filter((mark) => mark.within_m).map((mark) => ({
    type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [circle(mark, mark.within_m ?? 0)] },
  })));

/** The names of areas, each as a point where it stands. @param {(import("./names.js").Name & {lon: number, lat: number})[]} names */
export const nameFeatures = (names) =>
  collection(names.map(({ lines, size, kind, mine, lon, lat }) => ({
    type: "Feature", properties: { text: lines.join("\n"), size, loud: mine || kind === "station" }, geometry: { type: "Point", coordinates: [lon, lat] },
  })));

/** Points, each with the name of its picture; `at` is its place in `marks`. What is open, then pins, are drawn last. @param {Mark[]} marks */
export const markFeatures = (marks) =>
  collection(marks.map((mark, at) => ({
    type: "Feature",
    properties: { at, picture: pictureOf(mark), sign: mark.sign ?? "", alarm: mark.alarm === true, rank: mark.alarm ? 4 : mark.kind === "pin" ? 3 : mark.open ? 2 : mark.kind === "unit" ? 1 : 0 },
    geometry: { type: "Point", coordinates: [mark.lon, mark.lat] },
  })));

/** @param {Mark} mark */
export function pictureOf(mark) {
  if (mark.kind === "pin") return "pin";
  if (mark.kind === "unit") return mark.alarm ? "unit-alarm" : mark.busy ? "unit-busy" : "unit";
  return `case-${["blue", "amber", "green"].includes(mark.colour ?? "") ? mark.colour : "quiet"}${mark.open ? "-open" : ""}`;
}

/** Every picture by name: its path round the middle of 40 x 40, its colour, how far the line round it reaches. @param {Colours} colours @returns {Record<string, {path: string, fill: string, line: string, wide: number}>} */
export function pictures(colours) {
  const dot = "M8 0A8 8 0 1 1-8 0A8 8 0 1 1 8 0Z";
  const shapes = { blue: "M0-8 8 0 0 8-8 0Z", amber: "M0-9 9-1V8H-9V-1Z", green: "M-7-7H7V7H-7Z", quiet: "M0-8 8 0 0 8-8 0Z" };
  const fills = { blue: colours.accent, amber: colours.amber, green: colours.green, quiet: colours.quiet };
  const cases = /** @type {(keyof typeof shapes)[]} */ (Object.keys(shapes)).flatMap((name) => [
    [`case-${name}`, { path: shapes[name], fill: fills[name], line: colours.surface, wide: 2 }],
    [`case-${name}-open`, { path: shapes[name], fill: fills[name], line: colours.ink, wide: 4 }],
  ]);
  return {
    unit: { path: dot, fill: colours.accent, line: colours.surface, wide: 2 },
    // A ring, so that a busy officer differs by shape too.
    "unit-busy": { path: "M5 0A5 5 0 1 1-5 0A5 5 0 1 1 5 0Z", fill: colours.surface, line: colours.amber, wide: 5 },
    "unit-alarm": { path: ALARM, fill: colours.alarm, line: colours.ink, wide: 3 },
    pin: { path: "M0 0C-3-8-10-12-10-19A10 10 0 0 1 10-19C10-12 3-8 0 0Z", fill: colours.red, line: colours.surface, wide: 2 },
    ...Object.fromEntries(cases),
  };
}

const EMPTY = { type: "geojson", data: collection([]) };
const FONT = ["sans-serif"]; // drawn by the browser itself: no fonts are fetched

/** Our own layers, over whatever lies beneath. @param {Colours} c */
export function ownLayers(c) {
  const halo = { "text-color": c.ink, "text-halo-color": c.surface, "text-halo-width": 1.5 };
  /** @param {string} kind */
  const of = (kind) => ["==", ["get", "kind"], kind];
  return [
    { id: "areas", type: "fill", source: "areas", filter: of("station"), paint: { "fill-color": c.land, "fill-opacity": 0.55 } },
    { id: "mine", type: "fill", source: "areas", filter: ["get", "mine"], paint: { "fill-color": c.accent_soft, "fill-opacity": 0.6 } },
    { id: "beats", type: "line", source: "areas", filter: of("beat"), paint: { "line-color": ["case", ["get", "mine"], c.accent, c.land_line], "line-width": ["case", ["get", "mine"], 2, 1], "line-dasharray": [3, 3] } },
    { id: "area-lines", type: "line", source: "areas", filter: of("station"), paint: { "line-color": c.land_line, "line-width": 1.5 } },
    { id: "halos", type: "fill", source: "halos", paint: { "fill-color": c.accent, "fill-opacity": 0.16 } },
    // Where each stands is reckoned by `names.js`: here nothing is moved, broken or left out again.
    { id: "names", type: "symbol", source: "names",
      layout: { "text-field": ["get", "text"], "text-font": FONT, "text-size": ["get", "size"], "text-max-width": 60, "text-allow-overlap": true, "text-ignore-placement": true },
      paint: { ...halo, "text-color": ["case", ["get", "loud"], c.ink, c.quiet] } },
    { id: "marks", type: "symbol", source: "marks",
      layout: { "icon-image": ["get", "picture"], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["get", "rank"],
        "text-field": ["get", "sign"], "text-font": FONT, "text-size": 12, "text-anchor": "left", "text-optional": true,
        "text-offset": ["case", ["get", "alarm"], ["literal", [1.5, 0]], ["literal", [1, 0]]] },
      paint: halo },
  ];
}

/** Our sources, empty. */
export const ownSources = () => ({ areas: { ...EMPTY }, halos: { ...EMPTY }, names: { ...EMPTY }, marks: { ...EMPTY } });
