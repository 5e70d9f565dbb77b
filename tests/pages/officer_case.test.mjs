import assert from "node:assert/strict";
import { test } from "node:test";

import { actOf } from "../../gateway/web/officer/acting.js";
import { ARM_MS, primaryOf } from "../../gateway/web/officer/deck.js";
import { DISPOSITIONS } from "../../gateway/web/officer/holding.js";
import { REASONS } from "../../gateway/web/officer/offering.js";
import { eighth, waysTo } from "../../gateway/web/officer/ways.js";
import { fixOfBridge, placeInAddress } from "../../gateway/web/officer/here.js";
import { fromGcj02, toGcj02 } from "../../gateway/web/shared/datum.js";
import { around, cameraFor } from "../../gateway/web/shared/map.js";
import { texts } from "./trees.mjs";
import { CLAIM, EN, HELD, OFFER, TAKE, ZH, from, large, marked, membersOf, play, read, result, seen } from "./officer_town.mjs";

const THERE = { ...HELD, state: "on_scene", status: "on_scene", word: "4712" };
const later = (state) => from(state, { t: "tick", now_ms: state.armed_ms + ARM_MS });
const press = (state) => later(state) && from(later(state), large(later(state)).attrs.onclick);
const LINE = { seq: 3, by: "reporter", words: "At the gate.", at: "2026-11-29T10:00:00Z" };

test("a won case replaces its offer, and its button is always the next step with the fence", () => {
  const won = play(OFFER, TAKE, result(CLAIM, { fence: 2 }), HELD);
  assert.deepEqual(won.offers, {});
  assert.deepEqual(actOf(won, { t: "ui.step", case: "c", act: "set_out" }), { t: "set_out", case: "c", fence: 2 });
  const steps = ["claimed", "en_route", "on_scene"].map((state) => marked(play({ ...HELD, state }), "data-step")[0].attrs["data-step"]);
  assert.deepEqual(steps, ["set_out", "arrived", "cleared"]);
});

test("a second press in the same place is not the next step", () => {
  const set_out = press(play(HELD));
  assert.equal(set_out.held.c.going, "set_out");
  const told = from(set_out, { ...HELD, state: "en_route", heard_ms: set_out.now_ms + 50 });
  assert.equal(large(told).attrs["aria-disabled"], "true");
  assert.equal(from(told, { t: "ui.step", case: "c", act: "arrived" }).held.c.going, null);
  assert.equal(press(told).held.c.going, "arrived");
});

test("every status of the seat has its badge, its step and what the reporter sees", () => {
  for (const state of ["claimed", "en_route", "on_scene"]) {
    for (const words of [EN, ZH]) {
      assert.ok(words.has(`officer.seen.${state}`));
      assert.ok(seen(play({ ...HELD, state }), words).includes(words.say(`status.${state}`)));
      assert.ok(seen(play({ ...HELD, state }), words).includes(words.say(`officer.seen.${state}`, { call_sign: "0417" })));
    }
  }
});

test("done needs how it ended, from the service's own list", () => {
  assert.deepEqual([...DISPOSITIONS].sort(), membersOf("dispatch/cases/values.py", "Disposition").sort());
  const there = play(THERE);
  assert.deepEqual([texts(large(there)), large(there).attrs.onclick.t], [["How did it end?"], "ui.choose"], "until then the button leads to the choice");
  assert.equal(from(there, { t: "ui.step", case: "c", act: "cleared" }).held.c.going, null);
  const chosen = from(there, { t: "ui.disposition", value: "advice_given" });
  assert.match(texts(large(chosen)).join(" "), /Done: advice given/);
  const done = from(chosen, { t: "ui.step", case: "c", act: "cleared" });
  assert.equal(done.held.c.going, "cleared");
  assert.deepEqual(actOf(done, { t: "ui.step", case: "c", act: "cleared" }), { t: "cleared", case: "c", fence: 2, disposition: "advice_given" });
  assert.deepEqual(from(done, result({ t: "cleared", case: "c" })).held, {});
});

