/**
 * A very plain map: outlines, a pin, officers, cases, drawn as SVG in metres east and south of the camera.
 * A real basemap comes later behind the same call; pages give points in degrees and hear points in degrees.
 *
 * @typedef {{lat: number, lon: number, wide_m: number}} Camera `wide_m`: metres across the picture
 * @typedef {import("./places.js").Point} Point
 * @typedef {import("./places.js").Area} Area
 * @typedef {{key: string, kind: "pin" | "unit" | "case", lat: number, lon: number, within_m?: number | null, sign?: string, busy?: boolean,
 *   alarm?: boolean, colour?: string, open?: boolean, press?: import("./dom.js").Message}} Mark `within_m`: the true point lies at most so far away
 * @typedef {{camera: Camera | null, ratio: number, areas: Area[], mine?: string | null, marks: Mark[], label: string,
 *   words: import("./words.js").Words, place?: boolean, zoom?: boolean, across_px?: number}} MapParts
 *   `mine`: the beat to show as one's own. `place`: clicks and arrow keys place a point: {t: "ui.map", x, y} and {t: "ui.map_key", did}
 */

import { h } from "./dom.js";
import { LINE, namesOn } from "./names.js";
import { boxOf, nameIn, pointsOf } from "./places.js";

const METRES_A_DEGREE = 111_320;
export const WIDE_M_MIN = 300;
export const WIDE_M_MAX = 60_000;

/**
 * A camera that shows all the points in a picture `ratio` times as high as wide. `room`: how much larger the picture is than
 * what they take; a pin at a point stands 29 pixels above it and is to be seen whole, also in a picture of 100 pixels.
 * @param {Point[]} points @param {number} ratio @returns {Camera | null}
 */
export function cameraFor(points, ratio, wide_m_min = 800, room = 1.6) {
  const box = boxOf(points);
  if (!box) return null;
  const wide_m = Math.min(WIDE_M_MAX, Math.max(wide_m_min, box.wide_m * room, (box.high_m * room) / ratio));
  return { lat: box.lat, lon: box.lon, wide_m };
}

/** A place as far as it may reach: north, south, east and west of it. @param {Point & {within_m?: number | null}} place @returns {Point[]} */
export function around({ lat, lon, within_m }) {
  const up = (within_m ?? 0) / METRES_A_DEGREE;
  const along = up / Math.cos((lat * Math.PI) / 180);
  return up ? [{ lat: lat + up, lon }, { lat: lat - up, lon }, { lat, lon: lon + along }, { lat, lon: lon - along }] : [{ lat, lon }];
}

const AREAS_ROOM = 1.2; // outlines need no pins
/** @param {Area[]} areas @param {number} ratio */
export const cameraForAreas = (areas, ratio) => cameraFor(pointsOf(areas), ratio, 800, AREAS_ROOM);

/** The next camera after a press on the map's buttons. @param {Camera} camera @param {string} did */
export function zoomed(camera, did) {
  const wide_m = did === "in" ? camera.wide_m / 2 : camera.wide_m * 2;
  return { ...camera, wide_m: Math.min(WIDE_M_MAX, Math.max(WIDE_M_MIN, wide_m)) };
}

/** @param {Camera} camera */
const eastOf = (camera) => METRES_A_DEGREE * Math.cos((camera.lat * Math.PI) / 180);

/** Degrees to the picture's metres: x east, y south of its centre. @param {Camera} camera @param {Point} point */
export const drawn = (camera, point) => ({
  x: (point.lon - camera.lon) * eastOf(camera),
  y: (camera.lat - point.lat) * METRES_A_DEGREE,
});

/** The picture's metres to degrees. @param {Camera} camera @param {{x: number, y: number}} at */
export const meant = (camera, { x, y }) => ({
  lat: camera.lat - y / METRES_A_DEGREE,
  lon: camera.lon + x / eastOf(camera),
});

/** @type {Record<string, [number, number]>} */
const PUSH = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] };
export const ARROWS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

/** A point moved by an arrow key: one thirtieth of the picture. @param {Camera} camera @param {Point} point @param {string} did */
export function nudged(camera, point, did) {
  const at = drawn(camera, point);
  const step = camera.wide_m / 30;
  return meant(camera, { x: at.x + PUSH[did][0] * step, y: at.y + PUSH[did][1] * step });
}

/** @param {MapParts} parts */
export function map({ camera, ratio, areas, mine = null, marks, label, words, place = false, zoom = true, across_px = 360 }) {
  if (!camera) return h("div", { class: "map" }, h("p", { class: "quiet column" }, words.say("map.none")));
  const { wide_m } = camera;
  const high_m = wide_m * ratio;
  const dot = wide_m / across_px; // about one pixel of the screen that it is drawn for
  return h("div", { class: "map" },
    h("svg", {
      viewBox: `${-wide_m / 2} ${-high_m / 2} ${wide_m} ${high_m}`,
      preserveAspectRatio: "xMidYMid meet",
      role: place ? "application" : "img",
      tabindex: place ? 0 : null,
      "aria-label": label,
      onclick: place ? { t: "ui.map" } : null,
      onkeydown: place ? { t: "ui.map_key", keys: ARROWS } : null,
    },
      outlines(camera, areas, mine, words),
      named({ camera, ratio, areas, mine, marks, label, words, zoom, across_px }),
      marks.map((mark) => drawMark(camera, mark, dot))),
    zoom ? h("div", { class: "zoom" },
      h("button", { type: "button", "aria-label": words.say("map.in"), onclick: { t: "ui.zoom", did: "in" } }, "+"),
      h("button", { type: "button", "aria-label": words.say("map.out"), onclick: { t: "ui.zoom", did: "out" } }, "−")) : null);
}

