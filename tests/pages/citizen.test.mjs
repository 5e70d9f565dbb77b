import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FIRST, etaOf, mayWithdraw, reduce, reportOf } from "../../gateway/web/citizen/reducer.js";
import { statusSay, viewFor } from "../../gateway/web/citizen/view.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { texts } from "./trees.mjs";

const EN = wordsOf("en", JSON.parse(readFileSync(new URL("../../gateway/web/shared/words/en.json", import.meta.url))));
const AREAS = [{ id: "xw-1", kind: "station", station: "xw-1", name: "玄武门派出所", name_en: "Xuanwumen Station",
  rings: [[[118.78, 32.05], [118.8, 32.05], [118.8, 32.07], [118.78, 32.07], [118.78, 32.05]]] }];
const PLACES = { t: "places", areas: AREAS, categories: [{ id: "bicycle", name: "自行车", name_en: "Bicycle" }] };
const CASE = { t: "case", case: "c", status: "offered", station: "xw-1", category: "bicycle", received_ago_ms: 0, remaining_ms: 60_000,
  heard_ms: 1_000, wall_ms: 0 };
const LI = { call_sign: "0417", surname: "李" };

const play = (...messages) => messages.reduce(reduce, FIRST);
const say = (...messages) => statusSay(play(PLACES, ...messages), EN);

test("a report is not sent before place, kind and words are there, and each lack is named", () => {
  assert.deepEqual(Object.keys(play(PLACES, { t: "ui.report" }).wrong), ["place", "category", "words"]);
  const state = play(PLACES, { t: "ui.report" }, { t: "ui.map", x: 0, y: 0 }, { t: "ui.typed", field: "category", value: "bicycle" },
    { t: "ui.typed", field: "words", value: " gone " }, { t: "ui.report" });
  assert.deepEqual(state.wrong, {});
  assert.deepEqual(reportOf(state.draft), { category: "bicycle", words: "gone", lat: 32.06, lon: 118.79, accuracy_m: null, place_source: "pin" });
});

test("a pin set by hand forgets the accuracy of the satellites", () => {
  const state = play(PLACES, { t: "located", lat: 32.061, lon: 118.791, accuracy_m: 18 });
  assert.equal(state.draft.place_source, "gps");
  assert.equal(state.draft.accuracy_m, 18);
  const moved = reduce(state, { t: "ui.map_key", did: "up" });
  assert.equal(moved.draft.place_source, "pin");
  assert.equal(moved.draft.accuracy_m, null);
  assert.ok(moved.draft.pin.lat > 32.061);
});

test("typed coordinates move the pin, half-typed ones do not", () => {
  const state = play(PLACES, { t: "ui.typed", field: "typed", value: "32.0603, 118.7969" });
  assert.deepEqual(state.draft.pin, { lat: 32.0603, lon: 118.7969 });
  assert.deepEqual(reduce(state, { t: "ui.typed", field: "typed", value: "32.0603, " }).draft.pin, state.draft.pin);
});

test("the countdown ends where the server's remaining milliseconds say, by this page's clock", () => {
  assert.equal(play(PLACES, CASE).case.ends_ms, 61_000);
  assert.equal(play(PLACES, CASE, { ...CASE, status: "claimed", officers: [LI] }).case.ends_ms, null);
});

test("each moment has its true sentence", () => {
  assert.match(say(CASE), /^Received \d\d:\d\d\. Officers nearby are being asked\.$/);
  const claimed = { ...CASE, status: "claimed", officers: [LI] };
  assert.equal(say(claimed), "Officer 0417 (李) has taken it.");
  const near = { t: "moves", moved: [{ call_sign: "0417", place: { lat: 32, lon: 118, within_m: 200 }, eta_s: [380, 540] }] };
  assert.equal(say(claimed, near), "Officer 0417 (李) has taken it, about 6 to 9 minutes away.");
  assert.match(say({ ...CASE, status: "at_station", desk_reason: "nobody_near" }), /^Nobody nearby was free\. Xuanwumen Station has it now/);
  assert.match(say({ ...CASE, status: "at_station", desk_reason: "window_closed", acknowledged: true }), /has seen it/);
  assert.equal(say({ ...CASE, status: "cleared", disposition: "advice_given" }), "Closed: advice given.");
  assert.equal(say({ ...CASE, status: "withdrawn" }), "You took it back. Nobody will come.");
});

test("the range of arrival is shown only from claim to arrival, and never from nought", () => {
  const moves = { t: "moves", moved: [{ call_sign: "0417", place: { lat: 32, lon: 118, within_m: 5 }, eta_s: [10, 50] }] };
  const claimed = { ...CASE, status: "claimed", officers: [LI] };
  assert.deepEqual(etaOf(play(claimed, moves)), { low: 1, high: 2 });
  assert.equal(etaOf(play(claimed, moves, { ...claimed, status: "on_scene" })), null);
});

test("an officer who no longer holds the case leaves the map", () => {
  const moves = { t: "moves", moved: [{ call_sign: "0417", place: { lat: 32, lon: 118, within_m: 5 }, eta_s: [60, 90] }] };
  const state = play({ ...CASE, status: "claimed", officers: [LI] }, moves, { ...CASE, status: "offered", officers: [] });
  assert.deepEqual(state.movers, {});
});

test("a withdrawal is asked for twice, and a refusal of it is told", () => {
  const asked = play(PLACES, { t: "signed" }, CASE, { t: "ui.withdraw" });
  assert.equal(asked.sure, true);
  const refused = [{ t: "ui.withdraw_sure" }, { t: "result", ok: false, reason: "illegal", act: { t: "withdraw" } }].reduce(reduce, asked);
  assert.equal(refused.withdrawing, false);
  assert.ok(texts(viewFor("110")(refused, EN)).includes(EN.say("refused.illegal")));
  assert.deepEqual(["offered", "on_scene", "cleared"].map(mayWithdraw), [true, false, false]);
});

test("the code is shown until it is kept, then never again", () => {
  const state = play(PLACES, { t: "reported", receipt: "ABCD-EFGH" }, { t: "signed" }, CASE);
  assert.ok(texts(viewFor("110")(state, EN)).includes("ABCD-EFGH"));
  assert.ok(!texts(viewFor("110")(reduce(state, { t: "ui.kept" }), EN)).includes("ABCD-EFGH"));
});

test("the five states of the page each show something of their own", () => {
  const show = (...messages) => texts(viewFor("110")(play(...messages), EN)).join("\n");
  assert.match(show(), /Opening/);
  assert.match(show(PLACES), /What happened/);
  assert.match(show(PLACES, { t: "signed" }, CASE), /Officers nearby/);
  assert.match(show(PLACES, { t: "signed" }, CASE, { t: "line", line: "reconnecting" }, { t: "tick", now_ms: 9_000 }), /Reconnecting\. Last word from the server 9 s ago/);
  assert.match(show(PLACES, { t: "signed" }, { t: "line", line: "refused", why: "revoked" }), /sign-in has ended/);
});

test("the same messages make the same state again", () => {
  const log = [PLACES, { t: "ui.map", x: 3, y: 4 }, { t: "signed" }, CASE, { t: "tick", now_ms: 2 }];
  assert.deepEqual(play(...log), play(...log));
  assert.deepEqual(JSON.parse(JSON.stringify(play(...log))), play(...log));
});