test("a hand-back says what follows, also where another is on scene already", () => {
  const sheet = { t: "ui.sheet", kind: "hand_back", case: "c" };
  const coming = { ...HELD, state: "en_route", status: "en_route" };
  for (const words of [EN, ZH]) {
    assert.ok(seen(play(coming, sheet), words).includes(words.say("officer.hand_back_hint")));
    const second = seen(play({ ...coming, status: "on_scene", others: [{ call_sign: "0423", surname: "王" }] }, sheet), words);
    assert.ok(second.includes(words.say("officer.hand_back_hint.on_scene")) && !second.includes(words.say("officer.hand_back_hint")));
  }
  assert.deepEqual(marked(play(THERE), "data-sheet").filter((one) => one.attrs["data-sheet"] === "hand_back"), [], "who is there hands nothing back");
});

test("what is known of the place is read at the top, and its absence is said", () => {
  const known = { hazards: [{ hazard: "h", words: "Biting dog.", expires_at: "2026-12-01T00:00:00Z", within_m: 12 }], earlier: [{ on: "2026-11-02", category: "bicycle", disposition: "founded", within_m: 5 }] };
  assert.match(read(HELD), /Asking what is known/);
  assert.match(read(HELD, { t: "place_known", case: "c", known }), /Take care here\nBiting dog\.\n · within 12 m/);
  assert.match(read(HELD, { t: "place_known", case: "c", known }), /Earlier cases here \(1\)\n2026-11-02 · Bicycle · founded/);
  assert.match(read(HELD, { t: "place_known", case: "c", known: { hazards: [], earlier: [] } }), /Nothing is known of this place/);
  assert.match(read(HELD, { t: "place_known", case: "c", known: null }), /could not be read\. It is asked again/);
});

test("the word is checked on scene: four digits, a wrong one is told beside the field, a right one is done with", () => {
  assert.match(read({ ...HELD, word: "4712" }), /Word at the door: 4712/);
  const typed = play(THERE, { t: "ui.word", case: "c", value: "47a1" });
  assert.equal(typed.word.typed, "471");
  assert.equal(from(typed, { t: "ui.met", case: "c" }).held.c.going, null);
  const full = from(typed, { t: "ui.word", case: "c", value: "4711" }, { t: "ui.met", case: "c" });
  assert.deepEqual(actOf(full, { t: "ui.met", case: "c" }), { t: "met", case: "c", fence: 2, word: "4711" });
  const wrong = from(full, result({ t: "met", case: "c" }, { ok: false, reason: "wrong_word" }));
  assert.match(seen(wrong), /That is not the word\. Ask for it again\./);
  assert.deepEqual(wrong.notices, []);
  assert.match(seen(from(wrong, { ...THERE, word: undefined, met: true })), /The word matched/);
});

test("a sign of life is the large button while it is asked for, whatever sheet is open", () => {
  const asks = [[{ ...THERE, check_in: "asked" }, "check_in"], [{ ...THERE, check_in: "missed" }, "check_in"], [{ ...HELD, watch: "asked" }, "all_well"], [{ ...HELD, watch: "missed" }, "all_well"]];
  for (const [held, act] of asks) {
    const state = play(HELD, { t: "ui.sheet", kind: "talk", case: "c" }, held);
    assert.deepEqual(texts(large(state)), ["I am safe"], act);
    assert.deepEqual(actOf(state, { t: "ui.well", case: "c" }), { t: act, case: "c", fence: 2 });
    assert.equal(press(state).held.c.going, act);
    assert.ok(seen(from(state, { t: "ui.back" })).includes(EN.say(`officer.${held.check_in ? "check_in" : "watch"}.${held.check_in ?? held.watch}`)));
  }
});

test("a nudge is told in words and leaves the next step", () => {
  for (const watch of ["nudged", "alarmed"]) {
    const state = play({ ...HELD, watch });
    assert.equal(primaryOf(state).act, "set_out");
    assert.ok(seen(state).includes(EN.say(`officer.watch.${watch}`)));
  }
});

