import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { draftOf, fieldsOf, mistakesOf, sent } from "../../gateway/web/admin/fields.js";
import { FIRST, TABS, overtaken, reduce, rowOf } from "../../gateway/web/admin/reducer.js";
import { PLAYED } from "../../gateway/web/admin/states.js";
import { view } from "../../gateway/web/admin/view.js";
import { replayed } from "../../gateway/web/shared/replay.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const EN = wordsOf("en", JSON.parse(readFileSync(new URL("../../gateway/web/shared/words/en.json", import.meta.url))));
const state = (name) => replayed(PLAYED, name);
const after = (name, ...messages) => messages.reduce(reduce, state(name));
const read = (it) => texts(view(it, EN)).join("\n");
const noisy = { id: "noise", version: 4, name: "噪声", name_en: "Noise", open: false, priority: 2, seats: 2, skill: "dog", check_in_s: 900, ack_ms: 10_000,
  patience_ms: null, mode: "best_officer", hours: { 22: "desk_first" }, window_ms: 45_500, wave_ms: null, rings_m: [500, 900], head_start_ms: 0, turn_ms: 7_000, able: 1 };

test("a row becomes a form and the form becomes the same row, for both halves of a category", () => {
  for (const kind of ["category", "policy"]) {
    const { path, body } = sent(kind, { ...draftOf(kind, noisy), reason: " Trial. " }, noisy);
    const { id, able, ...rest } = noisy;
    assert.equal(path, "/v1/admin/categories/noise");
    assert.deepEqual(body, { ...rest, reason: "Trial." }, kind);
  }
});

test("a person's form holds what the role has, and no more is sent", () => {
  const draft = { ...draftOf("person", null), login: "desk-9", role: "desk", station: "xw-1", call_sign: "0001", reason: "New." };
  assert.deepEqual(fieldsOf("person", draft).map((one) => one.name), ["login", "role", "station"]);
  assert.deepEqual(sent("person", draft, null), { path: "/v1/admin/people/desk-9", body: { version: 0, reason: "New.", role: "desk", station: "xw-1" } });
  const officer = { ...draft, role: "officer", surname: "李", skills: "dog, mediator", slots: "2", beat: "", shift_ends_at: "" };
  const { body } = sent("person", officer, null);
  assert.deepEqual([body.skills, body.slots, body.beat, body.shift_ends_at], [["dog", "mediator"], 2, null, null]);
});

test("an end of a shift is told by the zone of who reads it and sent with its offset", () => {
  const draft = { ...draftOf("person", { role: "officer", shift_ends_at: "2026-11-30T06:30:00Z" }), login: "o", reason: "x" };
  assert.match(draft.shift_ends_at, /^2026-1[12]-\d\dT\d\d:30$/);
  assert.equal(sent("person", draft, null).body.shift_ends_at, "2026-11-30T06:30:00.000Z");
});

test("what cannot be meant is told by its field before anybody is asked", () => {
  const policy = { ...draftOf("policy", noisy), reason: "x" };
  assert.deepEqual(mistakesOf("policy", policy), {});
  for (const [field, text, wrong] of [["window_ms", "0", "number"], ["window_ms", "abc", "number"], ["rings_m", "900, 500", "widening"], ["rings_m", "1.5", "number"],
    ["rings_m", "1 2 3 4 5 6 7 8 9", "widening"], ["head_start_ms", "31", "number"], ["reason", "  ", "missing"]]) {
    assert.deepEqual(mistakesOf("policy", { ...policy, [field]: text }), { [field]: wrong }, `${field}: ${text}`);
  }
  assert.equal(mistakesOf("person", { ...draftOf("person", null), skills: "Ä" }).skills, "words");
});

test("a form with mistakes is not sent; each is named with a way to its field", () => {
  const it = state("person-mistakes");
  assert.equal(it.going, null);
  const links = nodes(view(it, EN), (attrs) => attrs.href?.startsWith("#f-")).map((one) => one.attrs.href);
  assert.deepEqual(links, ["#f-login", "#f-station", "#f-call_sign", "#f-surname", "#f-slots", "#f-reason"]);
  const ids = new Set(nodes(view(it, EN), (attrs) => attrs.id).map((one) => `#${one.attrs.id}`));
  assert.deepEqual(links.filter((link) => !ids.has(link)), []);
});

test("an act goes once", () => {
  const going = state("person-saving");
  assert.equal(going.going, "save");
  assert.equal(reduce(going, { t: "ui.save" }), going);
  assert.equal(reduce(going, { t: "ui.suspend" }), going);
});

test("nobody is suspended without a reason", () => {
  const it = after("person", { t: "ui.suspend" });
  assert.equal(it.going, null);
  assert.equal(it.opened.mistakes.out, "missing");
  assert.equal(reduce(reduce(it, { t: "ui.why", field: "out", value: "Phone lost." }), { t: "ui.suspend" }).going, "suspend");
});

