import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { wordsOf } from "../../gateway/web/shared/words.js";
import { ACTS, allowed, messageOf, missing, pullable } from "../../gateway/web/station/acts.js";
import { drawnAt } from "../../gateway/web/station/drag.js";
import { actOf } from "../../gateway/web/station/form.js";
import { focusAfter, meaning } from "../../gateway/web/station/keys.js";
import { CLOSED_SHOWN, LINES_KEPT } from "../../gateway/web/station/live.js";
import { alarms, candidates, groups, mergeable, rings, roster } from "../../gateway/web/station/queue.js";
import { FIRST, reduce } from "../../gateway/web/station/reducer.js";
import { AGAIN_MS, due } from "../../gateway/web/station/sounds.js";
import { view } from "../../gateway/web/station/view.js";
import { membersOf } from "./officer_town.mjs";
import { nodes, texts } from "./trees.mjs";

const file = (lang) => JSON.parse(readFileSync(new URL(`../../gateway/web/shared/words/${lang}.json`, import.meta.url)));
const EN = wordsOf("en", file("en"));
const ZH = wordsOf("zh-CN", file("zh-CN"));
const RING = [[[118.78, 32.05], [118.80, 32.05], [118.80, 32.07], [118.78, 32.07], [118.78, 32.05]]];
const AREAS = ["xw-1", "xw-2"].map((id) => ({ id, kind: "station", station: id, name: `${id}所`, name_en: `Station ${id}`, rings: RING }));
const WALL = Date.UTC(2026, 10, 29, 6, 0);
const heard = (ms) => ({ heard_ms: ms, wall_ms: WALL + ms });
const PLACES = { t: "places", areas: AREAS, categories: [{ id: "bicycle", name: "自行车", name_en: "Bicycle", seats: 1, priority: 3 },
  { id: "missing", name: "走失", name_en: "Missing person", seats: 2, priority: 1 }, { id: "found", name: "拾获", name_en: "Found", seats: 1, priority: 5 }] };
const OFFICERS = [["o", "0417", "李"], ["p", "0423", "王"], ["r", "0431", "张"]].map(([officer, call_sign, surname]) => ({ t: "officer", officer, call_sign, surname, on: true }));
const ME = { t: "me", role: "desk", station: "xw-1", account: "acc-1" };
const HERE = [PLACES, { t: "signed", signed: { role: "desk" } }, { t: "welcome", role: "desk", station: "xw-1", ...heard(0) }, ME,
  { t: "snapshot", at: {}, officers: OFFICERS, ...heard(0) },
  { t: "moves", moved: [{ officer: "o", place: { lat: 32.061, lon: 118.79 } }, { officer: "p", place: { lat: 32.09, lon: 118.79 } }], ...heard(0) }];
const SUPERVISOR = HERE.map((m) => (m.t === "signed" ? { t: "signed", signed: { role: "supervisor", station: "xw-1" } } : m.t === "welcome" || m.t === "me" ? { ...m, role: "supervisor" } : m));
const CASE = { t: "desk_case", case: "c", seq: 2, station: "xw-1", status: "offered", category: "bicycle", words: "A bicycle is gone.",
  place: { lat: 32.06, lon: 118.79, within_m: 5 }, received_ago_ms: 0, round: 1, seats: 1, remaining_ms: 60_000, ...heard(1_000) };
const AT_DESK = { ...CASE, seq: 4, status: "at_station", desk_reason: "window_closed", remaining_ms: null };
const SEAT = { officer: "o", call_sign: "0417", surname: "李", state: "claimed" };
const HELD = { ...CASE, seq: 5, status: "claimed", remaining_ms: null, holders: [SEAT] };
const play = (...messages) => [...HERE, ...messages].reduce(reduce, FIRST);
const boss = (...messages) => [...SUPERVISOR, ...messages].reduce(reduce, FIRST);
const names = (state) => groups(state).map((group) => group.cases.map((one) => one.case).join(","));
const read = (state, words = EN) => texts(view(state, words)).join("\n");
const open = { t: "ui.open", case: "c" };

test("what needs a hand stands first: the unseen before the seen, then the urgent, then the alarmed, then the old", () => {
  const state = play(CASE, { ...AT_DESK, case: "seen", acknowledged: true, received_ago_ms: 90_000 }, { ...AT_DESK, case: "young" }, { ...AT_DESK, case: "old", received_ago_ms: 60_000 },
    { ...AT_DESK, case: "rung", alarms: 1 }, { ...AT_DESK, case: "urgent", category: "missing" }, { ...AT_DESK, case: "held", acknowledged: true, quiet_ms: 60_000, received_ago_ms: 99_000 }, { ...HELD, case: "way" });
  assert.deepEqual(names(state), ["urgent,rung,old,young,seen,held", "c", "way", ""]);
});

test("an earlier entry of a case never replaces a later one", () => {
  assert.equal(play(AT_DESK, CASE).cases.c.status, "at_station");
});

