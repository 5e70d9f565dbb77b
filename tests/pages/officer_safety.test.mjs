import assert from "node:assert/strict";
import { test } from "node:test";

import { Call } from "../../gateway/web/officer/calling.js";
import { ASK_MS } from "../../gateway/web/officer/helping.js";
import { AGAIN_MS, SIGNALS, once, ringing } from "../../gateway/web/officer/signals.js";
import { FIRST, reduce } from "../../gateway/web/officer/reducer.js";
import { view } from "../../gateway/web/officer/view.js";
import { nodes } from "./trees.mjs";
import { CLAIM, EN, FIX, HELD, HERE, ME, OFFER, TAKE, ZH, from, large, marked, play, read, result, seen } from "./officer_town.mjs";

const HELP = { t: "help", panic: "p", officer: "other", call_sign: "0423", surname: "王", station: "xw-1", raised_at: "2026-11-29T10:00:00Z", place: { lat: 32.065, lon: 118.79, within_m: 5 } };
const OWN = { ...HELP, officer: ME, call_sign: "0417", told: 3 };
const panic = (state) => marked(state, "data-panic").map((one) => one.attrs["data-panic"]);

test("the bar for help stands on every screen of who is signed in", () => {
  const screens = [[], [FIX], [OFFER], [HELD], [OFFER, { t: "ui.sheet", kind: "decline", case: "c" }], [HELD, { t: "ui.sheet", kind: "talk", case: "c" }],
    [HELD, { t: "ui.sheet", kind: "ways", case: "c" }], [{ t: "ui.sheet", kind: "settings" }], [{ t: "line", line: "reconnecting" }], [{ t: "line", line: "refused", why: "replaced" }]];
  for (const messages of screens) assert.deepEqual(panic(play(...messages)), ["none"], JSON.stringify(messages));
  assert.deepEqual(panic(from(FIRST, ...HERE.slice(0, 2))), ["none"], "also before the service has answered");
  assert.match(seen(FIRST), /Help by this page needs a sign-in\. Without one, call 110\./);
});

test("held it calls, let go it does not, and a short press asks first", () => {
  const down = play({ t: "ui.panic_down" });
  assert.deepEqual(panic(down), ["holding"]);
  assert.deepEqual(panic(from(down, { t: "ui.panic_up" })), ["none"]);
  assert.deepEqual(panic(from(down, { t: "panic.go" })), ["sending"]);
  const asked = from(down, { t: "ui.panic_up" }, { t: "ui.panic_tap" });
  assert.deepEqual(panic(asked), ["yes", "no", "none"]);
  assert.deepEqual(panic(from(asked, { t: "ui.panic_no" })), ["none"]);
  assert.deepEqual(panic(from(asked, marked(asked, "data-panic")[0].attrs.onclick)), ["sending"]);
  assert.deepEqual(panic(from(asked, { t: "tick", now_ms: ASK_MS + 1 })), ["none"]);
  assert.equal(large(from(play(OFFER), { t: "ui.panic_tap" })), null, "the question has the place of the large button");
});

test("a key that is let go early asks, as a press by a screen reader does", () => {
  assert.deepEqual(panic(play({ t: "ui.panic_down", did: "hold" }, { t: "ui.panic_up", did: "hold", asks: true })), ["yes", "no", "none"]);
});

test("who was told is shown until the desk ends it, also over a new line and after a reload", () => {
  const raised = play({ t: "panic.go" }, OWN);
  assert.match(seen(raised), /You called for help/);
  assert.match(seen(raised), /who were told: 3\./);
  assert.deepEqual(panic(raised), []);
  assert.match(seen(from(FIRST, ...HERE, { t: "snapshot", at: {}, panics: [OWN], heard_ms: 0 })), /You called for help/);
  const over = from(raised, { ...OWN, over: true });
  assert.match(seen(over), /The desk has ended your call for help/);
  assert.deepEqual(panic(over), ["none"]);
  assert.match(read({ t: "panic.go" }, { ...OWN, told: undefined }), /No other officer is on duty near you/);
  assert.match(read({ t: "panic.go" }, { ...OWN, place: undefined }), /Nobody knows where you are/);
});

test("a call that went by HTTP stands although no line has told of it yet; ended meanwhile it goes", () => {
  const raised = play({ t: "line", line: "reconnecting" }, { t: "panic.go" }, result({ t: "panic" }, { more: { panic: "p" } }));
  assert.match(seen(raised), /Whom it told is shown as soon as the line is back/);
  assert.deepEqual(panic(from(raised, { t: "snapshot", at: {}, panics: [], heard_ms: 0 })), ["none"]);
});

test("one call at a time", () => {
  const sending = play({ t: "panic.go" });
  for (const m of [{ t: "panic.go" }, { t: "ui.panic_down" }, { t: "ui.panic_tap" }]) assert.equal(from(sending, m), sending, m.t);
  assert.match(seen(sending), /Not through yet; tried again and again/);
});