/** @type {WeakMap<Area[], {seen: string, trees: import("./dom.js").Tree[]}>} */
const OUTLINED = new WeakMap();

/** Outlines are the same four times a second, and thousands of corners: made once for a camera, and then the same trees. @param {Camera} camera @param {Area[]} areas @param {string | null} mine @param {import("./words.js").Words} words */
function outlines(camera, areas, mine, words) {
  const seen = `${words.lang} ${camera.lat} ${camera.lon} ${camera.wide_m} ${mine}`;
  const before = OUTLINED.get(areas);
  if (before?.seen === seen) return before.trees;
  const trees = [
    ...areas.filter((area) => area.kind === "station").map((area) => outline(camera, area, "area", words)),
    ...areas.filter((area) => area.kind === "beat").map((area) => outline(camera, area, area.id === mine ? "beat mine" : "beat", words)),
  ];
  OUTLINED.set(areas, { seen, trees });
  return trees;
}

/** @type {WeakMap<Area[], {seen: string, tree: import("./dom.js").Tree}>} */
const NAMED = new WeakMap();

/** The names of what is seen, made once for a camera and where the marks stand. @param {MapParts & {camera: Camera, across_px: number}} parts */
function named({ camera, ratio, areas, mine = null, marks, words, zoom, across_px }) {
  const dot = camera.wide_m / across_px;
  const at = (/** @type {Point} */ point) => {
    const { x, y } = drawn(camera, point);
    return { x: x / dot, y: y / dot };
  };
  const taken = marks.map((mark) => ({ ...at(mark), sign: mark.sign, still: mark.kind !== "unit" }));
  const seen = `${words.lang} ${camera.lat} ${camera.lon} ${camera.wide_m} ${mine} ${taken.map((one) => `${one.x.toFixed(0)} ${one.y.toFixed(0)} ${one.sign}`)}`;
  const before = NAMED.get(areas);
  if (before?.seen === seen) return before.tree;
  const found = namesOn(areas, ([lon, lat]) => at({ lat, lon }), { wide: across_px, high: across_px * ratio, lang: words.lang, mine, taken, buttons: zoom });
  const tree = h("g", { key: "names", "aria-hidden": "true" }, found.map((one) =>
    h("text", { key: one.key, class: `name ${one.mine ? "mine" : one.kind}`, "font-size": one.size, transform: `translate(${(one.x * dot).toFixed(1)} ${(one.y * dot).toFixed(1)}) scale(${dot.toFixed(4)})` },
      one.lines.map((line, at) => h("tspan", { x: 0, y: ((at - (one.lines.length - 1) / 2) * LINE * one.size).toFixed(1) }, line)))));
  NAMED.set(areas, { seen, tree });
  return tree;
}

/** @param {Camera} camera @param {Area} area @param {string} kind @param {import("./words.js").Words} words */
function outline(camera, area, kind, words) {
  const path = area.rings.map((ring) =>
    ring.map(([lon, lat], i) => {
      const { x, y } = drawn(camera, { lat, lon });
      return `${i ? "L" : "M"}${x.toFixed(0)} ${y.toFixed(0)}`;
    }).join("") + "Z").join("");
  return h("path", { key: `${kind}:${area.id}`, class: kind, d: path, "fill-rule": "evenodd" }, h("title", {}, nameIn(area, words)));
}

/** @type {Record<string, string>} */
const CASE_SHAPES = { blue: "M0-8 8 0 0 8-8 0Z", amber: "M0-9 9-1V8H-9V-1Z", green: "M-7-7H7V7H-7Z" };

/** An officer who calls for help: an octagon, larger than anything else. */
export const ALARM = "M-5-12H5L12-5V5L5 12H-5L-12 5V-5Z";

/** @param {Camera} camera @param {Mark} mark @param {number} dot */
function drawMark(camera, mark, dot) {
  const { x, y } = drawn(camera, mark);
  const inner = {
    pin: () => h("path", { class: "pin", d: "M0 0C-3-8-10-12-10-19A10 10 0 0 1 10-19C10-12 3-8 0 0Z" }),
    unit: () => (mark.alarm ? h("path", { class: "unit alarm", d: ALARM }) : h("circle", { class: `unit${mark.busy ? " busy" : ""}`, r: 8 })),
    case: () => h("path", { class: `case ${mark.colour ?? ""}${mark.open ? " open" : ""}`, d: CASE_SHAPES[mark.colour ?? ""] ?? CASE_SHAPES.blue }),
  }[mark.kind]();
  return h("g", { key: mark.key, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, onclick: mark.press ?? null },
    mark.within_m ? h("circle", { class: "halo", r: mark.within_m }) : null,
    h("g", { transform: `scale(${dot.toFixed(4)})` }, inner,
      mark.sign ? h("text", { class: "sign", x: mark.alarm ? 18 : 12, y: 4 }, mark.sign) : null));
}