test("handing back, a second officer and the end of a shift each ask once and carry reason and fence", () => {
  for (const [kind, ui, t] of [["hand_back", "ui.hand_back", "hand_back"], ["second", "ui.second", "second_officer"]]) {
    const state = play(HELD, { t: "ui.sheet", kind, case: "c" });
    assert.equal(marked(state, "data-reason").length, REASONS[kind].length);
    const chosen = from(state, { t: "ui.reason", value: REASONS[kind][0] });
    assert.equal(primaryOf(chosen).press.t, ui);
    assert.deepEqual(actOf(chosen, primaryOf(chosen).press), { t, case: "c", fence: 2, reason: REASONS[kind][0] });
    for (const words of [EN, ZH]) for (const reason of REASONS[kind]) assert.ok(words.has(`reason.${reason}`), reason);
  }
  const moving = play(HELD, { t: "ui.sheet", kind: "transfer", case: "c" });
  assert.deepEqual(actOf(moving, primaryOf(moving).press), { t: "transfer", case: "c", fence: 2 });
  assert.deepEqual(from(moving, { t: "ui.transfer", case: "c" }, { t: "gone", case: "c", reason: "transferred" }).notices, []);
  const asked = play(HELD, { t: "ui.sheet", kind: "second", case: "c" }, { t: "ui.second", case: "c" }, result({ t: "second_officer", case: "c" }));
  assert.match(seen(asked), /The station sees that you want another officer/);
});

test("from a scene nothing is handed back, it is passed on", () => {
  const kinds = (state) => marked(state, "data-sheet").map((one) => one.attrs["data-sheet"]);
  assert.ok(kinds(play(HELD)).includes("hand_back"));
  assert.ok(!kinds(play(THERE)).includes("hand_back") && kinds(play(THERE)).includes("transfer"));
});

test("pulled to something worse: the old one is told, the new one is looked at, and nothing is pressed by accident", () => {
  const state = play(HELD, { t: "gone", case: "c", reason: "preempted", heard_ms: 3_000 }, { ...HELD, case: "d", fence: 7, heard_ms: 3_001 });
  assert.match(seen(state), /The station needs you on a more urgent case/);
  assert.equal(primaryOf(state).case, "d");
  const step = { t: "ui.step", case: "d", act: "set_out" };
  assert.equal(from(state, step).held.d.going, null);
  assert.equal(from(later(state), step).held.d.going, "set_out");
});

test("a case that the desk sends is looked at, above an offer that was", () => {
  const state = play(OFFER, { ...HELD, case: "d" });
  assert.equal(primaryOf(state).case, "d");
  assert.equal(marked(state, "data-chip").length, 2);
});

test("a case of nobody's any more goes with the refusal", () => {
  const state = play(HELD, { t: "ui.step", case: "c", act: "set_out" }, result({ t: "set_out", case: "c" }, { ok: false, reason: "stale_fence" }));
  assert.deepEqual(state.held, {});
  assert.match(seen(state), /The case is no longer yours/);
});

test("the talk: unread is counted, each line comes once, mine is mine, and the mark only goes forward", () => {
  const said = { t: "said", case: "c", line: LINE };
  const own = { t: "said", case: "c", line: { seq: 4, by: "officer", words: "Coming.", at: LINE.at, officer: { call_sign: "0417", surname: "李" } } };
  const state = play(HELD, said, said, own);
  assert.deepEqual([state.talks.c.lines.length, state.talks.c.unread], [2, 1]);
  assert.match(seen(state), /Messages\n1 new/);
  const open = from(state, { t: "ui.sheet", kind: "talk", case: "c" });
  assert.match(seen(open), /Reporter · .*\nAt the gate\.\nYou · .*\nComing\./);
  const read_to = from(open, { t: "read_to", case: "c", upto: 4 });
  assert.deepEqual([read_to.talks.c.unread, from(read_to, { t: "read_to", case: "c", upto: 3 }).talks.c.upto], [0, 4]);
});

test("what is not sent yet stands in the talk until the service has it, and comes back into the field when refused", () => {
  const kept = play(HELD, { t: "ui.sheet", kind: "talk", case: "c" }, { t: "ui.draft", case: "c", value: "Hello" }, { t: "say_kept", case: "c", key: "k", words: "Hello", typed: true });
  const quick = play(HELD, { t: "ui.draft", case: "c", value: "half a li" }, { t: "say_kept", case: "c", key: "k", words: "I am on my way.", typed: false });
  assert.equal(quick.talks.c.draft, "half a li", "a ready sentence leaves what is being typed");
  assert.match(seen(kept), /Hello\nnot sent yet/);
  assert.equal(kept.talks.c.draft, "");
  const again = from(kept, { t: "snapshot", at: {}, held: [HELD], talks: [{ t: "talk", case: "c", lines: [LINE], upto: 3 }] });
  assert.equal(again.talks.c.pending.length, 1);
  const act = { t: "say", case: "c", key: "k", words: "Hello" };
  assert.deepEqual(from(again, result(act)).talks.c.pending, []);
  const refused = from(again, result(act, { ok: false, reason: "too_often" }));
  assert.deepEqual([refused.talks.c.pending, refused.talks.c.draft], [[], "Hello"]);
});

