import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { locate, onEscapeTwice, openedWith } from "../../gateway/web/citizen/around.js";
import { adviceAsked, reportOf } from "../../gateway/web/citizen/draft.js";
import { etaOf, mayObject, mayTalk, mayWithdraw, stepsOf } from "../../gateway/web/citizen/following.js";
import { FIRST, reduce } from "../../gateway/web/citizen/reducer.js";
import { maySay, unreadOf } from "../../gateway/web/citizen/talking.js";
import { titleOf, viewFor } from "../../gateway/web/citizen/view.js";
import { nextSay, statusSay } from "../../gateway/web/citizen/view_case.js";
import { live } from "../../gateway/web/citizen/view_live.js";
import { pathOf } from "../../gateway/web/shared/qr.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const wordsIn = (lang) => wordsOf(lang, JSON.parse(readFileSync(new URL(`../../gateway/web/shared/words/${lang}.json`, import.meta.url))));
const [EN, ZH] = [wordsIn("en"), wordsIn("zh-CN")];
const AREAS = [{ id: "xw-1", kind: "station", station: "xw-1", name: "玄武门派出所", name_en: "Xuanwumen Station",
  rings: [[[118.78, 32.05], [118.8, 32.05], [118.8, 32.07], [118.78, 32.07], [118.78, 32.05]]] }];
const KINDS = ["bicycle", "noise", "dispute", "lost", "fraud", "theft", "animal", "other"].map((id) => ({ id, name: id, name_en: id }));
const PLACES = { t: "places", areas: AREAS, categories: KINDS };
const CASE = { t: "case", case: "c", status: "offered", station: "xw-1", category: "bicycle", received_ago_ms: 0, remaining_ms: 60_000,
  heard_ms: 1_000, wall_ms: 0 };
const LI = { call_sign: "0417", surname: "李", word: "4711" };
const ADVICE = { emergency: true, call: "110", because: [{ rule: "weapon", zh: "听起来有人持有武器。", en: "It sounds as if somebody has a weapon." }] };
const line = (seq, by, words = "x") => ({ seq, by, words, at: "2026-11-29T06:03:00Z" });

const on = (state, ...messages) => messages.reduce(reduce, state);
const play = (...messages) => on(FIRST, ...messages);
const say = (...messages) => statusSay(play(PLACES, ...messages), EN);
const shown = (state, words = EN) => texts(viewFor("110", () => live)(state, words)).join("\n");
const found = (state, wanted) => nodes(viewFor("110", () => live)(state, EN), wanted);
const FILLED = [PLACES, { t: "ui.map", x: 0, y: 0 }, { t: "ui.typed", field: "category", value: "bicycle" }, { t: "ui.typed", field: "words", value: " gone " }];
const LIVE = [PLACES, { t: "signed", case: "c" }, CASE];

// --- the form
test("a report is not sent before place, kind and words are there, and each lack is named and leads to its field", () => {
  const lacking = play(PLACES, { t: "ui.report" });
  assert.deepEqual(Object.keys(lacking.wrong), ["place", "category", "words"]);
  const links = found(lacking, (attrs) => String(attrs.href ?? "").startsWith("#") && attrs.class !== "skip").map((one) => one.attrs.href.slice(1));
  assert.deepEqual(links, ["where", "what", "words"]);
  for (const id of links) assert.equal(found(lacking, (attrs) => attrs.id === id).length, 1, id);
  const state = play(...FILLED, { t: "ui.report" });
  assert.deepEqual(state.wrong, {});
  assert.deepEqual(reportOf(state.draft), { category: "bicycle", words: "gone", lat: 32.06, lon: 118.79, accuracy_m: null, place_source: "pin" });
});

