import assert from "node:assert/strict";
import { test } from "node:test";

import { map } from "../../gateway/web/shared/live_map.js";
import { LINE, namesOn, shortName, wideOf } from "../../gateway/web/shared/names.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const box = (west, south, east, north) => [[west, south], [east, south], [east, north], [west, north], [west, south]];
const STATION = { id: "s", kind: "station", station: "s", name: "玄武门派出所", name_en: "Xuanwumen Station", rings: [box(0, 0, 4, 2)] };
const WEST = { id: "s-1", kind: "beat", station: "s", name: "玄武门派出所1号警务区", name_en: "Xuanwumen Station, beat 1", rings: [box(0, 0, 2, 2)] };
const EAST = { id: "s-2", kind: "beat", station: "s", name: "玄武门派出所2号警务区", name_en: "Xuanwumen Station, beat 2", rings: [box(2, 0, 4, 2)] };
const AREAS = [EAST, STATION, WEST];
/** Pixels from the middle of a picture whose middle is at `lon`, `lat`. */
const seenFrom = (lon, lat, px) => ([x, y]) => ({ x: (x - lon) * px, y: (lat - y) * px });
const PICTURE = { wide: 360, high: 252, lang: "zh-CN" };

/** No name is cut by the edge, none lies on another. */
function whole(names, { wide, high }) {
  const boxes = names.map((one) => ({ ...one, text: one.lines.join(""), w: Math.max(...one.lines.map((line) => wideOf(line, one.size))), h: one.size * LINE * one.lines.length }));
  for (const one of boxes) {
    assert.ok(Math.abs(one.x) + one.w / 2 <= wide / 2 && Math.abs(one.y) + one.h / 2 <= high / 2, `${one.text} is cut`);
    for (const other of boxes) assert.ok(one === other || Math.abs(one.x - other.x) * 2 >= one.w + other.w || Math.abs(one.y - other.y) * 2 >= one.h + other.h, `${one.text} lies on ${other.text}`);
  }
}

test("every name stands whole in what is seen of its area, wherever the picture looks", () => {
  let placed = 0;
  for (const px of [60, 90, 150, 400, 1_500]) {
    for (let lon = -0.5; lon <= 4.5; lon += 0.25) {
      for (const lat of [0.1, 1, 1.9]) {
        const names = namesOn(AREAS, seenFrom(lon, lat, px), PICTURE);
        whole(names, PICTURE);
        placed += names.length;
      }
    }
  }
  assert.ok(placed > 300, `${placed}`);
});

test("a station that is cut by the edge is named in the part that is seen", () => {
  const at = seenFrom(4.1, 1, 150); // its eastern border lies just left of the middle
  const [name] = namesOn([STATION], at, PICTURE);
  assert.deepEqual(name.lines, ["玄武门派出所"]);
  assert.ok(name.x < -15 && name.x - wideOf(name.lines[0], name.size) / 2 >= -180, `${name.x}`);
  assert.deepEqual(namesOn([STATION], seenFrom(5.15, 1, 150), PICTURE), [], "a strip of a few pixels has no room for it");
  assert.deepEqual(namesOn([STATION], seenFrom(9, 1, 150), PICTURE), [], "out of sight");
});

test("one's own beat is named first, and a beat without its station's name", () => {
  const names = namesOn(AREAS, seenFrom(2, 1, 80), { ...PICTURE, mine: "s-2" });
  assert.deepEqual(names.map((one) => one.lines.join("|")), ["2号警务区", "玄武门派出所", "1号警务区"]);
  assert.equal(names[0].mine, true);
  assert.equal(shortName(WEST, STATION, "en"), "Beat 1");
  assert.equal(shortName({ ...WEST, name_en: WEST.name }, STATION, "en"), "S-1", "an id can be said aloud");
  assert.equal(shortName({ ...WEST, name_en: "Lakeside" }, STATION, "en"), "Lakeside");
});

test("a name makes room for a mark and for the buttons, and stays where it is on a crowded map", () => {
  const at = seenFrom(1, 1, 150);
  const [alone] = namesOn([WEST], at, PICTURE);
  const mark = { x: alone.x, y: alone.y, sign: "0417" };
  const [beside] = namesOn([WEST], at, { ...PICTURE, taken: [mark] });
  assert.ok(Math.abs(beside.y - alone.y) > 15, "not under the officer");
  assert.deepEqual(namesOn([WEST], at, { ...PICTURE, taken: Array(9).fill(mark) }), [alone], "whoever drives by moves no name");
  assert.deepEqual(namesOn([WEST], at, { ...PICTURE, taken: [...Array(9).fill({ ...mark, x: 900 }), { ...mark, still: true }] }), [beside], "a case that stays there does");
  const low = seenFrom(-0.2, 2.5, 150); // only the beat's corner, at the lower right
  assert.equal(namesOn([WEST], low, PICTURE).length, 1);
  assert.deepEqual(namesOn([WEST], low, { ...PICTURE, buttons: true }), []);
});

test("the plain map shows the names in the language of the page", () => {
  const camera = { lat: 1, lon: 2, wide_m: 500_000 };
  const shown = (lang) => texts(map({ camera, ratio: 0.7, areas: [STATION, WEST, EAST], marks: [], label: "Map", words: wordsOf(lang, {}), zoom: false }));
  assert.ok(shown("zh-CN").includes("1号警务区") && shown("en").includes("Beat 2"));
  const [group] = nodes(map({ camera, ratio: 0.7, areas: [STATION], marks: [], label: "Map", words: wordsOf("en", {}) }), (attrs) => attrs.key === "names");
  assert.equal(group.attrs["aria-hidden"], "true", "the picture has a name of its own");
});

test("the whole town in a small picture names its stations, in two lines where one has no room, and no beat that could be anybody's", () => {
  const town = [0, 1, 2].flatMap((nr) => [
    { ...STATION, id: `s${nr}`, station: `s${nr}`, rings: [box(nr * 4, 0, nr * 4 + 4, 4)] },
    { ...WEST, id: `b${nr}`, station: `s${nr}`, rings: [box(nr * 4, 0, nr * 4 + 4, 2)] }]);
  const names = namesOn(town, seenFrom(6, 2, 25), { ...PICTURE, lang: "en" });
  assert.deepEqual(names.filter((one) => one.kind === "station").map((one) => one.lines), Array(3).fill(["Xuanwumen", "Station"]));
  const tiny = namesOn(town, seenFrom(6, 2, 11), { ...PICTURE, lang: "en" });
  assert.deepEqual(tiny, [], "not even a beat, which would fit");
  whole(names, PICTURE);
});
