import assert from "node:assert/strict";
import { test } from "node:test";

import { map } from "../../gateway/web/shared/live_map.js";
import { kindOf, plainWords, under } from "../../gateway/web/shared/live_map_base.js";
import { cameraOf, circle, haloFeatures, markFeatures, ownLayers, ownSources, pictureOf, pictures, polygons, zoomFor } from "../../gateway/web/shared/live_map_style.js";
import { metresBetween } from "../../gateway/web/shared/places.js";
import { started } from "../../gateway/web/shared/trusted.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes } from "./trees.mjs";

const CAMERA = { lat: 32.06, lon: 118.79, wide_m: 2_000 };
const COLOURS = Object.fromEntries(["ground", "land", "land_line", "accent", "accent_soft", "amber", "green", "red", "ink", "quiet", "surface", "water", "alarm"].map((name) => [name, `#${name}`]));
const MARKS = [
  { key: "pin", kind: "pin", lat: 32.06, lon: 118.79, within_m: 20 },
  { key: "o", kind: "unit", lat: 32.07, lon: 118.8, sign: "0417", busy: true },
  { key: "c", kind: "case", lat: 32.05, lon: 118.78, colour: "amber", open: true, press: { t: "ui.open", case: "c" } },
];

test("the live map shows as much as the plain one, and tells it back", () => {
  for (const [wide_px, high_px, ratio] of [[600, 420, 0.7], [390, 800, 0.7], [900, 300, 0.6]]) {
    const zoom = zoomFor(CAMERA, ratio, wide_px, high_px);
    const back = cameraOf({ lat: CAMERA.lat, lng: CAMERA.lon }, zoom, ratio, wide_px, high_px);
    assert.ok(Math.abs(back.wide_m - CAMERA.wide_m) < 0.01, `${wide_px} x ${high_px}: ${back.wide_m}`);
    const a_pixel_m = (40_075_016.686 / 512) * Math.cos((CAMERA.lat * Math.PI) / 180) / 2 ** zoom;
    assert.ok(a_pixel_m * wide_px >= CAMERA.wide_m - 0.01 && a_pixel_m * high_px >= CAMERA.wide_m * ratio - 0.01, "all of it fits");
  }
});

test("the circle of a doubtful place is as wide as it says, in metres", () => {
  const ring = circle(CAMERA, 71);
  assert.deepEqual(ring[0], ring.at(-1));
  for (const [lon, lat] of ring) assert.ok(Math.abs(metresBetween(CAMERA, { lat, lon }) - 71) < 0.5);
  assert.equal(haloFeatures(MARKS).features.length, 1);
});

test("rings that lie inside another are its holes, others are polygons of their own", () => {
  const square = (west, south, size) => [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]];
  const found = polygons([square(0, 0, 10), square(2, 2, 1), square(20, 0, 5)]);
  assert.deepEqual(found.map((one) => one.length), [2, 1]);
});

test("every mark has a picture that is drawn, and what is open lies above", () => {
  const drawn = pictures(COLOURS);
  for (const mark of [...MARKS, { kind: "unit" }, { kind: "unit", alarm: true }, { kind: "case" }, { kind: "case", colour: "green" }]) assert.ok(pictureOf(mark) in drawn, pictureOf(mark));
  const ranks = markFeatures(MARKS).features.map((one) => one.properties.rank);
  assert.ok(ranks[0] > ranks[2] && ranks[2] > ranks[1]);
  assert.equal(new Set(Object.values(drawn).map((one) => one.path + one.fill + one.line)).size, Object.keys(drawn).length);
});

test("our layers draw from our sources only", () => {
  for (const layer of ownLayers(COLOURS)) assert.ok(layer.source in ownSources(), layer.id);
});

test("what the operator set is taken for what it is", () => {
  const kinds = { "": "none", "/a/city.pmtiles": "pmtiles", "https://t.example/a.pmtiles?key=1": "pmtiles", "https://t.example/style.json": "style",
    "https://t.example/{z}/{x}/{y}.png": "raster", "https://t.example/{z}/{x}/{y}.pbf": "vector", "https://t.example/{z}/{x}/{y}.mvt?k=1": "vector", "https://t.example/{z}/{x}/{y}": "raster" };
  for (const [tiles, kind] of Object.entries(kinds)) assert.equal(kindOf(tiles), kind, tiles);
});

test("what lies under never hides what is ours: its layers have names of their own", () => {
  const ours = new Set(ownLayers(COLOURS).map((one) => one.id));
  for (const tiles of ["https://t.example/{z}/{x}/{y}.png", "https://t.example/{z}/{x}/{y}.pbf", "/a.pmtiles"]) {
    const { sources, layers } = under({ tiles, attribution: "" }, COLOURS, "zh-CN", "vector");
    assert.deepEqual(Object.keys(sources), ["base"]);
    assert.ok(layers.length && layers.every((one) => one.id.startsWith("base") && !ours.has(one.id)));
    assert.equal(new Set(layers.map((one) => one.id)).size, layers.length);
  }
});

test("thanks are words and never marks", () => {
  assert.equal(plainWords('<a href="https://t.example">&copy; T</a> <script>x</script>'), "© T x");
});

test("the tree of a live map holds the plain one until it is drawn, and the same buttons", () => {
  const words = wordsOf("en", {});
  const tree = map({ camera: CAMERA, ratio: 0.7, areas: [], marks: MARKS, label: "Map", words });
  const [live] = nodes(tree, (attrs) => attrs.live);
  assert.equal(live.attrs.live.instead().tag, "svg");
  assert.deepEqual(live.attrs.live.shell().attrs.viewBox, live.attrs.live.instead().attrs.viewBox, "the same room");
  assert.equal(nodes(tree, (attrs) => attrs.onclick?.t === "ui.zoom").length, 2);
  const none = map({ camera: null, ratio: 0.7, areas: [], marks: [], label: "Map", words });
  assert.equal(nodes(none, (attrs) => attrs.live).length, 0);
});

test("only scripts of the list are started by address", () => {
  const here = "https://onbeat.example/officer";
  const worker = "/static/vendor/maplibre-gl/maplibre-gl-worker.mjs";
  assert.equal(started(worker, here), `https://onbeat.example${worker}`);
  for (const wrong of [`https://evil.example${worker}`, "/static/shared/dom.js", `blob:https://onbeat.example/1`, "data:text/javascript,1", `${worker}/../x`]) {
    assert.throws(() => started(wrong, here), TypeError, wrong);
  }
});