test("an officer nearby who calls is an alarm with distance, way and an end", () => {
  const state = play(FIX, HELP);
  assert.match(seen(state), /0423 \(Wang\) calls for help\n560 m north · 2 min/);
  assert.equal(marked(state, "data-way").length, 4);
  assert.equal(ringing(state), "alarm");
  const noted = from(state, { t: "ui.help_seen", panic: "p" });
  assert.equal(ringing(noted), null);
  assert.equal(marked(noted, "data-help").length, 1, "it stays on the screen");
  const moved = from(noted, { t: "moves", moved: [{ call_sign: "0423", officer: "other", place: { lat: 32.07, lon: 118.79, within_m: 5 } }] });
  assert.match(seen(moved), /1\.1 km north/);
  assert.match(seen(from(moved, { ...HELP, over: true })), /The call for help of 0423 is over/);
});

test("a call for help goes over HTTP where no line answers, again and again under one key, and stops with the answer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const live of [true, false]) {
    const posted = [];
    const told = [];
    let fails = 2;
    const call = new Call({ line: { act: (m) => { posted.push(["line", m]); return "key"; } }, live: () => live, send: (m) => told.push(m),
      post: async (body) => { posted.push(["http", body]); if (fails-- > 0) throw new Error("away"); return { ok: true, more: { panic: "p" } }; } });
    call.start({ lat: 1, lon: 2, accuracy_m: 9, source: "gps" });
    call.start(null);
    assert.deepEqual(posted, [["line", { t: "panic", lat: 1, lon: 2, accuracy_m: 9 }]]);
    t.mock.timers.tick(0);
    assert.equal(posted.length, live ? 1 : 2, "an open line is given a moment to answer");
    for (let i = 0; i < 8; i += 1) {
      t.mock.timers.tick(2_000);
      await new Promise((done) => setImmediate(done));
    }
    assert.deepEqual([...new Set(posted.slice(1).map(([, body]) => body.key))], ["key"]);
    assert.equal(posted.length, 4, "two failed, the third was the last");
    assert.deepEqual([told.length, told[0].ok, told[0].act.t], [1, true, "panic"]);
    call.stop();
  }
});

test("what goes on sounding is the most urgent thing that nobody has answered", () => {
  assert.equal(ringing(play()), null);
  assert.equal(ringing(play(OFFER)), "offer");
  assert.equal(ringing(play(OFFER, { t: "tick", now_ms: 50_000 })), "hurry");
  assert.equal(ringing(play(OFFER, { t: "tick", now_ms: 60_000 })), null);
  assert.equal(ringing(play(OFFER, TAKE)), null);
  const well = { ...HELD, case: "d", state: "on_scene", check_in: "asked" };
  assert.equal(ringing(play(OFFER, well)), "well");
  assert.equal(ringing(play(OFFER, well, HELP)), "alarm");
  assert.equal(ringing(play(OWN)), null, "the own call makes no noise");
  assert.equal(ringing(from(play(OFFER), { t: "ui.sign_out" })), null);
  for (const kind of Object.keys(AGAIN_MS)) assert.ok(SIGNALS[kind]);
});

test("what sounds once: won, lost, told, said", () => {
  const heard = (before, m) => once(before, reduce(before, m), m);
  assert.equal(heard(play(OFFER, TAKE), HELD), "won");
  assert.equal(heard(play(), HELD), "told");
  assert.equal(heard(play(OFFER, TAKE), result(CLAIM, { ok: false, case: "c", reason: "taken" })), "lost");
  assert.equal(heard(play(OFFER), { t: "gone", case: "c", reason: "taken" }), null);
  assert.equal(heard(play(HELD), { t: "gone", case: "c", reason: "preempted" }), "told");
  assert.equal(heard(play(HELD), { ...HELD, watch: "nudged" }), "told");
  assert.equal(heard(play(HELD), { t: "said", case: "c", line: { seq: 1, by: "desk", words: "w", at: "2026-11-29T10:00:00Z" } }), "said");
});

test("each of sound, vibration and screen says what this phone is able to do, and has its switch", () => {
  for (const [can, says] of [[{ sound: "none" }, "makes no sound"], [{ sound: "locked" }, "after the first press"], [{ sound: "ready" }, "Ready"], [{ vibration: false }, "does not vibrate"],
    [{ awake: "none" }, "phone's own screen time"], [{ awake: "held" }, "The screen stays on"], [{ awake: "refused" }, "refused"]]) {
    const state = play({ t: "ui.sheet", kind: "settings" }, { t: "can", can });
    assert.ok(seen(state).includes(says), says);
  }
  const state = play({ t: "ui.sheet", kind: "settings" });
  for (const name of ["sound", "vibration", "awake", "sun"]) {
    const toggle = marked(state, "data-pref").findLast((one) => one.attrs["data-pref"] === name);
    assert.equal(from(state, toggle.attrs.onclick).prefs[name], !FIRST.prefs[name], name);
  }
});

test("the bar at the bottom goes with what stood on it, and the head says no call sign that is not known", () => {
  const docks = (state) => nodes(view(state, EN), (attrs) => attrs.class === "dock");
  assert.equal(docks(play()).length, 1);
  assert.equal(docks(play({ t: "panic.go" }, OWN)).length, 0);
  assert.equal(docks(play(OFFER, { t: "panic.go" }, OWN)).length, 1, "there is still something to press");
  assert.doesNotMatch(seen(from(FIRST, HERE[0], { t: "signed", signed: { role: "officer" } }), ZH), /^ ?号民警/m);
  assert.match(seen(FIRST), /Call 110/, "who is not signed in can call by one press");
});
