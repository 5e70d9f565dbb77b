import assert from "node:assert/strict";
import { test } from "node:test";

import { actOf } from "../../gateway/web/officer/acting.js";
import { ARM_MS, focusOf, nearestFirst, primaryOf } from "../../gateway/web/officer/deck.js";
import { REASONS } from "../../gateway/web/officer/offering.js";
import { FIRST, reduce } from "../../gateway/web/officer/reducer.js";
import { texts } from "./trees.mjs";
import { CLAIM, EN, FIX, HELD, HERE, OFFER, TAKE, ZH, from, large, marked, membersOf, play, read, result, seen } from "./officer_town.mjs";

const FAR = { ...OFFER, case: "far", place: { lat: 32.1, lon: 118.79, within_m: 71 }, remaining_ms: 20_000 };
const refused = (reason, act = CLAIM) => result(act, { ok: false, case: "c", reason });

test("an offer's ring runs from the server's milliseconds", () => {
  assert.equal(play(OFFER).offers.c.ends_ms, 59_000);
});

test("taking twice sends once, and the act carries the round", () => {
  const once = play(OFFER, TAKE);
  assert.equal(reduce(once, TAKE), once);
  assert.deepEqual(actOf(once, TAKE), { t: "claim", case: "c", round: 1 });
});

test("the card says what, how far, which way and how long", () => {
  const south = { t: "fix", fix: { lat: 32.0542, lon: 118.79, accuracy_m: 5, source: "gps" } };
  assert.match(read(OFFER, south), /Bicycle\n640 m north · 2 min\n/);
  assert.match(seen(play(OFFER, south), ZH), /自行车\n北 640 米 · 2 分钟\n/);
  assert.match(read(OFFER), /Distance not known/);
});

test("who was first is read whichever of the two messages comes first", () => {
  const gone = { t: "gone", case: "c", reason: "taken", by: { call_sign: "0423", surname: "王" } };
  for (const messages of [[refused("taken"), gone], [gone, refused("taken")]]) {
    const state = play(OFFER, TAKE, ...messages);
    assert.deepEqual(state.offers, {});
    assert.equal(state.notices.length, 1);
    assert.match(seen(state), /Bicycle: 0423 was first\./);
  }
});

test("every refusal of the service's is a plain sentence in both languages, for a claim and for an act", () => {
  const all = [...membersOf("dispatch/cases/values.py", "Refusal"), "not_received", "away", "overloaded", "too_fast", "not_allowed"];
  assert.ok(all.length > 40, `${all.length}`);
  for (const reason of all.filter((one) => one !== "key_reused")) {
    for (const state of [play(OFFER, TAKE, refused(reason)), play(HELD, { t: "ui.step", case: "c", act: "set_out" }, refused(reason, { t: "set_out", case: "c" }))]) {
      for (const words of [EN, ZH]) {
        const told = marked(state, "data-notice").length;
        assert.equal(told, 1, reason);
        assert.match(seen(state, words), new RegExp(words.say(`refused.${reason}`).replace(/[.?]/g, "\\$&")), reason);
        assert.ok(words.has(`refused.${reason}`), reason);
      }
    }
  }
});

test("a refusal that the officer can mend leaves the card, any other takes it away", () => {
  for (const reason of ["no_slot", "off_duty", "busy", "away", "too_fast"]) assert.equal(play(OFFER, TAKE, refused(reason)).offers.c.going, null, reason);
  for (const reason of ["taken", "late", "withdrawn", "at_desk", "stale_round"]) assert.deepEqual(play(OFFER, TAKE, refused(reason)).offers, {}, reason);
});

test("every reason with which a case goes is a sentence, and nothing is said of what the officer did", () => {
  for (const reason of ["taken", "at_desk", "withdrawn", "closed", "handed_back", "reassigned", "transferred", "taken_back", "preempted", "silent", "merged"]) {
    const state = play(HELD, { t: "gone", case: "c", reason });
    assert.deepEqual(state.held, {});
    assert.ok(EN.has(`officer.gone.${reason}`) && seen(state).includes(EN.say(`officer.gone.${reason}`)), reason);
  }
  assert.deepEqual(play(OFFER, { t: "ui.not_now", case: "c" }, { t: "gone", case: "c", reason: "declined" }).notices, []);
  assert.match(read(OFFER, { t: "gone", case: "c", reason: "taken", by: { call_sign: "0423", surname: "王" } }), /0423 has taken it\./);
});

