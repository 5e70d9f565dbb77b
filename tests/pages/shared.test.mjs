import assert from "node:assert/strict";
import { test } from "node:test";

import { Acts, newKey } from "../../gateway/web/shared/acts.js";
import { h } from "../../gateway/web/shared/dom.js";
import { afterClose, waitBefore } from "../../gateway/web/shared/line.js";
import { cameraFor, drawn, meant, nudged } from "../../gateway/web/shared/map.js";
import { NOWHERE, advance, deaf } from "../../gateway/web/shared/offsets.js";
import { MARKS, phrases, ring, secondsLeft } from "../../gateway/web/shared/pieces.js";
import { areasOf, distanceSay, metresBetween, nameIn, pointFrom } from "../../gateway/web/shared/places.js";
import { session } from "../../gateway/web/shared/session.js";
import { surnameIn } from "../../gateway/web/shared/surnames.js";
import { languageOf, wordsOf } from "../../gateway/web/shared/words.js";

class Storage {
  kept = new Map();
  getItem = (name) => this.kept.get(name) ?? null;
  setItem = (name, value) => this.kept.set(name, value);
  removeItem = (name) => this.kept.delete(name);
}

const play = (...messages) => messages.reduce(advance, NOWHERE);
const FRESH = { t: "welcome", resumed: false, token: "T", at: { xw1: 9 } };

test("a fresh welcome is worth nothing until its snapshot has come", () => {
  assert.equal(play(FRESH).token, null);
  assert.deepEqual(play(FRESH).at, {});
  const after = play(FRESH, { t: "snapshot", at: { xw1: 9 } });
  assert.equal(after.token, "T");
  assert.deepEqual(after.at, { xw1: 9 });
});

test("the top offsets of a resumed welcome are not taken for received", () => {
  const place = play(FRESH, { t: "snapshot", at: { xw1: 9 } }, { t: "welcome", resumed: true, token: "U", at: { xw1: 40 } });
  assert.deepEqual(place.at, { xw1: 9 });
  assert.equal(place.token, "U");
});

test("of each stream the greatest offset is kept", () => {
  const place = play(FRESH, { t: "snapshot", at: { a: 3 } }, { t: "offer", stream: "a", offset: 5 },
    { t: "gone", stream: "a", offset: 4 }, { t: "past", at: { b: 2, a: 1 } });
  assert.deepEqual(place.at, { a: 5, b: 2 });
});

test("a snapshot puts the offsets back, because the records may have been restored", () => {
  const place = play(FRESH, { t: "snapshot", at: { a: 30 } }, { ...FRESH, token: "V" }, { t: "snapshot", at: { a: 2 } });
  assert.deepEqual(place.at, { a: 2 });
});

test("a beat that counts more messages than came says that some were lost", () => {
  const place = play(FRESH, { t: "snapshot", at: {} }, { t: "offer", stream: "a", offset: 1 });
  assert.equal(deaf(place, { t: "beat", sent: 1, at: {} }), false);
  assert.equal(deaf(place, { t: "beat", sent: 2, at: {} }), true);
});

test("a line of a talk, an alarm and a call for help are counted too", () => {
  for (const t of ["said", "talk", "read_to", "alarm", "help"]) {
    const place = play(FRESH, { t: "snapshot", at: {} }, { t, stream: "a", offset: 1 });
    assert.equal(deaf(place, { t: "beat", sent: 1, at: {} }), false, t);
  }
});

test("close codes from 4400 to 4499 stop, every other one comes back", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 4000, 4003, 4099]) assert.equal(afterClose(code).then, "resume", `${code}`);
  for (const code of [4400, 4401, 4402, 4404, 4499]) assert.equal(afterClose(code).then, "stop", `${code}`);
  assert.equal(afterClose(4402).why, "revoked");
});

test("the wait before coming back is fully jittered and never above ten seconds", () => {
  assert.equal(waitBefore(0, () => 1), 500);
  assert.equal(waitBefore(3, () => 1), 4_000);
  assert.equal(waitBefore(60, () => 1), 10_000);
  assert.equal(waitBefore(60, () => 0), 0);
});

test("an act is kept before it is sent, keeps its key, and goes when it is judged", () => {
  const storage = new Storage();
  const kept = new Acts(storage, "officer", () => 0).keep({ t: "claim", case: "c" });
  const reloaded = new Acts(storage, "officer", () => 60_000);
  assert.deepEqual(reloaded.all().map((one) => one.act), [kept]);
  assert.equal(reloaded.find(kept.key).t, "claim");
  assert.deepEqual(reloaded.keep(kept), kept, "kept again it is still the same act");
  assert.equal(reloaded.all().length, 1);
  reloaded.settle(kept.key);
  assert.deepEqual(reloaded.all(), []);
  assert.equal(storage.kept.size, 0);
});