test("ways: the phone's own app first, Amap in its own datum, and nothing is fetched by showing them", () => {
  const ways = Object.fromEntries(waysTo({ lat: 32.06, lon: 118.79 }).map((one) => [one.id, one.href]));
  assert.equal(ways.own, "geo:32.060000,118.790000?q=32.060000,118.790000");
  assert.match(ways.amap, /to=118\.795195,32\.057934,.*coordinate=gaode/);
  assert.match(ways.apple, /daddr=32\.060000,118\.790000/);
  const links = marked(play(HELD, { t: "ui.sheet", kind: "ways", case: "c" }), "data-way");
  assert.ok(links.length === 4 && links.every((one) => one.tag === "a" && one.attrs.rel === "noopener noreferrer"));
});

test("directions go round by the clock", () => {
  const at = { lat: 32, lon: 118 };
  const to = [[1, 0], [1, 1.18], [0, 1], [-1, 1.18], [-1, 0], [-1, -1.18], [0, -1], [1, -1.18]];
  assert.deepEqual(to.map(([n, e]) => eighth(at, { lat: 32 + n / 100, lon: 118 + e / 100 })), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test("GCJ-02 is converted as the service does it, there and back", () => {
  // From geo/datum.py: the same place by its formula.
  const pairs = [[32.06, 118.79, 32.057934266655884, 118.795194721853], [39.9042, 116.4074, 39.90560334316507, 116.41364225378803], [43.8, 87.6, 43.80121203029208, 87.60283897227161]];
  for (const [lat, lon, lat_gcj, lon_gcj] of pairs) {
    const there = toGcj02({ lat, lon });
    assert.ok(Math.abs(there.lat - lat_gcj) < 1e-9 && Math.abs(there.lon - lon_gcj) < 1e-9);
    const back = fromGcj02(there);
    assert.ok(Math.abs(back.lat - lat) < 1e-6 && Math.abs(back.lon - lon) < 1e-6);
  }
  assert.deepEqual(toGcj02({ lat: 51.5, lon: -0.1 }), { lat: 51.5, lon: -0.1 });
});

test("a place in the address and one from a bridge may be in GCJ-02; nonsense is none", () => {
  assert.deepEqual(placeInAddress("?at=32.06,118.79"), { lat: 32.06, lon: 118.79, accuracy_m: 10, source: "hand" });
  assert.ok(Math.abs(placeInAddress("?at=32.057934,118.795195&datum=GCJ-02").lat - 32.06) < 1e-5);
  assert.equal(placeInAddress("?at=no"), null);
  const told = fixOfBridge({ latitude: 32.057934, longitude: 118.795195, accuracy: 12, datum: "gcj02" });
  assert.ok(Math.abs(told.lon - 118.79) < 1e-5 && told.accuracy_m === 12);
  assert.equal(fixOfBridge({ lat: "x" }), null);
});

test("at the door the word is asked for before anything that could be read on the way, and the way is no longer told", () => {
  const shown = read(THERE);
  assert.ok(shown.indexOf("The word is 4712") < shown.indexOf("Way there"), shown);
  const going = { ...HELD, state: "en_route", status: "en_route", word: "4712" };
  const FIX = { t: "fix", fix: { lat: 32.05, lon: 118.79, accuracy_m: 5, source: "gps" } };
  assert.match(read(FIX, going), /1\.1 km north · 3 min/);
  assert.doesNotMatch(read(FIX, THERE), /km north/);
});

test("an offer's map shows all of where the place may be", () => {
  const camera = cameraFor(around({ lat: 32.06, lon: 118.79, within_m: 500 }), 0.42, 600);
  assert.ok(camera.wide_m * 0.42 > 1_000, `${camera.wide_m}`);
  assert.deepEqual(around({ lat: 32, lon: 118, within_m: null }), [{ lat: 32, lon: 118 }]);
});
