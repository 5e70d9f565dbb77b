import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FIRST, actOf, reduce } from "../../gateway/web/officer/reducer.js";
import { nearestFirst, view } from "../../gateway/web/officer/view.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const EN = wordsOf("en", JSON.parse(readFileSync(new URL("../../gateway/web/shared/words/en.json", import.meta.url))));
const HERE = [
  { t: "places", areas: [], categories: [{ id: "bicycle", name: "自行车", name_en: "Bicycle" }] },
  { t: "signed", signed: { token: "T", role: "officer" } },
  { t: "welcome", on_duty: true, call_sign: "0417", station: "xw-1", officer: "o" },
  { t: "snapshot", at: {}, heard_ms: 0 },
];
const OFFER = { t: "offer", case: "c", round: 1, category: "bicycle", words: "gone", place: { lat: 32.06, lon: 118.79, within_m: 71 },
  remaining_ms: 58_000, heard_ms: 1_000 };
const HELD = { t: "held", case: "c", fence: 2, state: "claimed", status: "claimed", category: "bicycle", words: "gone",
  place: { lat: 32.0601, lon: 118.7901, within_m: 0 }, seats: 1, heard_ms: 2_000 };
const CLAIM = { t: "claim", case: "c", round: 1, key: "k" };
const play = (...messages) => [...HERE, ...messages].reduce(reduce, FIRST);
const read = (...messages) => texts(view(play(...messages), EN)).join("\n");

test("an offer's ring runs from the server's milliseconds", () => {
  assert.equal(play(OFFER).offers.c.ends_ms, 59_000);
});

test("taking twice sends once, and the act carries the round", () => {
  const once = play(OFFER, { t: "ui.take", case: "c" });
  assert.equal(reduce(once, { t: "ui.take", case: "c" }), once);
  assert.deepEqual(actOf(once, { t: "ui.take", case: "c" }), { t: "claim", case: "c", round: 1 });
});

test("who was first is read whichever of the two messages comes first", () => {
  const lost = { t: "result", key: "k", ok: false, case: "c", reason: "taken", act: CLAIM };
  const gone = { t: "gone", case: "c", reason: "taken", by: { call_sign: "0423", surname: "王" } };
  const take = { t: "ui.take", case: "c" };
  for (const messages of [[lost, gone], [gone, lost]]) {
    const state = play(OFFER, take, ...messages);
    assert.deepEqual(state.offers, {});
    assert.equal(state.notices.length, 1);
    assert.match(texts(view(state, EN)).join("\n"), /Bicycle: 0423 was first\./);
  }
});

test("a late claim is answered by a sentence, not by an error", () => {
  assert.match(read(OFFER, { t: "ui.take", case: "c" }, { t: "result", key: "k", ok: false, case: "c", reason: "late", act: CLAIM }),
    /The time was up\. The station has it\./);
});

test("a refusal that the officer can mend leaves the card", () => {
  const state = play(OFFER, { t: "ui.take", case: "c" }, { t: "result", ok: false, case: "c", reason: "no_slot", act: CLAIM });
  assert.equal(state.offers.c.going, null);
});

test("an offer that another took says so without blame", () => {
  assert.match(read(OFFER, { t: "gone", case: "c", reason: "taken", by: { call_sign: "0423", surname: "王" } }), /0423 has taken it\./);
});

test("what the officer declined goes without a word", () => {
  const state = play(OFFER, { t: "ui.not_now", case: "c" }, { t: "gone", case: "c", reason: "declined" });
  assert.deepEqual(state.notices, []);
  assert.deepEqual(state.offers, {});
});

test("a won case replaces its offer, and its button is always the next step with the fence", () => {
  const won = play(OFFER, { t: "ui.take", case: "c" }, { t: "result", ok: true, case: "c", fence: 2, act: CLAIM }, HELD);
  assert.deepEqual(won.offers, {});
  assert.deepEqual(actOf(won, { t: "ui.step", case: "c", act: "set_out" }), { t: "set_out", case: "c", fence: 2 });
  const steps = ["claimed", "en_route", "on_scene"].map((state) =>
    nodes(view(play({ ...HELD, state }), EN), (attrs) => "data-step" in attrs)[0].attrs["data-step"]);
  assert.deepEqual(steps, ["set_out", "arrived", "cleared"]);
});