test("not now sends at once, and with a reason where one is chosen", () => {
  const state = play(OFFER, { t: "ui.sheet", kind: "decline", case: "c" });
  assert.equal(primaryOf(state), null);
  assert.equal(marked(state, "data-reason").length, REASONS.decline.length);
  const press = marked(state, "data-reason")[0].attrs.onclick;
  assert.deepEqual(actOf(state, press), { t: "decline", case: "c", round: 1, reason: "too_far" });
  assert.deepEqual(actOf(state, { t: "ui.not_now", case: "c" }), { t: "decline", case: "c", round: 1 });
});

test("an answer that is long in coming is asked about, and the button says so", () => {
  const going = play(OFFER, { t: "tick", now_ms: 2_000 }, TAKE);
  assert.deepEqual(texts(large(going)), ["Sent, waiting for the answer"]);
  assert.deepEqual(texts(large(from(going, { t: "tick", now_ms: 5_000 }))), ["Checking what became of it"]);
  for (const m of [{ t: "line", line: "reconnecting" }, { t: "offline", on: true }]) assert.deepEqual(texts(large(from(going, m))), ["No line: kept, and sent once"], m.t);
});

test("a snapshot replaces everything but what is on its way and not answered", () => {
  const state = play(OFFER, { ...OFFER, case: "d" }, TAKE, { t: "snapshot", at: {}, offers: [OFFER], heard_ms: 5_000 });
  assert.deepEqual(Object.keys(state.offers), ["c"]);
  assert.equal(state.offers.c.going, "claim");
  assert.equal(state.offers.c.ends_ms, 63_000);
  const asked = play(OFFER, TAKE, { t: "snapshot", at: {}, heard_ms: 5_000 });
  assert.equal(asked.offers.c.going, "claim");
  assert.deepEqual(from(asked, refused("taken")).offers, {});
  assert.deepEqual(play(OFFER, TAKE, { t: "snapshot", at: {}, held: [HELD], heard_ms: 5_000 }).offers, {});
});

test("the nearest offer stands first, side by side with the others, and one is looked at", () => {
  const state = play(FIX, FAR, OFFER);
  assert.deepEqual(nearestFirst(state).map((one) => one.case), ["c", "far"]);
  assert.deepEqual(marked(state, "data-chip").map((one) => one.attrs["data-chip"]), ["c", "far"]);
  assert.equal(marked(state, "data-take").length, 1);
});

test("a nearer offer does not push itself under the thumb", () => {
  const state = play(FIX, FAR, OFFER);
  assert.equal(focusOf(state), "far");
  assert.equal(primaryOf(state).case, "far");
  assert.equal(primaryOf(from(state, { t: "ui.look", case: "c" })).case, "c");
});

test("a press that was meant for the card that has just gone takes nothing", () => {
  const state = play(FIX, FAR, OFFER, { t: "tick", now_ms: 2_000 }, { t: "gone", case: "far", reason: "taken", heard_ms: 2_100 });
  assert.equal(primaryOf(state).case, "c");
  assert.equal(large(state).attrs["aria-disabled"], "true");
  assert.equal(from(state, TAKE).offers.c.going, null);
  const later = from(state, { t: "tick", now_ms: 2_100 + ARM_MS });
  assert.equal(large(later).attrs["aria-disabled"], null);
  assert.equal(from(later, TAKE).offers.c.going, "claim");
});

test("the first offer and one that was chosen are armed at once", () => {
  assert.equal(play(OFFER, TAKE).offers.c.going, "claim");
  assert.equal(play(FAR, OFFER, { t: "ui.look", case: "c" }, TAKE).offers.c.going, "claim");
});

test("when the ring has run out the button says so and does nothing more", () => {
  const over = play(OFFER, { t: "tick", now_ms: 59_000 });
  assert.equal(large(over).attrs["aria-disabled"], "true");
  assert.deepEqual(texts(large(over)), ["The time is up"]);
  assert.equal(from(over, TAKE).offers.c.going, null);
});

test("what is over cannot be declined either, and the reasons why say so", () => {
  const end = { t: "tick", now_ms: 59_000 };
  const over = play(OFFER, end);
  const ways = [...marked(over, "data-not-now"), ...marked(over, "data-sheet").filter((one) => one.attrs["data-sheet"] === "decline")];
  assert.deepEqual(ways.map((one) => one.attrs["aria-disabled"]), ["true", "true"]);
  for (const press of [{ t: "ui.not_now", case: "c" }, { t: "ui.not_now", case: "c", reason: "too_far" }]) assert.equal(from(over, press).offers.c.going, null);
  assert.equal(from(over, { t: "ui.sheet", kind: "decline", case: "c" }).sheet, null);
  const asked = play(OFFER, { t: "ui.sheet", kind: "decline", case: "c" });
  assert.deepEqual(marked(asked, "data-over"), []);
  const late = from(asked, end);
  assert.deepEqual(new Set(marked(late, "data-reason").map((one) => one.attrs["aria-disabled"])), new Set(["true"]));
  assert.equal(marked(late, "data-over").length, 1);
  assert.equal(from(late, { t: "ui.back" }).sheet, null);
  assert.equal(from(play(OFFER, { t: "tick", now_ms: 58_999 }), { t: "ui.not_now", case: "c" }).offers.c.going, "decline");
});