test("what the wire leaves out is as usual, and times are the page's own", () => {
  const it = play({ ...AT_DESK, quiet_ms: 5_000, received_ago_ms: 400 }).cases.c;
  assert.deepEqual([it.received_ms, it.quiet_until_ms, it.ends_ms, it.holders, it.reports, it.exercise], [600, 6_000, null, [], [], false]);
  assert.equal(play(CASE).cases.c.ends_ms, 61_000);
});

test("at most two alarms stand at the top, the worst first, each with who is responsible", () => {
  const panic = { t: "help", panic: "h", officer: "p", call_sign: "0423", surname: "王", station: "xw-1", raised_at: new Date(WALL).toISOString(), ...heard(2_000) };
  const silent = { ...HELD, case: "s", owner: "acc-2", holders: [{ ...SEAT, check_in: "missed" }], status: "on_scene" };
  const state = play({ ...AT_DESK, alarms: 1 }, { ...AT_DESK, case: "d", alarms: 2 }, silent, panic, { t: "desks", desks: [{ account: "acc-2", login: "desk-b", role: "desk", on_shift_ms: 1 }] });
  assert.deepEqual(alarms(state).map((one) => one.kind), ["panic", "silent", "unseen", "unseen"]);
  assert.equal(nodes(view(state, EN), (attrs) => attrs["data-alarm"]).length, 2);
  assert.match(read(state), /Officer 0423 \(Wang\) of Station xw-1 calls for help[\s\S]*Answers for it: the desk of Station xw-1[\s\S]*no sign of life[\s\S]*Answers for it: desk-b[\s\S]*and 2 more/);
  const calm = reduce(reduce(state, { ...panic, over: true }), { ...silent, seq: 6, holders: [SEAT] });
  assert.deepEqual(alarms(calm).map((one) => [one.case, one.nr]), [["d", 2], ["c", 1]]);
  assert.match(read(calm), /Told: every supervisor[\s\S]*Told: the supervisors of Station xw-1/);
  assert.deepEqual(alarms(reduce(calm, { ...AT_DESK, seq: 9, alarms: 1, acknowledged: true })).map((one) => one.case), ["d"]);
});

test("a supervisor hears the alarms of every station, and they go when somebody has answered", () => {
  const alarm = { t: "alarm", case: "x", station: "xw-2", nr: 1, category: "bicycle", received_ago_ms: 60_000, ...heard(3_000) };
  const state = boss(alarm);
  assert.deepEqual(alarms(state).map((one) => [one.case, one.elsewhere]), [["x", true]]);
  assert.match(read(state), /Look at Station xw-2/);
  assert.equal(alarms(reduce(state, { ...alarm, over: true })).length, 0);
});

test("what is heard: a call for help before an alarm before a case nobody has seen, nothing when muted", () => {
  const panic = { t: "help", panic: "h", officer: "p", call_sign: "0423", surname: "王", station: "xw-1", raised_at: new Date(WALL).toISOString(), ...heard(0) };
  assert.equal(rings(play()), null);
  assert.equal(rings(play(CASE)), null);
  assert.equal(rings(play(AT_DESK)), "hand");
  assert.equal(rings(play({ ...AT_DESK, alarms: 1 })), "alarm");
  assert.equal(rings(play({ ...AT_DESK, alarms: 1 }, panic)), "panic");
  assert.equal(rings(play({ ...AT_DESK, alarms: 1 }, panic, { t: "ui.mute" })), null);
  assert.equal(due("hand", { ring: null, at_ms: 0 }, 0), true);
  assert.equal(due("hand", { ring: "hand", at_ms: 0 }, AGAIN_MS.hand - 1), false);
  assert.equal(due("hand", { ring: "hand", at_ms: 0 }, AGAIN_MS.hand), true);
  assert.equal(due("alarm", { ring: "hand", at_ms: 0 }, 1), true, "worse is heard at once");
});

const FILLED = { officer: "o", holder: "o", busy: "o", reason: "because", hold_min: "45", begins: "2026-11-29T18:30", lasts_min: "30", disposition: "advice_given", manner: "telephone",
  referred_to: " Water company ", to_station: "xw-2", reports: ["d"], words: " Another one. ", own_reports: ["e"] };
const KEYS_OF = {
  take: ["reason"], acknowledge: ["reason"], assign: ["officer", "reason"], add: ["officer", "reason"], take_back: ["officer", "reason"], ask_welfare: ["officer", "reason"], preempt: ["from_case", "officer", "reason"],
  reoffer: ["reason"], hold: ["hold_min", "reason"], offer_appointment: ["hold_min", "lasts_min", "reason"], close: ["disposition", "reason"], refer: ["reason", "referred_to"],
  hand_over: ["reason", "to_station"], merge: ["reason", "reports"], split: ["reason", "reports", "words"], unmerge: ["reason"], reclassify: ["disposition", "reason"],
};
/** A state in which an act is allowed, with its case open. */
function stateFor(act) {
  const status = act.when.at(-1);
  const holders = ["claimed", "en_route", "on_scene"].includes(status) ? [{ ...SEAT, officer: "q", call_sign: "0499" }] : [];
  const category = act.name === "preempt" ? "missing" : "bicycle";
  return boss({ ...HELD, case: "other", seq: 1, category: "found" }, { ...CASE, seq: 9, status, category, holders, disposition: null, remaining_ms: null, reports: ["e"] }, { ...CASE, case: "d" }, open, { t: "tick", now_ms: 2_000 });
}