test("an act of a quarter of an hour ago is not sent again", () => {
  const storage = new Storage();
  new Acts(storage, "officer", () => 0).keep({ t: "claim" });
  assert.equal(new Acts(storage, "officer", () => 15 * 60 * 1000).all().length, 0);
});

test("a key fits the wire with and without randomUUID", () => {
  for (const key of [newKey(), newKey({ getRandomValues: (bytes) => bytes.fill(7) })]) assert.match(key, /^[A-Za-z0-9_-]{22,64}$/);
});

test("a map's picture and its degrees are each other's inverse", () => {
  const camera = { lat: 32.06, lon: 118.79, wide_m: 2_000 };
  const point = { lat: 32.0612, lon: 118.7855 };
  const back = meant(camera, drawn(camera, point));
  assert.ok(metresBetween(back, point) < 0.01);
  assert.ok(nudged(camera, point, "up").lat > point.lat);
  assert.ok(nudged(camera, point, "left").lon < point.lon);
});

test("a camera holds every point it was asked to hold", () => {
  const points = [{ lat: 32.0, lon: 118.7 }, { lat: 32.1, lon: 118.75 }];
  const ratio = 0.7;
  const camera = cameraFor(points, ratio);
  for (const at of points.map((one) => drawn(camera, one))) {
    assert.ok(Math.abs(at.x) <= camera.wide_m / 2 && Math.abs(at.y) <= (camera.wide_m * ratio) / 2);
  }
});

test("a typed point is read with either comma and refused when it is none", () => {
  assert.deepEqual(pointFrom(" 32.06, 118.79 "), { lat: 32.06, lon: 118.79 });
  assert.deepEqual(pointFrom("32.06，118.79"), { lat: 32.06, lon: 118.79 });
  for (const text of ["", "32.06", "95, 118", "32, 181", "a, b", null]) assert.equal(pointFrom(text), null, `${text}`);
});

test("outlines are read from polygons and from many at once", () => {
  const ring_ = [[0, 0], [1, 0], [1, 1], [0, 0]];
  const areas = areasOf({ features: [
    { id: "s", properties: { name: "所", name_en: "S" }, geometry: { type: "Polygon", coordinates: [ring_] } },
    { id: "b", properties: { station: "s", name: "b" }, geometry: { type: "MultiPolygon", coordinates: [[ring_], [ring_]] } }] });
  assert.deepEqual(areas.map((one) => [one.kind, one.station, one.rings.length]), [["station", "s", 1], ["beat", "s", 2]]);
});

test("the countdown shows whole seconds, ends at nought and warns in the last fifteen", () => {
  assert.equal(secondsLeft(1_001, 0), 2);
  assert.equal(secondsLeft(0, 5), 0);
  const words = wordsOf("en", { "ring.left": "{seconds}" });
  assert.ok(!ring(20_000, 0, words).attrs.class.includes("soon"));
  assert.ok(ring(14_000, 0, words).attrs.class.includes("soon"));
});

test("no two statuses look the same in shape and colour", () => {
  const looks = Object.entries(MARKS).filter(([status]) => status !== "received").map(([, mark]) => mark.join(" "));
  assert.equal(new Set(looks).size, looks.length);
});

test("a tree leaves out what is nothing and keeps nought", () => {
  assert.deepEqual(h("p", null, null, false, undefined, "", 0, ["a", [h("b", {})]]).kids, ["0", "a", { tag: "b", attrs: {}, kids: [] }]);
});

test("the language is the one asked for, then the one kept, then the browser's", () => {
  assert.equal(languageOf("?lang=zh-CN", "en", ["en"]), "zh-CN");
  assert.equal(languageOf("", "zh-CN", ["en"]), "zh-CN");
  assert.equal(languageOf("", null, ["fr", "zh-TW"]), "zh-CN");
  assert.equal(languageOf("", null, ["fr"]), "en");
});

test("a key without words shows itself, and placeholders are filled", () => {
  const words = wordsOf("en", { a: "{n} of {m}", metres: "{n} m", kilometres: "{n} km" });
  assert.equal(words.say("a", { n: 1, m: 2 }), "1 of 2");
  assert.equal(words.say("b"), "[b]");
  assert.equal(distanceSay(643, words), "640 m");
  assert.equal(distanceSay(2_345, words), "2.3 km");
});

