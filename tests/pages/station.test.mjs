import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { wordsOf } from "../../gateway/web/shared/words.js";
import { FIRST, actOf, alarms, groups, may, reduce, roster } from "../../gateway/web/station/reducer.js";
import { view } from "../../gateway/web/station/view.js";
import { texts } from "./trees.mjs";

const EN = wordsOf("en", JSON.parse(readFileSync(new URL("../../gateway/web/shared/words/en.json", import.meta.url))));
const HERE = [
  { t: "places", areas: [], categories: [{ id: "bicycle", name: "自行车", name_en: "Bicycle" }] },
  { t: "signed", signed: { token: "T", role: "desk" } },
  { t: "welcome", role: "desk", station: "xw-1" },
  { t: "snapshot", at: {}, heard_ms: 0, officers: [{ t: "officer", officer: "o", call_sign: "0417", surname: "李", on: true }] },
];
const CASE = { t: "desk_case", case: "c", seq: 2, station: "xw-1", status: "offered", category: "bicycle", words: "gone",
  place: { lat: 32.06, lon: 118.79, within_m: 5 }, received_ago_ms: 0, round: 1, seats: 1, remaining_ms: 60_000, heard_ms: 1_000 };
const AT_DESK = { ...CASE, seq: 4, status: "at_station", desk_reason: "window_closed", remaining_ms: null };
const play = (...messages) => [...HERE, ...messages].reduce(reduce, FIRST);
const names = (state) => groups(state).map((group) => group.cases.map((one) => one.case).join(","));

test("what needs a hand stands first, the unseen before the seen, the oldest before the younger", () => {
  const state = play(CASE, { ...AT_DESK, case: "seen", acknowledged: true, received_ago_ms: 90_000 },
    { ...AT_DESK, case: "young" }, { ...AT_DESK, case: "old", received_ago_ms: 60_000 }, { ...CASE, case: "way", status: "en_route" });
  assert.deepEqual(names(state), ["old,young,seen", "c", "way", ""]);
});

test("an earlier entry of a case never replaces a later one", () => {
  assert.equal(play(AT_DESK, CASE).cases.c.status, "at_station");
});

test("an alarm stands until somebody has acknowledged", () => {
  const rung = { ...AT_DESK, alarms: 1 };
  assert.equal(alarms(play(rung)).length, 1);
  assert.match(texts(view(play(rung), EN)).join("\n"), /nobody at xw-1 has acknowledged it/);
  assert.equal(alarms(play(rung, { ...rung, seq: 5, acknowledged: true })).length, 0);
});

test("the desk may do only what the service's table allows", () => {
  assert.deepEqual(may(AT_DESK), { acknowledge: true, assign: true, clear: true });
  assert.deepEqual(may({ ...AT_DESK, acknowledged: true }), { acknowledge: false, assign: true, clear: true });
  assert.deepEqual(may(CASE), { acknowledge: false, assign: false, clear: false });
  assert.deepEqual(may({ ...CASE, status: "en_route" }), { acknowledge: false, assign: true, clear: false });
  assert.deepEqual(may({ ...CASE, status: "on_scene" }), { acknowledge: false, assign: false, clear: false });
});

test("an act goes once, and only when what it needs has been chosen", () => {
  const open = play(AT_DESK, { t: "ui.open", case: "c" });
  assert.deepEqual(reduce(open, { t: "ui.assign" }).going, {});
  const chosen = reduce(open, { t: "ui.officer", value: "o" });
  const sent = reduce(chosen, { t: "ui.assign" });
  assert.deepEqual(sent.going, { c: "ui.assign" });
  assert.equal(reduce(sent, { t: "ui.assign" }), sent);
  assert.deepEqual(actOf(sent, { t: "ui.assign" }), { t: "assign", case: "c", officer: "o" });
  assert.deepEqual(actOf(open, { t: "ui.acknowledge" }), { t: "acknowledge", case: "c" });
});

test("a refused act is told on the card and may be tried again", () => {
  const state = play(AT_DESK, { t: "ui.open", case: "c" }, { t: "ui.acknowledge" },
    { t: "result", ok: false, reason: "no_slot", act: { t: "assign", case: "c" } });
  assert.deepEqual(state.going, {});
  assert.match(texts(view(state, EN)).join("\n"), /already have a case/);
});

test("j and k walk the queue and stop at its ends", () => {
  const state = play(CASE, { ...AT_DESK, case: "d" });
  const step = (at, by) => reduce(at, { t: "ui.move", by });
  assert.equal(step(state, 1).open, "d");
  assert.equal(step(step(state, 1), 1).open, "c");
  assert.equal(step(step(step(state, 1), 1), 1).open, "c");
  assert.equal(step(step(state, 1), -1).open, "d");
});

test("an officer with a case is not free, and one who goes off leaves the list of those on", () => {
  const held = { ...CASE, seq: 3, status: "claimed", holders: [{ officer: "o", call_sign: "0417", surname: "李", state: "claimed" }] };
  assert.equal(roster(play(held))[0].on_case, "c");
  assert.equal(roster(play(held, { ...held, seq: 9, status: "cleared", holders: [] }))[0].on_case, null);
  assert.equal(roster(play({ t: "officer", officer: "o", call_sign: "0417", surname: "李", on: false }))[0].on, false);
});

test("of the closed only the last eight stay", () => {
  const closed = Array.from({ length: 12 }, (_none, n) => ({ ...CASE, case: `x${n}`, status: "cleared", received_ago_ms: n * 1_000 }));
  assert.equal(Object.keys(play(...closed).cases).length, 8);
});

test("the five states of the page each show something of their own", () => {
  const read = (...messages) => texts(view(play(...messages), EN)).join("\n");
  assert.match(texts(view(FIRST, EN)).join("\n"), /Sign in/);
  assert.match(texts(view(HERE.slice(0, 3).reduce(reduce, FIRST), EN)).join("\n"), /Opening/);
  assert.match(read(), /Nothing open/);
  assert.match(read(CASE), /Being offered/);
  assert.match(read(CASE, { t: "line", line: "reconnecting" }), /Reconnecting/);
  assert.match(read({ t: "line", line: "refused", why: "version" }), /older than the service/);
});