test("done needs how it ended", () => {
  const there = play({ ...HELD, state: "on_scene" });
  assert.equal(reduce(there, { t: "ui.step", case: "c", act: "cleared" }).held.c.going, null);
  const chosen = [{ t: "ui.disposition", value: "advice_given" }, { t: "ui.step", case: "c", act: "cleared" }].reduce(reduce, there);
  assert.equal(chosen.held.c.going, "cleared");
  assert.deepEqual(actOf(chosen, { t: "ui.step", case: "c", act: "cleared" }), { t: "cleared", case: "c", fence: 2, disposition: "advice_given" });
});

test("a reassigned case leaves, with the reason", () => {
  const state = play(HELD, { t: "gone", case: "c", reason: "reassigned" });
  assert.deepEqual(state.held, {});
  assert.match(texts(view(state, EN)).join("\n"), /The station has sent another officer/);
});

test("a snapshot replaces everything but what is on its way", () => {
  const state = play(OFFER, { ...OFFER, case: "d" }, { t: "ui.take", case: "c" }, { t: "snapshot", at: {}, offers: [OFFER], heard_ms: 5_000 });
  assert.deepEqual(Object.keys(state.offers), ["c"]);
  assert.equal(state.offers.c.going, "claim");
  assert.equal(state.offers.c.ends_ms, 63_000);
});

test("the nearest offer stands first", () => {
  const far = { ...OFFER, case: "far", place: { lat: 32.1, lon: 118.79, within_m: 71 }, remaining_ms: 1_000 };
  const state = play({ t: "fix", fix: { lat: 32.06, lon: 118.79, accuracy_m: 5, source: "hand" } }, far, OFFER);
  assert.deepEqual(nearestFirst(state).map((one) => one.case), ["c", "far"]);
});

test("when the ring has run out the button says so and does nothing more", () => {
  const over = play(OFFER, { t: "tick", now_ms: 59_000 });
  const [take] = nodes(view(over, EN), (attrs) => "data-take" in attrs);
  assert.equal(take.attrs["aria-disabled"], "true");
  assert.deepEqual(take.kids, ["The time is up"]);
});

test("going off duty with a case is refused in a sentence and leaves the duty as it is", () => {
  const state = play(HELD, { t: "ui.duty", on: false }, { t: "result", ok: false, reason: "holds_case", act: { t: "duty", on: false } });
  assert.equal(state.on_duty, true);
  assert.equal(state.duty_going, false);
  assert.match(texts(view(state, EN)).join("\n"), /You have an open case/);
});

test("the map places the officer only by hand", () => {
  const camera = { t: "fix", fix: { lat: 32.06, lon: 118.79, accuracy_m: 5, source: "gps" } };
  assert.equal(play(camera, { t: "ui.map", x: 100, y: 0 }).fix.source, "gps");
  const moved = play(camera, { t: "ui.by_hand" }, { t: "ui.map", x: 100, y: 0 });
  assert.equal(moved.fix.source, "hand");
  assert.ok(moved.fix.lon > 118.79);
});

test("the five states of the page each show something of their own", () => {
  assert.match(texts(view(FIRST, EN)).join("\n"), /Sign in/);
  assert.match(texts(view(HERE.slice(0, 2).reduce(reduce, FIRST), EN)).join("\n"), /Opening/);
  assert.match(read({ t: "fix", fix: { lat: 32, lon: 118, accuracy_m: 5, source: "hand" } }), /Waiting/);
  assert.match(read(OFFER), /Take it/);
  assert.match(read(OFFER, { t: "line", line: "reconnecting" }), /Reconnecting/);
  assert.match(read({ t: "line", line: "refused", why: "replaced" }), /opened in another place/);
});