test("a number must be confirmed by its code before it goes along, and goes along only as what it was confirmed as", () => {
  const asked = play(...FILLED, { t: "phones", offered: true }, { t: "ui.typed", field: "how", value: "number" }, { t: "ui.report" });
  assert.deepEqual(Object.keys(asked.wrong), ["number"]);
  assert.equal(on(asked, { t: "ui.phone_ask" }).phone_going, null, "without a number there is nobody to write to");
  const sent = on(asked, { t: "ui.typed", field: "number", value: "138 0013 8000" }, { t: "ui.phone_ask" }, { t: "phone_sent", phone: "p1" });
  assert.equal(on(sent, { t: "ui.phone_code", value: "12 34" }, { t: "ui.phone_confirm" }).phone_going, null);
  assert.equal(on(sent, { t: "ui.phone_code", value: "123 456" }, { t: "ui.phone_confirm" }).phone_going, "confirm");
  const confirmed = on(sent, { t: "phone_confirmed", phone: "p1" }, { t: "ui.report" });
  assert.deepEqual(confirmed.wrong, {});
  assert.equal(reportOf(confirmed.draft).phone, "p1");
  assert.ok(!JSON.stringify(reportOf(confirmed.draft)).includes("8000"));
  assert.equal("phone" in reportOf(on(confirmed, { t: "ui.typed", field: "how", value: "nameless" }).draft), false);
  assert.equal(on(confirmed, { t: "ui.typed", field: "number", value: "139" }).draft.phone, null, "another number is another confirmation");
  assert.equal(on(confirmed, { t: "report_refused", refused: { code: "phone_not_confirmed" } }).draft.phone, null);
});

test("where no numbers can be confirmed, reporting is without a name and says so", () => {
  const state = play(...FILLED, { t: "draft", draft: { how: "number" } }, { t: "phones", offered: false });
  assert.equal(state.draft.how, "nameless");
  assert.deepEqual(on(state, { t: "ui.report" }).wrong, {});
  assert.match(shown(state), /Numbers cannot be confirmed here/);
  assert.equal(found(state, (attrs) => attrs.name === "how").length, 1);
});