for (const act of ACTS) {
  test(`the act ${act.name}: by its key, with all that it needs, sent once, in words of both languages`, () => {
    const state = stateFor(act);
    assert.ok(allowed(state.cases.c, state).includes(act), `${act.name} is offered`);
    const meant = meaning({ key: act.key, modified: false, typing: false, on_button: false }, state);
    assert.deepEqual(meant, { message: { t: "ui.act", name: act.name } });
    let now = reduce(state, meant.message);
    let sent = actOf(state, now, meant.message);
    if (!act.at_once) {
      assert.equal(now.sheet.act, act.name);
      for (const words of [EN, ZH]) assert.doesNotMatch(read(now, words), /\[[a-z_.]+\]/);
      for (const field of act.needs) {
        const without = { ...FILLED, [field]: Array.isArray(FILLED[field]) ? [] : "" };
        assert.equal(missing(act.name, without, WALL), field, `${field} is missed`);
      }
      assert.equal(missing(act.name, FILLED, WALL), null);
      for (const field of act.fields) {
        if (Array.isArray(FILLED[field])) for (const id of FILLED[field]) now = reduce(now, { t: "ui.tick", field, id });
        else now = reduce(now, { t: "ui.set", field, value: FILLED[field] });
      }
      const before = now;
      now = reduce(now, { t: "ui.send" });
      sent = actOf(before, now, { t: "ui.send" });
    }
    assert.equal(now.going.c, act.name);
    const { t, case: id, ...fields } = sent;
    assert.deepEqual([t, id], [act.name === "close" ? "close_by_telephone" : act.name, "c"]);
    assert.deepEqual(Object.keys(fields).sort(), act.at_once ? [] : KEYS_OF[act.name]);
    assert.equal(reduce(now, { t: "ui.send" }), now, "not twice");
    const refused = reduce(now, { t: "result", ok: false, reason: "no_slot", act: { t, case: "c" }, ...heard(3_000) });
    assert.deepEqual(refused.going, {});
    assert.match(read(refused), /already have a case/);
    const done = reduce(now, { t: "result", ok: true, act: { t, case: "c" }, ...heard(3_000) });
    assert.deepEqual([done.sheet, done.refused, done.going], [null, null, {}]);
    assert.doesNotMatch(read(done), /\[desk/);
  });
}

test("a form may be opened while another act is on its way, and that one's answer leaves it open", () => {
  const taken = reduce(play(AT_DESK, open), { t: "ui.act", name: "take" });
  const opened = reduce(taken, { t: "ui.act", name: "assign" });
  assert.equal(opened.sheet.act, "assign");
  assert.equal(reduce(opened, { t: "ui.send" }), opened, "one at a time");
  const done = reduce(opened, { t: "result", ok: true, act: { t: "take", case: "c" }, ...heard(2_000) });
  assert.deepEqual([done.sheet.act, done.going], ["assign", {}]);
  assert.equal(reduce(done, { t: "ui.send" }).going.c, "assign");
});

test("a key for what may not be done now is answered in words", () => {
  assert.match(read(reduce(play(CASE, open), { t: "ui.act", name: "hold" })), /status does not allow that now/);
  assert.match(read(reduce(play({ ...AT_DESK, objected: true }, open), { t: "ui.act", name: "assign" })), /A supervisor decides this/);
});

test("an appointment's local time becomes minutes from now, and only a time to come", () => {
  const local = (minutes) => { const at = new Date(WALL + minutes * 60_000); const two = (n) => String(n).padStart(2, "0");
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`; };
  assert.equal(messageOf("offer_appointment", "c", { begins: local(90), lasts_min: "30" }, FIRST, WALL).hold_min, 90);
  assert.equal(missing("offer_appointment", { begins: local(-5), lasts_min: "30" }, WALL), "begins");
  assert.equal(missing("offer_appointment", { begins: local(21 * 24 * 60), lasts_min: "30" }, WALL), "begins");
  assert.equal(missing("hold", { hold_min: "721" }, WALL), "hold_min");
  assert.equal(missing("hold", { hold_min: "1.5" }, WALL), "hold_min");
});

test("what the reporter objected to waits for a supervisor, and only a supervisor says that it was a hoax", () => {
  const objected = { ...AT_DESK, objected: true };
  assert.deepEqual(allowed(play(objected).cases.c, play(objected)), []);
  assert.match(read(play(objected, open)), /A supervisor decides this/);
  assert.ok(allowed(boss(objected).cases.c, boss(objected)).length > 5);
  const closing = (state) => nodes(view(reduce(reduce(state, open), { t: "ui.act", name: "close" }), EN), (attrs) => attrs.value === "hoax").length;
  assert.deepEqual([closing(play(AT_DESK)), closing(boss(AT_DESK))], [0, 1]);
  const cleared = { ...AT_DESK, status: "cleared", seq: 8, disposition: "founded" };
  assert.deepEqual([allowed(play(cleared).cases.c, play(cleared)).length, allowed(boss(cleared).cases.c, boss(cleared)).map((one) => one.name).join()], [0, "reclassify"]);
});

test("officers are ranked: free before busy, near before far, unknown last; typing narrows, arrows choose, Enter sends", () => {
  const busy = { ...HELD, case: "b", holders: [{ ...SEAT, officer: "p", call_sign: "0423" }] };
  let state = play(AT_DESK, busy, open, { t: "ui.act", name: "assign" });
  assert.deepEqual(candidates(state, state.cases.c).map((one) => one.call_sign), ["0417", "0431", "0423"]);
  state = reduce(state, { t: "ui.pick", by: "down" });
  assert.equal(actOf(state, reduce(state, { t: "ui.send" }), { t: "ui.send" }).officer, "r");
  state = reduce(state, { t: "ui.set", field: "typed", value: "王" });
  const before = state;
  state = reduce(state, { t: "ui.send" });
  assert.deepEqual(actOf(before, state, { t: "ui.send" }), { t: "assign", case: "c", officer: "p" });
  const nobody = reduce(reduce(play(AT_DESK, open), { t: "ui.act", name: "assign" }), { t: "ui.set", field: "typed", value: "zzz" });
  assert.equal(reduce(nobody, { t: "ui.send" }).sheet.wrong, "officer");
  assert.match(read(reduce(nobody, { t: "ui.send" })), /Choose an officer/);
});

test("an officer dropped on a waiting case is sent at once, on a held one it is asked how, on an offered one it is refused in words", () => {
  const before = play(AT_DESK);
  const sent = reduce(before, { t: "ui.dropped", officer: "o", case: "c" });
  assert.deepEqual(actOf(before, sent, {}), { t: "assign", case: "c", officer: "o" });
  const held = reduce(play({ ...HELD, holders: [{ ...SEAT, officer: "q" }] }), { t: "ui.dropped", officer: "o", case: "c" });
  assert.deepEqual([held.sheet.act, held.sheet.values.officer, held.going], ["add", "o", {}]);
  assert.match(read(reduce(play(CASE), { t: "ui.dropped", officer: "o", case: "c" })), /does not allow that now/);
  const unknown = play(AT_DESK);
  assert.equal(reduce(unknown, { t: "ui.dropped", officer: "nobody", case: "c" }), unknown);
});

test("on the map an officer and a case are found by the page's own camera, within half a touch target", () => {
  const camera = { lat: 32.06, lon: 118.79, wide_m: 1_000 };
  const state = play(AT_DESK, { t: "moves", moved: [{ officer: "o", place: { lat: 32.06 + 200 / 111_320, lon: 118.79 } }] }, { t: "ui.camera", camera });
  const rect = { left: 100, top: 50, width: 500, height: 450 };
  assert.deepEqual(drawnAt(state, 0.9, rect, 350, 275), { officer: null, id: "c" });
  assert.deepEqual(drawnAt(state, 0.9, rect, 355, 175), { officer: "o", id: null });
  assert.deepEqual(drawnAt(state, 0.9, rect, 350, 225), { officer: null, id: null });
});

test("a talk: lines come, are counted as unread, are read, are answered once", () => {
  const line = (seq, by = "reporter") => ({ t: "said", case: "c", line: { seq, by, words: `line ${seq}`, at: new Date(WALL).toISOString() }, ...heard(2_000) });
  let state = play(AT_DESK, { t: "talk", case: "c", lines: [line(5).line], upto: 0, unread: 1, more: true, ...heard(0) }, line(6), line(7, "desk"), line(7), open);
  assert.deepEqual([state.talks.c.lines.length, state.talks.c.unread], [3, 2]);
  assert.match(read(state), /Earlier messages are kept[\s\S]*line 6/);
  state = reduce(state, { t: "read_to", case: "c", upto: 6, ...heard(2_100) });
  assert.equal(state.talks.c.unread, 0);
  assert.equal(reduce(state, { t: "ui.say" }), state, "nothing to say");
  const before = reduce(state, { t: "ui.draft", value: " We come. " });
  const saying = reduce(before, { t: "ui.say" });
  assert.deepEqual(actOf(before, saying, {}), { t: "say", case: "c", words: "We come." });
  assert.equal(reduce(saying, { t: "result", ok: false, reason: "too_often", act: { t: "say", case: "c" }, ...heard(0) }).drafts.c, " We come. ", "a refused line is kept");
  assert.deepEqual(reduce(saying, { t: "result", ok: true, act: { t: "say", case: "c" }, ...heard(0) }).drafts, {});
});

test("a call for help is ended only with a reason", () => {
  const state = play({ t: "help", panic: "h", officer: "p", call_sign: "0423", surname: "王", station: "xw-1", raised_at: new Date(WALL).toISOString(), ...heard(0) });
  const asked = reduce(state, meaning({ key: "z", modified: false, typing: false, on_button: false }, state).message);
  assert.equal(reduce(asked, { t: "ui.clear_send" }).clearing.wrong, true);
  const said = reduce(asked, { t: "ui.clear_reason", value: "Spoke to him." });
  const sent = reduce(said, { t: "ui.clear_send" });
  assert.deepEqual(actOf(said, sent, {}), { t: "clear_panic", panic: "h", reason: "Spoke to him." });
  assert.match(read(reduce(sent, { t: "result", ok: false, reason: "panic_over", act: { t: "clear_panic", panic: "h" }, ...heard(0) })), /ended this call for help before/);
});

test("a shift is known from the list of people and changed by one press", () => {
  const state = play({ t: "desks", desks: [{ account: "acc-1", login: "desk-a", role: "desk", on_shift_ms: null }] });
  assert.equal(state.on_shift, false);
  const sent = reduce(state, { t: "ui.shift", on: true });
  assert.deepEqual(actOf(state, sent, { t: "ui.shift", on: true }), { t: "desk_shift", on: true });
  assert.equal(reduce(sent, { t: "result", ok: true, act: { t: "desk_shift", on: true }, ...heard(0) }).on_shift, true);
  assert.equal(boss().on_shift, null, "a supervisor is on no desk's shift");
});

test("j and k walk the queue and stop at its ends, / ? g l n q and . mean what the sheet says", () => {
  const state = play(CASE, { ...AT_DESK, case: "d" });
  const press = (key, at = state, more = {}) => meaning({ key, modified: false, typing: false, on_button: false, ...more }, at);
  const step = (at, key) => reduce(at, press(key, at).message);
  assert.equal(step(state, "j").open, "d");
  assert.equal(step(step(step(state, "j"), "j"), "j").open, "c");
  assert.equal(step(step(state, "j"), "k").open, "d");
  assert.deepEqual([press("/"), press("i")], [{ focus: "#search" }, { focus: "#say" }]);
  assert.deepEqual([press("?"), press("g"), press("l")].map((one) => one.message.panel), ["help", "figures", "handover"]);
  assert.equal(press("."), null, "only a supervisor looks at other stations");
  assert.deepEqual(press("2", boss()).message, { t: "ui.follow", station: "xw-2" });
  assert.equal(press("t", state, { typing: true }), null, "no key acts while somebody types");
  assert.equal(press("t", reduce(state, open), { modified: true }), null);
  assert.equal(press("t", reduce(reduce(state, open), { t: "ui.keys" })), null, "single keys can be switched off");
  assert.deepEqual(press("Escape", reduce(state, { t: "ui.keys" })).message, { t: "ui.shut" });
  assert.equal(press("Enter", reduce(state, open)).focus, "#card-title");
  assert.equal(press("Enter", reduce(state, open), { on_button: true }), null);
  assert.equal(new Set(ACTS.map((act) => act.key)).size, ACTS.length, "no key twice");
});

test("Esc leaves what is uppermost, one thing at a time, and the focus goes back to the case", () => {
  let state = play(AT_DESK, open, { t: "ui.panel", panel: "figures" }, { t: "ui.act", name: "hold" });
  for (const [left, wanted] of [["sheet", '[data-case="c"]'], ["panel", '[data-case="c"]'], ["open", null]]) {
    const before = state;
    state = reduce(state, { t: "ui.shut" });
    assert.notDeepEqual(state[left], before[left]);
    assert.equal(focusAfter(before, state), wanted);
  }
});

test("a supervisor who looks at another station sees nothing of the one before, and begins at a case that rang", () => {
  const before = boss(AT_DESK, open);
  const state = reduce(before, { t: "ui.follow", station: "xw-2", case: "x" });
  assert.deepEqual([state.cases, state.officers, state.ready, state.follow], [{}, {}, false, "xw-2"]);
  const there = reduce(state, { t: "snapshot", at: {}, cases: [{ ...AT_DESK, case: "x", station: "xw-2" }], ...heard(9_000) });
  assert.equal(there.open, "x");
  assert.match(read(there), /Station xw-2/);
});

test("the stations' counts and the objections of all stand in the supervisor's panel", () => {
  const state = boss({ t: "overview", station: "xw-2", cases: [{ ...AT_DESK, case: "x", objected: true, received_ago_ms: 0 }, { ...HELD, case: "y" }], officers: [{}], heard_ms: 5_000 }, { t: "ui.panel", panel: "stations" });
  assert.deepEqual({ ...state.stations["xw-2"], objected: state.stations["xw-2"].objected.map((one) => one.case) }, { hand: 1, unseen: 1, offered: 0, under_way: 1, officers: 1, objected: ["x"] });
  assert.equal(nodes(view(state, EN), (attrs) => attrs["data-objection"] === "x").length, 1);
});

test("suggested duplicates stand before other near cases, and never the case itself", () => {
  const state = play(AT_DESK, { ...CASE, case: "near" }, { ...CASE, case: "practice", exercise: true }, { ...HELD, case: "there", status: "on_scene" }, open,
    { t: "twins", case: "c", list: [{ case: "t", station: "xw-1", status: "offered", category: "bicycle", words: "same", likeness: 0.9, metres: 12, seconds: 60, earlier: true, reports: 1 }] });
  assert.deepEqual(mergeable(state, state.cases.c).map((one) => one.case), ["t", "near"]);
  assert.match(read(state), /1 open case may be the same incident/);
  assert.match(read(reduce(state, { t: "ui.act", name: "merge" })), /90 % alike/);
});

test("the history is told in words of both languages, whoever acted", () => {
  const kinds = JSON.parse(readFileSync(new URL("../../gateway/web/shared/words/en.json", import.meta.url)));
  const told = Object.keys(kinds).filter((key) => key.startsWith("desk.told.")).map((key) => key.slice("desk.told.".length));
  const entries = told.map((kind, seq) => ({ seq, kind, actor: ["desk:acc-1", "officer:o", "reporter:r", "service", "supervisor:s"][seq % 5], at: new Date(WALL).toISOString(), call_sign: "0417",
    body: { disposition: "founded", to: "xw-2", from: "xw-2", asked: 3, ring_m: 1_500, stars: 4, reason: seq % 2 ? "nobody_near" : "a person's words" } }));
  const state = play(AT_DESK, open, { t: "history", case: "c", entries });
  for (const words of [EN, ZH]) {
    const said = read(state, words);
    assert.doesNotMatch(said, /\[[a-z_.]+\]|undefined|\{/);
  }
  assert.match(read(state), /Offered to 3 officers within 1\.5 km/);
  assert.match(read(state), /you sent 0417|0417/);
  assert.equal(nodes(view(state, EN), (attrs) => attrs["data-told"]).length, told.length);
});

test("an alarm that was raised again and again stands once in the history, with how often", () => {
  const alarm = (seq) => ({ seq, kind: "alarm_raised", actor: "service", at: new Date(WALL + seq * 20_000).toISOString(), call_sign: null, body: { nr: seq } });
  const state = play(AT_DESK, open, { t: "history", case: "c", entries: [alarm(3), alarm(4), alarm(5)] });
  assert.equal(nodes(view(state, EN), (attrs) => attrs["data-told"] === "alarm_raised").length, 1);
  assert.match(read(state), /× 3/);
});

test("a clerk's entry: name, coordinates or map for the place; sent once; an emergency is said before it is entered", () => {
  let state = play({ t: "ui.entry" }, { t: "entry_key", key: "k1" });
  const set = (field, value) => (state = reduce(state, { t: "ui.entry_set", field, value }));
  state = reduce(state, { t: "ui.entry_send" });
  assert.equal(state.entry.wrong, "place");
  set("find", "xw-2");
  set("category", "bicycle");
  set("words", "A caller saw two men.");
  state = reduce(state, { t: "ui.entry_send" });
  assert.deepEqual([state.entry.sending, state.entry.place.name, state.entry.wrong], [true, "xw-2所", null]);
  assert.equal(reduce(state, { t: "ui.entry_send" }), state, "not twice");
  state = reduce(state, { t: "entry_refused", key: "k1", refused: { code: "emergency", call: "110" } });
  assert.match(read(state), /Tell the caller to call 110[\s\S]*Enter it all the same/);
  assert.equal(state.entry.advised, true);
  set("find", "32.05, 118.79");
  assert.deepEqual([state.entry.place.lat, state.entry.place.lon], [32.05, 118.79]);
  state = reduce(state, { t: "ui.map", x: 100, y: 0 });
  assert.equal(state.entry.place.source, "pin");
  state = reduce(reduce(state, { t: "ui.entry_send" }), { t: "entry_made", key: "k1", made: { case: "n", receipt: "ABCD-EFGH", station: "xw-1", status: "offered" } });
  assert.match(read(state), /Read this code aloud[\s\S]*ABCD[\s\S]*EFGH/);
  assert.doesNotMatch(read(state, ZH), /\[[a-z_.]+\]/);
  assert.equal(reduce(state, { t: "ui.entry" }).entry.made, null, "the next one is empty");
});

test("figures and the hand-over list are read, refused in words, and shown", () => {
  const times = { n: 3, p50: 40_000, p90: 125_000, p99: 130_000 };
  const whole = { cases: 7, offered: 6, claimed: 5, fell_back: 1, fallback_share: 0.1667, sent_to_desk: 1, declined: 2, unanswered: 0, handed_back: 0, silent: 0, reopened: 0, received_to_claim_ms: times, claim_to_arrival_ms: { n: 0 } };
  const asked = play({ t: "ui.panel", panel: "figures" }, { t: "ui.load", what: "figures", asks: { period: "shift", by: "hour" } });
  assert.match(read(asked), /Opening/);
  const state = reduce(asked, { t: "loaded", what: "figures", answer: { by: "hour", whole, groups: [{ ...whole, key: "14" }] } });
  assert.match(read(state), /16\.7%[\s\S]*40 s \/ 2 min[\s\S]*14:00/);
  assert.match(read(reduce(asked, { t: "loaded", what: "figures", refused: { code: "store_away" } })), /cannot reach its records/);
  const handed = { station: "xw-1", left_out: 0, desks: [{ account: "a", login: "desk-a", role: "desk", on_shift_ms: null }], officers: [{ officer: "o", call_sign: "0417", surname: "李", held: 1, shift_ends_in_ms: 60_000 }],
    cases: [{ case: "c", status: "at_station", category: "bicycle", words: "gone", received_ago_ms: 90_000, desk_reason: "nobody_near", alarms: 2, holders: [SEAT], pending: [{ kind: "ack", due_in_ms: 9_000 }, { kind: "new_kind", due_in_ms: -1 }] }] };
  assert.match(read(play({ t: "ui.panel", panel: "handover" }, { t: "loaded", what: "handover", answer: handed })), /2 alarms[\s\S]*acknowledge within 9 s, due now/);
});

test("the five states of the page each show something of their own, in both languages", () => {
  for (const [words, ...said] of [[EN, /Sign in/, /Opening/, /Nothing open/, /Being offered/, /Reconnecting/, /older than the service/], [ZH, /登录/, /正在/, /没有|暂无|无/, /派单|询问/, /重新连接|重连/, /./]]) {
    const shown = [FIRST, HERE.slice(0, 4).reduce(reduce, FIRST), play(), play(CASE), play(CASE, { t: "line", line: "reconnecting" }), play({ t: "line", line: "refused", why: "version" })];
    shown.forEach((state, n) => {
      assert.match(read(state, words), said[n]);
      assert.doesNotMatch(read(state, words), /\[[a-z_.]+\]/);
    });
  }
});

test("between two whole seconds the clock changes nothing, so that a screen that runs all day rests", () => {
  const state = play({ t: "tick", now_ms: 5_000 });
  assert.equal(reduce(state, { t: "tick", now_ms: 5_750 }), state);
  assert.notEqual(reduce(state, { t: "tick", now_ms: 6_000 }), state);
});

test("an officer who goes off leaves list, map and ranking; a case that went to another station leaves the queue with its card", () => {
  const off = play({ ...OFFICERS[0], on: false });
  assert.deepEqual([roster(off).map((one) => one.officer), "o" in off.at], [["p", "r"], false]);
  const gone = play(AT_DESK, open, { t: "ui.act", name: "hold" }, { t: "gone", case: "c", reason: "handed_over" });
  assert.deepEqual([gone.cases, gone.open, gone.sheet], [{}, null, null]);
});

test("100,000 messages of a long day leave the state bounded, and each takes little", () => {
  let state = play();
  const began = process.cpuUsage();
  for (let n = 0; n < 100_000; n += 1) {
    const id = `case-${n >> 3}`;
    const at = heard(n);
    const m = [
      { ...CASE, case: id, seq: 1, ...at },
      { t: "said", case: id, line: { seq: n, by: "reporter", words: "a line of a talk", at: "2026-11-29T06:00:00Z" }, ...at },
      { ...AT_DESK, case: id, seq: 2, alarms: 1, ...at },
      { t: "alarm", case: id, station: "xw-1", nr: 1, category: "bicycle", received_ago_ms: 0, ...at },
      { t: "moves", moved: OFFICERS.map((one) => ({ officer: one.officer, place: { lat: 32.06, lon: 118.79 } })), ...at },
      { t: "officer", officer: `off-${n}`, call_sign: `${n}`, surname: "李", on: n % 16 < 8, ...at },
      { t: "alarm", case: id, station: "xw-1", over: true, ...at },
      { ...AT_DESK, case: id, seq: 3, status: "cleared", disposition: "advice_given", ...at },
    ][n % 8];
    const one = m.t === "officer" && !m.on ? { ...m, officer: `off-${n - 8}` } : m;
    state = reduce(state, one);
  }
  const used = process.cpuUsage(began);
  const each_us = (used.user + used.system) / 100_000;
  assert.equal(Object.keys(state.cases).length, CLOSED_SHOWN);
  assert.ok(Object.keys(state.talks).length <= CLOSED_SHOWN + 1, `${Object.keys(state.talks).length} talks`);
  assert.ok(Object.keys(state.officers).length <= 4, `${Object.keys(state.officers).length} officers`);
  assert.deepEqual([Object.keys(state.rung).length, Object.keys(state.going).length, Object.keys(state.drafts).length], [0, 0, 0]);
  assert.ok(JSON.stringify(state).length < 30_000, `${JSON.stringify(state).length} characters of state`);
  assert.ok(each_us < 150, `${each_us} µs of a core for each message`);
  let talk = play(AT_DESK);
  for (let n = 0; n < 1_000; n += 1) talk = reduce(talk, { t: "said", case: "c", line: { seq: n, by: "reporter", words: "x", at: "2026-11-29T06:00:00Z" } });
  assert.deepEqual([talk.talks.c.lines.length, talk.talks.c.more], [LINES_KEPT, true]);
});

test("a queue of a thousand cases is drawn in bounded rows and counted in full", () => {
  const many = Array.from({ length: 1_000 }, (_none, n) => ({ ...AT_DESK, case: `x${n}`, received_ago_ms: n }));
  const state = play({ t: "snapshot", at: {}, officers: OFFICERS, cases: many, left_out: 7, ...heard(5_000) });
  assert.equal(nodes(view(state, EN), (attrs) => attrs["data-case"]).length, 120);
  assert.match(read(state), /1000[\s\S]*and 880 more[\s\S]*7 younger cases/);
});

test("on the map an officer who calls for help looks like no other, and lies above all", () => {
  const state = play({ t: "help", panic: "n", officer: "o", call_sign: "0417", surname: "李", station: "xw-1", raised_at: "2026-11-29T06:00:00Z", place: { lat: 32.061, lon: 118.79 }, ...heard(2_000) });
  const [alarm] = nodes(view(state, EN), (attrs) => attrs.class === "unit alarm");
  assert.equal(alarm.tag, "path");
  assert.deepEqual(nodes(view(state, EN), (attrs) => attrs.class === "unit busy"), []);
  const busy = nodes(view(play(HELD), EN), (attrs) => attrs.class === "unit busy");
  assert.equal(busy.length, 1);
});

test("the button of a form says what it does", () => {
  for (const [name, said] of [["reoffer", "Offer again"], ["hold", "Hold"], ["assign", "Send an officer"]]) {
    const [button] = nodes(view(play(AT_DESK, { t: "ui.open", case: "c" }, { t: "ui.act", name }), EN), (attrs) => attrs["data-do"] === "send");
    assert.equal(texts(button)[0], said);
  }
});

test("the card says how far the reporter's word went before, of nobody more than that there is no number", () => {
  const said = (actor, body, words) => read(play(AT_DESK, { t: "ui.open", case: "c" },
    { t: "history", case: "c", entries: [{ seq: 1, kind: "received", actor, at: new Date(WALL).toISOString(), call_sign: null, body }] }), words);
  for (const words of [EN, ZH]) {
    for (const trust of ["confirmed", "proven", "doubted"]) assert.ok(said("named", { trust }, words).includes(words.say(`desk.trust.${trust}`)), trust);
    assert.ok(said("named", {}, words).includes(words.say("desk.trust.confirmed")));
    assert.ok(said("anonymous", {}, words).includes(words.say("desk.trust.anonymous")));
    for (const trust of ["anonymous", "confirmed", "proven", "doubted"]) assert.ok(!said("desk:x", {}, words).includes(words.say(`desk.trust.${trust}`)), "a clerk wrote it down");
  }
});

test("what is to be confirmed says because of what, on the card and in its history; until the history is there, that it is", () => {
  const TO_CONFIRM = { ...AT_DESK, desk_reason: "to_confirm" };
  const entry = (seq, kind, body) => ({ seq, kind, actor: seq === 1 ? "anonymous" : "service", at: new Date(WALL).toISOString(), call_sign: null, body });
  for (const words of [EN, ZH]) {
    assert.ok(read(play(TO_CONFIRM, open), words).includes(words.say("desk.why.to_confirm")));
    for (const confirm of membersOf("dispatch/abuse/values.py", "Confirm")) {
      const entries = [entry(1, "received", { confirm }), entry(2, "sent_to_desk", { reason: "to_confirm" })];
      const said = read(play(TO_CONFIRM, open, { t: "history", case: "c", entries }), words);
      assert.equal(said.split(words.say(`desk.why.to_confirm.${confirm}`)).length - 1, 2, confirm);
      assert.ok(!said.includes(words.say("desk.why.to_confirm")), confirm);
      assert.ok(words.has(`desk.why.to_confirm.${confirm}`));
    }
  }
});

test("pulled is who is on the way, also to where another is; never who is there or has not said that all is well", () => {
  const way = { ...HELD, case: "w", category: "found", status: "on_scene" };
  const worse = { ...AT_DESK, category: "missing" };
  const who = (...holders) => pullable(worse, play({ ...way, holders })).map((one) => one.officer);
  assert.deepEqual(who({ ...SEAT, state: "on_scene" }, { ...SEAT, officer: "p", state: "en_route" }), ["p"]);
  for (const watch of ["asked", "missed"]) assert.deepEqual(who({ ...SEAT, watch }), [], watch);
  for (const watch of ["nudged", "alarmed"]) assert.deepEqual(who({ ...SEAT, watch }), ["o"], watch);
});