test("an area is called in the language of the page, and by its id where it has no English name", () => {
  const [zh, en] = [{ lang: "zh-CN" }, { lang: "en" }];
  assert.deepEqual([zh, en].map((words) => nameIn({ id: "xw-1-a", name: "珠江路", name_en: "Zhujiang Road" }, words)), ["珠江路", "Zhujiang Road"]);
  assert.deepEqual([zh, en].map((words) => nameIn({ id: "xw-1-a", name: "珠江路", name_en: "珠江路" }, words)), ["珠江路", "xw-1-a"]);
  assert.deepEqual([zh, en].map((words) => nameIn({ id: "n", name: "North", name_en: "" }, words)), ["North", "North"]);
});

test("a pin at the edge of what is shown stands whole in the picture", () => {
  for (const [ratio, high_px] of [[0.42, 134], [0.6, 200], [0.7, 250]]) {
    const points = [{ lat: 32.06, lon: 118.79 }, { lat: 32.064, lon: 118.79 }];
    const camera = cameraFor(points, ratio, 600);
    const metres_a_pixel = (camera.wide_m * ratio) / high_px;
    const above_px = high_px / 2 + drawn(camera, points[1]).y / metres_a_pixel;
    assert.ok(above_px >= 24, `${above_px} px above the point, in a picture of ${high_px}`);
  }
});

test("who was signed in is asked for once, ahead of the words, and a page that nobody signed in on asks nothing", async () => {
  const before = globalThis.fetch;
  const asked = [];
  globalThis.fetch = async (path) => {
    asked.push(path);
    return new Response(JSON.stringify({ role: "officer", login: "officer-0417" }));
  };
  try {
    const nobody = session("officer", new Storage());
    nobody.ahead();
    assert.equal(await nobody.restore(), null);
    assert.deepEqual(asked, []);
    const storage = new Storage();
    session("officer", storage).write({});
    const kept = session("officer", storage);
    kept.ahead();
    assert.deepEqual(asked, ["/v1/me"], "before anybody waits for it");
    assert.equal((await kept.restore()).login, "officer-0417");
    assert.equal(kept.read().login, "officer-0417");
    assert.deepEqual(asked, ["/v1/me"]);
    await kept.restore();
    assert.deepEqual(asked, ["/v1/me", "/v1/me"], "later it is asked anew");
  } finally {
    globalThis.fetch = before;
  }
});

test("what is counted is said as the language counts it, and two times of a day stay on one line", () => {
  const words = wordsOf("en", { k: "{n} more {n?officer is|officers are} wanted by {who}" });
  assert.equal(words.say("k", { n: 1, who: "x" }), "1 more officer is wanted by x");
  assert.equal(words.say("k", { n: 2, who: "x" }), "2 more officers are wanted by x");
  assert.equal(words.say("k", { n: 0, who: "x" }), "0 more officers are wanted by x");
  const [from, to] = [new Date(2026, 10, 30, 16).getTime(), new Date(2026, 10, 30, 17).getTime()];
  assert.match(wordsOf("zh-CN", {}).span(from, to), /^11月30日周一 16:00\u2060–\u206017:00$/);
  assert.match(wordsOf("en", {}).span(from, to), /, 16:00\u2060–\u206017:00$/);
});

test("an English page says a surname as it is read, and makes up none", () => {
  const [en, zh] = [wordsOf("en", {}), wordsOf("zh-CN", {})];
  assert.deepEqual(["李", "单", "曾", "吕", "欧"].map((one) => surnameIn(one, en)), ["Li", "Shan", "Zeng", "Lü", "Ou"]);
  assert.deepEqual(["李", "㐖", "Li"].map((one) => surnameIn(one, zh)), ["李", "㐖", "Li"]);
  assert.deepEqual(["㐖", "", "Smith"].map((one) => surnameIn(one, en)), ["㐖", "", "Smith"], "one that is not known stays as it is");
  for (const one of "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗") assert.match(surnameIn(one, en), /^[A-Z][a-zü]+$/, one);
});

test("Chinese that is read large may be broken between words only, and says the same", () => {
  for (const text of ["原民警无法前来，已转新街口派出所处理，请凭查询码查看答复。", "0417 李警官已接单，约 6 至 9 分钟到达。", "14:02 已收到，正在询问附近民警。"]) {
    const parts = phrases(text, { lang: "zh-CN" }).filter((one) => typeof one === "string");
    assert.equal(parts.join(""), text);
    assert.ok(parts.length > 2, text);
    for (const word of ["无法", "前来", "处理", "查看", "分钟", "到达", "收到", "正在", "询问", "附近", "14:02"]) {
      assert.equal(parts.some((part) => part.includes(word)), text.includes(word), word);
    }
    assert.ok(parts.every((part) => !/^[，。]/.test(part)), "a line begins with no comma");
  }
  assert.deepEqual(phrases("Officers nearby are being asked.", { lang: "en" }), ["Officers nearby are being asked."]);
});