test("going off duty with a case is refused in a sentence, and passing it on is offered", () => {
  const state = play(HELD, { t: "ui.duty", on: false }, result({ t: "duty", on: false }, { ok: false, reason: "holds_case" }));
  assert.equal(state.on_duty, true);
  assert.match(seen(state), /You have an open case/);
  const [way] = marked(state, "data-pass-on");
  const passing = from(state, way.attrs.onclick, { t: "ui.transfer", case: "c" });
  assert.equal(passing.off_wish, true);
  assert.deepEqual(actOf(passing, { t: "ui.transfer", case: "c" }), { t: "transfer", case: "c", fence: 2 });
  const gone = from(passing, { t: "gone", case: "c", reason: "transferred" });
  assert.deepEqual([gone.held, gone.notices.length], [{}, 1]);
  assert.equal(from(gone, { t: "ui.duty", on: false }).off_wish, false);
});

test("the end of the shift is told with duty, and off duty nothing is open", () => {
  const state = play({ t: "ui.shift", value: "480" });
  assert.deepEqual(actOf(state, { t: "ui.duty", on: true }), { t: "duty", on: true, shift_min: 480 });
  assert.deepEqual(actOf(state, { t: "ui.duty", on: false }), { t: "duty", on: false });
  assert.deepEqual(play(OFFER, result({ t: "duty", on: false })).offers, {});
});

test("the map places the officer only by hand", () => {
  assert.equal(play(FIX, { t: "ui.map", x: 100, y: 0 }).fix.source, "gps");
  const moved = play(FIX, { t: "ui.by_hand" }, { t: "ui.map", x: 100, y: 0 });
  assert.equal(moved.fix.source, "hand");
  assert.ok(moved.fix.lon > 118.79);
});

test("my own beat is marked on the map", () => {
  assert.equal(marked(play(FIX), "class").filter((one) => one.attrs.class === "beat mine").length, 1);
});

test("the states of the page each show something of their own", () => {
  assert.match(seen(FIRST), /Sign in/);
  assert.match(seen(from(FIRST, ...HERE.slice(0, 2))), /Opening/);
  assert.match(read({ t: "fix", fix: { lat: 32, lon: 118, accuracy_m: 5, source: "hand" } }), /Waiting/);
  assert.match(read({ t: "no_fix" }), /Where are you\?/);
  assert.match(read(OFFER), /Take it/);
  assert.match(read(OFFER, { t: "line", line: "reconnecting" }), /Reconnecting/);
  assert.match(read({ t: "line", line: "refused", why: "replaced" }), /opened in another place/);
});

test("signing out leaves nothing of the person and keeps what the phone was set to", () => {
  const state = play(OFFER, HELD, { t: "ui.pref", name: "sun", on: true }, { t: "ui.sign_out" });
  assert.deepEqual([state.signed, state.offers, state.held, state.me], [null, {}, {}, null]);
  assert.equal(state.prefs.sun, true);
});

test("no message that the service may say is stumbled over, before the snapshot or after", () => {
  const empty = [{ t: "alarm", case: "x" }, { t: "case", case: "x" }, { t: "desk_case", case: "x" }, { t: "officer", officer: "o", on: true }, { t: "past", at: {} },
    { t: "beat", sent: 1, at: {} }, { t: "problem", code: "c", say: "s" }, { t: "moves", moved: [] }, { t: "read_to", case: "x", upto: 3 },
    { t: "talk", case: "x", lines: [] }, { t: "said", case: "x", line: { seq: 1, by: "desk", words: "w", at: "2026-11-29T10:00:00Z" } }, { t: "unheard_of" }];
  for (const m of empty) {
    assert.ok(seen(play(m)).length > 0, m.t);
    assert.ok(seen(from(FIRST, m)).length > 0, m.t);
  }
});

test("the card of an offer shows a place no more exact than it was told: a circle, never a pin, nor the way there", () => {
  const rough = play(OFFER, FIX);
  assert.deepEqual(marked(rough, "class").filter((one) => one.attrs.class === "pin"), []);
  assert.deepEqual(marked(rough, "r").filter((one) => one.attrs.class === "halo").map((one) => one.attrs.r), [71]);
  assert.deepEqual(marked(rough, "data-way"), []);
  assert.match(seen(rough), /Place to within 100 m until you take it/);
  assert.equal(marked(play(HELD, FIX), "class").filter((one) => one.attrs.class === "pin").length, 1);
});