test("what somebody else changed meanwhile is said, and nothing typed is lost before it is asked for", () => {
  const it = state("person-stale");
  assert.equal(it.opened.draft.reason, "New here.");
  assert.match(read(it), /Somebody changed this since you opened it/);
  const person = { ...rowOf(it, "person", "officer-0417"), version: 5, surname: "何" };
  const newer = reduce(state("person"), { t: "loaded", people: [person], more: false, heard_ms: 1 });
  assert.ok(overtaken(newer));
  assert.equal(newer.opened.draft.surname, "李");
  const shown = reduce(newer, { t: "ui.again" });
  assert.equal(shown.opened.draft.surname, "何");
  assert.ok(!overtaken(shown));
});

test("a password stands until it is noted, and nowhere after", () => {
  const it = state("person-password");
  assert.match(read(it), /K7MWQ-9XTRA-4HVBN-J2CDE/);
  const noted = reduce(it, { t: "ui.heard" });
  assert.doesNotMatch(JSON.stringify(noted), /K7MWQ/);
});

test("who may only look is shown no way to change, but may stop an officer", () => {
  const it = state("supervisor");
  const does = nodes(view(it, EN), (attrs) => attrs["data-do"]).map((one) => one.attrs["data-do"]);
  assert.deepEqual(does, ["more", "suspend"]);
  const open = nodes(view(it, EN), (attrs) => attrs.id?.startsWith("f-") && attrs.name !== "out" && attrs.disabled === false && !attrs.id.includes("-hint"));
  assert.deepEqual(open, []);
});

test("the station decides which beats may be chosen", () => {
  const it = after("person", { t: "ui.set", field: "station", value: "other" });
  assert.equal(it.opened.draft.beat, "");
  const [beat] = nodes(view(it, EN), (attrs) => attrs.id === "f-beat");
  assert.equal(beat.kids.length, 1);
});

test("an hour is painted with the brush, and pressed again it is as the rule", () => {
  const it = after("policy", { t: "ui.brush", value: "snatch" }, { t: "ui.hour", hour: 4 }, { t: "ui.hour", hour: 22 });
  assert.deepEqual(it.opened.draft.hours, { 4: "snatch", 22: "snatch", 23: "desk_first" });
  assert.deepEqual(reduce(it, { t: "ui.hour", hour: 4 }).opened.draft.hours, { 22: "snatch", 23: "desk_first" });
});

test("a simulated policy comes into the form, is not sent, and leaves hours and the desk's time alone", () => {
  const it = after("policy", { t: "ui.policy", name: "three_rings" });
  const { draft } = it.opened;
  assert.deepEqual([draft.mode, draft.rings_m, draft.wave_ms, draft.head_start_ms, draft.window_ms], ["snatch", "1500, 3000, 6000", "15", "5", "60"]);
  assert.deepEqual([draft.hours, it.going], [{ 22: "desk_first", 23: "desk_first" }, null]);
  assert.deepEqual(reduce(it, { t: "ui.policy", name: "none" }).opened.draft, draft);
});

test("an import goes only after it was looked at and with a reason", () => {
  assert.equal(after("areas-report", { t: "ui.import" }).file.busy, null);
  assert.equal(after("areas-whole", { t: "ui.import" }).file.busy, "import");
  assert.equal(after("areas", { t: "ui.reason", value: "x" }, { t: "ui.import" }).file.busy, null);
  assert.equal(after("areas-whole", { t: "ui.kind", value: "station" }).file.report, null, "another kind is another file");
});

test("the chosen area is drawn on the map before and after", () => {
  const it = after("areas-report", { t: "ui.area", id: "xw-1-a" });
  assert.equal(nodes(view(it, EN), (attrs) => attrs.class === "beat mine").length, 2);
});

test("every tab shows something of its own, and closing one forgets its form", () => {
  const shown = TABS.map((tab) => read(after("live", { t: "ui.tab", tab })));
  assert.equal(new Set(shown).size, TABS.length);
  assert.equal(after("person", { t: "ui.tab", tab: "stations" }).opened, null);
});

test("signing out leaves nothing behind", () => {
  assert.deepEqual(after("person-password", { t: "ui.sign_out" }), { ...FIRST, now_ms: 2_000 });
});

test("the audit says who it was by call sign or login, and how the id begins of who is nobody any more", () => {
  const shown = read(state("audit"));
  assert.match(shown, /Admin admin\n/);
  assert.match(shown, /Supervisor 0b6f7f0e\n/);
});

test("an officer is called by another id than their account: a press leads to the account's chain, and says whose it is at once", () => {
  const people = [{ actor: "officer:0b6f7f0e-0000-4000-8000-000000000009", account: "0b6f7f0e-0000-4000-8000-000000000008", login: "officer-0417", call_sign: "0417" }];
  const entries = [{ seq: 4, at: "2026-11-29T06:04:00Z", actor: people[0].actor, act: "read_audit", body: {}, hash: "ef" }];
  const it = after("audit", { t: "audit", page: { chain: "town", more: false, people, entries } });
  const [press] = nodes(view(it, EN), (attrs) => attrs["aria-label"] === "Only Officer 0417");
  assert.equal(press.attrs.onclick.chain, "account:0b6f7f0e-0000-4000-8000-000000000008");
  assert.match(read(reduce(it, press.attrs.onclick)), /Account 0417/);
});