test("six kinds stand there at once, the others behind one button, and a chosen one is never hidden", () => {
  const radios = (state) => found(state, (attrs) => attrs.name === "category").length;
  assert.equal(radios(play(PLACES)), 6);
  assert.equal(radios(play(PLACES, { t: "ui.more" })), 8);
  assert.equal(radios(play(PLACES, { t: "ui.typed", field: "category", value: "animal" })), 8);
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

test("coordinates of WeChat's maps are taken as such: typed, handed over, and shown again as they were given", () => {
  const typed = play(PLACES, { t: "begin", datum: "gcj02", at: null }, { t: "ui.typed", field: "typed", value: "32.057934, 118.795195" });
  assert.ok(Math.abs(typed.draft.pin.lat - 32.06) < 1e-5 && Math.abs(typed.draft.pin.lon - 118.79) < 1e-5, JSON.stringify(typed.draft.pin));
  const handed = play({ t: "begin", datum: "gcj02", at: { lat: 32.057934, lon: 118.795195 }, accuracy_m: 20 });
  assert.deepEqual(handed.draft.pin, typed.draft.pin);
  assert.equal(handed.draft.typed, "32.057934, 118.795195");
  assert.equal(handed.draft.accuracy_m, 20);
});

test("how the page was opened is read from the address, where a fragment wins", () => {
  assert.deepEqual(openedWith("", ""), { datum: "wgs84", at: null, accuracy_m: null });
  assert.deepEqual(openedWith("?datum=gcj02", "#at=32.05,118.79&accuracy=20"), { datum: "gcj02", at: { lat: 32.05, lon: 118.79 }, accuracy_m: 20 });
  assert.deepEqual(openedWith("?datum=other&at=1000,2", ""), { datum: "wgs84", at: null, accuracy_m: null });
});

test("the own position is asked of the app around the page first, else of the browser, else it is said that there is none", () => {
  const heard = [];
  const tell = { at: (point) => heard.push(point), not: () => heard.push("not") };
  locate(tell, { wx: { getLocation: ({ type, success }) => success({ latitude: "32", longitude: "118", accuracy: "30", type }) } });
  locate(tell, { navigator: { geolocation: { getCurrentPosition: (good) => good({ coords: { latitude: 1, longitude: 2, accuracy: 3 } }) } } });
  locate(tell, { wx: { getLocation: ({ fail }) => fail() }, navigator: {} });
  assert.deepEqual(heard, [{ lat: 32, lon: 118, accuracy_m: 30, datum: "gcj02" }, { lat: 1, lon: 2, accuracy_m: 3, datum: "wgs84" }, "not"]);
});

// --- an emergency
test("what sounds like an emergency stops the form until it is answered, and keeps every word", () => {
  const told = play(...FILLED, { t: "advice", advice: ADVICE });
  assert.match(shown(told), /This sounds urgent\. Call 110 now\./);
  assert.match(shown(told, ZH), /情况紧急，请立即拨打 110。/);
  assert.equal(found(told, (attrs) => "data-report" in attrs).length, 0, "REPORT gives way to the call");
  assert.ok(found(told, (attrs) => attrs.href === "tel:110").length >= 2);
  assert.equal(told.draft.words, " gone ");
  const on_all_the_same = on(told, { t: "ui.go_on" });
  assert.equal(found(on_all_the_same, (attrs) => "data-report" in attrs).length, 1);
  assert.equal(reportOf(on_all_the_same.draft, on_all_the_same.over.length > 0).advised, true);
});

test("an answered emergency is not asked about again, another one is; and it goes when the words go", () => {
  const answered = play(...FILLED, { t: "advice", advice: ADVICE }, { t: "ui.go_on" }, { t: "advice", advice: ADVICE });
  assert.equal(answered.advice, null);
  const fire = { ...ADVICE, call: "119", because: [{ rule: "fire", zh: "", en: "" }] };
  assert.match(shown(on(answered, { t: "advice", advice: fire })), /Call 119 now/);
  assert.equal(on(answered, { t: "advice", advice: fire }, { t: "advice", advice: { emergency: false } }).advice, null);
});

test("the service's own refusal for an emergency opens the same panel, and going on says that the advice was heard", () => {
  const refused = play(...FILLED, { t: "sending", sending: "going" }, { t: "report_refused", refused: { code: "emergency", call: "120", detail: "", advice: null } });
  assert.match(shown(refused), /Call 120 now/);
  assert.equal(refused.sending, "no");
  const going_on = on(refused, { t: "ui.go_on" });
  assert.equal(going_on.advice, null);
  assert.ok(going_on.over.length > 0);
});

test("a late advice in the talk stays until it is answered, whatever the form's own questions say", () => {
  const late = play(...LIVE, { t: "advice", advice: ADVICE, late: true });
  assert.match(shown(late), /Your message has reached the station/);
  assert.ok(on(late, { t: "advice", advice: { emergency: false } }).advice);
  assert.equal(on(late, { t: "ui.go_on" }).advice, null);
});

test("a yes to a question is said with the words, a second press takes it back", () => {
  const yes = play(PLACES, { t: "ui.answer", id: "danger_now" });
  assert.deepEqual(adviceAsked(yes.draft), { category: null, words: "", answers: { danger_now: "yes" } });
  assert.equal(adviceAsked(on(yes, { t: "ui.answer", id: "danger_now" }).draft), null);
});

// --- the code
test("the code is shown as text and picture until it is kept, then never again", () => {
  const state = play(PLACES, { t: "reported", receipt: "ABCD-EFGH" }, { t: "qr", size: 4, path: "M0 0h4v1H0z" }, { t: "signed" }, CASE);
  assert.ok(shown(state).includes("ABCD-EFGH"));
  assert.equal(found(state, (attrs) => attrs.class === "qr").length, 1);
  const kept = reduce(state, { t: "ui.kept" });
  assert.ok(!JSON.stringify(kept).includes("ABCD-EFGH"));
  assert.equal(kept.qr, null);
});

test("the picture's path covers the dark squares and no others", () => {
  const rows = ["#.##", "....", "##.#", "####"];
  const path = pathOf({ size: 4, get: (x, y) => rows[y]?.[x] === "#" });
  assert.equal(path, "M0 0h1v1H0zM2 0h2v1H2zM0 2h2v1H0zM3 2h1v1H3zM0 3h4v1H0z");
});

test("leaving in a hurry empties the state for good", () => {
  const gone = play(...LIVE, { t: "reported", receipt: "ABCD-EFGH" }, { t: "ui.exit" });
  assert.deepEqual(viewFor("110", () => live)(gone, EN), []);
  assert.deepEqual(on(gone, CASE, PLACES, { t: "tick", now_ms: 5 }), gone);
  assert.equal(titleOf(gone, EN), "Notes");
});

test("in silent mode nothing at the top names the police, and a way out stands there", () => {
  const state = play(...LIVE, { t: "ui.silent", on: true });
  assert.equal(titleOf(state, EN), "Notes");
  assert.equal(titleOf(state, ZH), "备忘");
  assert.equal(found(state, (attrs) => "data-exit" in attrs).length, 1);
  assert.equal(found(play(...LIVE), (attrs) => "data-exit" in attrs).length, 0);
});

test("two presses of Escape within a second leave, one does not, nor two outside silent mode", () => {
  let press;
  let silent = true;
  let left = 0;
  onEscapeTwice(() => silent, () => { left += 1; }, { addEventListener: (_name, heard) => { press = (timeStamp, key = "Escape") => heard({ key, timeStamp }); } });
  press(1_000);
  press(2_500);
  assert.equal(left, 0);
  press(3_000);
  assert.equal(left, 1);
  silent = false;
  press(9_000);
  press(9_100);
  assert.equal(left, 1);
});

// --- the case
test("the countdown ends where the server's remaining milliseconds say, by this page's clock", () => {
  assert.equal(play(PLACES, CASE).case.ends_ms, 61_000);
  assert.equal(play(PLACES, CASE, { ...CASE, status: "claimed", officers: [LI] }).case.ends_ms, null);
});

test("each moment has its true sentence", () => {
  assert.match(say(CASE), /^Received \d\d:\d\d\. Officers nearby are being asked\.$/);
  const claimed = { ...CASE, status: "claimed", officers: [LI] };
  assert.equal(say(claimed), "Officer 0417 (Li) has taken it.");
  const near = { t: "moves", moved: [{ call_sign: "0417", place: { lat: 32, lon: 118, within_m: 200 }, eta_s: [380, 540] }] };
  assert.equal(say(claimed, near), "Officer 0417 (Li) has taken it, about 6 to 9 minutes away.");
  assert.equal(statusSay(play(PLACES, claimed, near), ZH), "0417 李警官已接单，约 6 至 9 分钟到达。");
  assert.match(say({ ...CASE, status: "at_station", desk_reason: "nobody_near" }), /^Nobody nearby was free\. Xuanwumen Station has it now/);
  assert.match(say({ ...CASE, status: "at_station", desk_reason: "window_closed", acknowledged: true }), /has seen it/);
  assert.match(say({ ...CASE, status: "at_station", desk_reason: "objected", acknowledged: true }), /A supervisor of Xuanwumen Station/);
  assert.match(say({ ...CASE, status: "at_station", desk_reason: "preempted" }), /more urgent/);
  assert.equal(say({ ...CASE, status: "cleared", disposition: "advice_given" }), "Closed: advice given.");
  assert.equal(say({ ...CASE, status: "cleared", disposition: "advice_given", manner: "telephone" }), "Closed by telephone: advice given.");
  assert.equal(say({ ...CASE, status: "cleared", disposition: "referred", referred_to: "12345" }), "Closed: passed on to 12345, who are responsible for it.");
  assert.equal(say({ ...CASE, status: "withdrawn" }), "You withdrew it. Nobody will come.");
});

test("every status and every reason at the desk has a sentence of its own words in both languages", () => {
  const statuses = ["received", "offered", "claimed", "en_route", "on_scene", "at_station", "cleared", "withdrawn", "merged"];
  const reasons = ["window_closed", "nobody_near", "handed_back", "all_declined", "shift_end", "unmerged", "split", "desk_first", "taken_back",
    "objected", "preempted", "silent", "hold_over", "appointment_declined", "handed_over", "unstaffed"];
  const cases = [...statuses.map((status) => ({ ...CASE, status, officers: [LI] })), ...reasons.map((desk_reason) => ({ ...CASE, status: "at_station", desk_reason }))];
  for (const words of [EN, ZH]) {
    for (const one of cases) {
      const text = statusSay(play(PLACES, one), words) + (nextSay(play(PLACES, one), words) ?? "");
      assert.doesNotMatch(text, /\[|\{|undefined/, JSON.stringify(one));
    }
  }
});

test("the next thing is said with its time: the seconds left, then that the station gets it", () => {
  assert.equal(nextSay(play(PLACES, CASE, { t: "tick", now_ms: 21_000 }), EN), "If nobody takes it within 40 s, Xuanwumen Station has it.");
  assert.equal(nextSay(play(PLACES, CASE, { t: "tick", now_ms: 61_000 }), EN), "Xuanwumen Station gets it now.");
});

test("the range of arrival is shown only from claim to arrival, and never from nought", () => {
  const moves = { t: "moves", moved: [{ call_sign: "0417", place: { lat: 32, lon: 118, within_m: 5 }, eta_s: [10, 50] }] };
  const claimed = { ...CASE, status: "claimed", officers: [LI] };
  assert.deepEqual(etaOf(play(claimed, moves)), { low: 1, high: 2 });
  assert.equal(etaOf(play(claimed, moves, { ...claimed, status: "on_scene" })), null);
});

test("the map stands there from claim to arrival only, at the place that the service tells where this page knows none", () => {
  const map = (status, more = {}) => found(play(PLACES, { t: "signed" }, { ...CASE, status, officers: [LI], ...more }), (attrs) => attrs.class === "map").length;
  const place = { lat: 32.06, lon: 118.79, within_m: 0 };
  assert.deepEqual(["offered", "claimed", "en_route", "on_scene", "cleared"].map((status) => map(status, { place })), [0, 1, 1, 0, 0]);
  assert.equal(map("en_route"), 0, "without a place there is nothing to draw");
});

test("an officer who no longer holds the case leaves the map", () => {
  const moves = { t: "moves", moved: [{ call_sign: "0417", place: { lat: 32, lon: 118, within_m: 5 }, eta_s: [60, 90] }] };
  const state = play({ ...CASE, status: "claimed", officers: [LI] }, moves, { ...CASE, status: "offered", officers: [] });
  assert.deepEqual(state.movers, {});
});

test("who is coming stands there with the word for the door, which goes when it was said", () => {
  const coming = play(...LIVE, { ...CASE, status: "en_route", officers: [LI] });
  assert.match(shown(coming), /Officer 0417 \(Li\)/);
  assert.match(shown(coming), /4 7 1 1/);
  const met = on(coming, { ...CASE, status: "on_scene", officers: [{ call_sign: "0417", surname: "李", met: true }] });
  assert.match(shown(met), /you have met/);
  assert.doesNotMatch(shown(met), /4 7 1 1/);
});

test("the steps say what is done, what is now, and when it was", () => {
  const entries = [["received", "06:00"], ["offer_opened", "06:00"], ["claimed", "06:01"], ["set_out", "06:02"]].map(([kind, at]) => ({ kind, at: `2026-11-29T${at}:00Z` }));
  const steps = stepsOf({ status: "en_route" }, entries);
  assert.deepEqual(steps.map((one) => `${one.name} ${one.kind}`), ["received done", "offered done", "claimed done", "en_route now", "on_scene later"]);
  assert.equal(steps[3].at_ms, Date.parse("2026-11-29T06:02:00Z"));
  assert.equal(steps[4].at_ms, null);
  const desk = stepsOf({ status: "at_station" }, [{ kind: "received", at: "2026-11-29T06:00:00Z" }, { kind: "sent_to_desk", at: "2026-11-29T06:00:00Z" }]);
  assert.deepEqual(desk.map((one) => one.name), ["received", "at_station", "cleared"], "nobody was asked, and it does not say so");
  const first = stepsOf({ status: "at_station", desk_reason: "desk_first" }, []);
  assert.deepEqual(first.map((one) => one.name), ["received", "at_station", "cleared"], "nor before it has read the steps");
});

// --- what can still be done
test("a withdrawal is asked for twice, and a refusal of it is told", () => {
  const asked = play(...LIVE, { t: "ui.ask", act: "withdraw" });
  assert.match(shown(asked), /Nobody will come/);
  const refused = on(asked, { t: "ui.withdraw_sure" }, { t: "result", ok: false, reason: "illegal", act: { t: "withdraw" } });
  assert.deepEqual(refused.going, {});
  assert.ok(shown(refused).includes(EN.say("refused.illegal")));
  assert.deepEqual(["offered", "on_scene", "cleared"].map((status) => mayWithdraw({ status })), [true, false, false]);
  assert.equal(mayWithdraw({ status: "offered", merged: true }), false);
});

test("a question that the case has overtaken goes by itself", () => {
  assert.equal(play(...LIVE, { t: "ui.ask", act: "withdraw" }, { ...CASE, status: "on_scene", officers: [LI] }).asked, null);
});

test("not solved can be said while there is time, with words, and never of a joined report", () => {
  const cleared = { ...CASE, status: "cleared", disposition: "founded", object_ms: 5 };
  assert.equal(mayObject(cleared), true);
  assert.equal(mayObject({ ...cleared, object_ms: 0 }), false);
  assert.equal(mayObject({ ...cleared, merged: true }), false);
  const empty = play(...LIVE, cleared, { t: "ui.ask", act: "object" }, { t: "ui.object" });
  assert.equal(empty.going.object, undefined);
  assert.match(shown(empty), /Say in a few words what is not solved/);
  const sent = on(empty, { t: "ui.object_words", value: "Still gone." }, { t: "ui.object" });
  assert.equal(sent.going.object, true);
  assert.equal(on(sent, { t: "result", ok: true, act: { t: "object" } }).asked, null);
});

test("a rating is given once and then shown", () => {
  const cleared = { ...CASE, status: "cleared", disposition: "founded", object_ms: 5 };
  const state = play(...LIVE, cleared, { t: "ui.rate" });
  assert.equal(state.going.rate, undefined, "without stars there is nothing to send");
  assert.equal(on(state, { t: "ui.stars", value: "4" }, { t: "ui.rate" }).going.rate, true);
  const rated = play(...LIVE, { ...cleared, stars: 4 });
  assert.match(shown(rated), /You rated it 4 of 5/);
  assert.equal(found(rated, (attrs) => attrs.name === "stars").length, 0);
});

test("an appointment is answered once; afterwards it says what was answered", () => {
  const offered = { ...CASE, status: "at_station", appointment: { begins: "2026-11-30T08:00:00Z", ends: "2026-11-30T09:00:00Z", answer: "offered" } };
  const state = play(...LIVE, offered);
  assert.equal(found(state, (attrs) => attrs.onclick?.t === "ui.appointment").length, 2);
  const accepted = on(state, { ...offered, appointment: { ...offered.appointment, answer: "accepted" } });
  assert.equal(found(accepted, (attrs) => attrs.onclick?.t === "ui.appointment").length, 0);
  assert.match(shown(accepted), /You accepted/);
});

// --- the talk
test("what was pressed stands there as not sent until the service has it, and stands there once", () => {
  const pressed = play(...LIVE, { t: "ui.line", value: "Hello" }, { t: "saying", key: "k1", words: "Hello" });
  assert.equal(pressed.writing, "");
  assert.match(shown(pressed), /Not sent yet/);
  const heard = on(pressed, { t: "said", case: "c", line: line(4, "reporter", "Hello") });
  assert.deepEqual([heard.unsent.length, heard.lines.length], [0, 1]);
  assert.deepEqual(on(heard, { t: "result", key: "k1", ok: true, act: { t: "say", words: "Hello" } }, { t: "said", line: line(4, "reporter", "Hello") }).lines.length, 1);
});

test("a refused line comes back into the field, with the reason", () => {
  const state = play(...LIVE, { t: "saying", key: "k1", words: "Hello" }, { t: "result", key: "k1", ok: false, reason: "too_often", act: { t: "say", words: "Hello" } });
  assert.equal(state.writing, "Hello");
  assert.deepEqual(state.unsent, []);
  assert.ok(shown(state).includes(EN.say("refused.too_often")));
});

test("lines of others count as unread until they were read, own ones never", () => {
  const state = play(...LIVE, { t: "talk", lines: [line(3, "reporter"), line(4, "desk"), line(5, "officer")], upto: 3 });
  assert.equal(unreadOf(state), 2);
  assert.match(shown(state), /2 new/);
  assert.equal(unreadOf(on(state, { t: "ui.read" })), 0);
  assert.equal(unreadOf(on(state, { t: "read_to", upto: 4 })), 1);
});

test("a fresh snapshot replaces the latest lines and keeps the earlier ones that were fetched", () => {
  const state = play(...LIVE, { t: "talk", lines: [line(5, "desk")], more: true }, { t: "earlier", lines: [line(2, "desk"), line(3, "desk")], more: false },
    { t: "snapshot", cases: [], talks: [{ lines: [line(5, "desk"), line(6, "desk")], more: true }] });
  assert.deepEqual(state.lines.map((one) => one.seq), [2, 3, 5, 6]);
  assert.equal(state.more, false);
});

test("the talk closes with the case, and a joined report's own is closed", () => {
  assert.equal(mayTalk({ status: "cleared" }), false);
  assert.equal(mayTalk({ status: "offered", merged: true }), false);
  const open = play(...LIVE, { t: "ui.line", value: "Hello" });
  assert.equal(maySay(open), true);
  assert.equal(maySay(on(open, { ...CASE, status: "cleared" })), false);
  assert.match(shown(on(open, { t: "talk", lines: [line(3, "desk")] }, { ...CASE, status: "cleared" })), /The messages ended with the case/);
});

// --- the page
test("the five states of the page each show something of their own", () => {
  const show = (...messages) => shown(play(...messages));
  assert.match(show(), /Opening/);
  assert.match(show(PLACES), /What happened/);
  assert.match(show(PLACES, { t: "signed" }, CASE), /Officers nearby/);
  assert.match(show(PLACES, { t: "signed" }, CASE, { t: "line", line: "reconnecting" }, { t: "tick", now_ms: 9_000 }), /Reconnecting\. Last word from the server 9 s ago/);
  assert.match(show(PLACES, { t: "signed" }, { t: "line", line: "refused", why: "revoked" }), /Your code opens it again/);
});

test("another report begins with an empty form, in the same town and the same mode", () => {
  const state = play(...FILLED, { t: "ui.silent", on: true }, { t: "signed" }, CASE, { t: "ui.another" });
  assert.equal(state.draft.words, "");
  assert.equal(state.signed, false);
  assert.equal(state.silent, true);
  assert.equal(state.places, true);
});

test("the same messages make the same state again", () => {
  const log = [PLACES, { t: "ui.map", x: 3, y: 4 }, { t: "signed" }, CASE, { t: "tick", now_ms: 2 }];
  assert.deepEqual(play(...log), play(...log));
  assert.deepEqual(JSON.parse(JSON.stringify(play(...log))), play(...log));
});

test("two who come are two, and nobody is told of a day until which an objection is no longer possible", () => {
  const two = { ...CASE, officers: [LI, { call_sign: "0423", surname: "王", word: "0815" }] };
  assert.equal(say({ ...two, status: "claimed" }), "Officers 0417 (Li), 0423 (Wang) have taken it.");
  assert.equal(say({ ...two, status: "on_scene" }), "Officers 0417 (Li), 0423 (Wang) are at the place.");
  assert.equal(say({ ...CASE, status: "on_scene", officers: [LI] }), "Officer 0417 (Li) is at the place.");
  const ended = { ...CASE, status: "cleared", disposition: "advice_given" };
  assert.match(nextSay(play(PLACES, { ...ended, object_ms: 86_400_000 }), EN), /say so until/);
  for (const over of [{ object_ms: 0 }, { object_ms: 86_400_000, merged: true }]) assert.equal(nextSay(play(PLACES, { ...ended, ...over }), EN), null);
});
