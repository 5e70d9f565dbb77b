/** The citizen's page in each of its states, by name. */

import { HEARD, HERE, LI, LIVE, LOST, PLACES, REVOKED, WANG, at, id } from "../patterns/town.js";
import { FIRST, reduce } from "./reducer.js";
import { viewFor } from "./view.js";
import { live } from "./view_live.js";

const DAY_MS = 86_400_000;
const CASE = { t: "case", case: id(1), status: "offered", station: "xw-1", category: "bicycle", received_ago_ms: 0, remaining_ms: 60_000, ...HEARD };
const ENTRIES = { t: "entries", entries: [["received", 0], ["offer_opened", 0], ["claimed", 1], ["set_out", 2], ["arrived", 9]].map(([kind, minute]) =>
  ({ kind, at: new Date(HEARD.wall_ms + Number(minute) * 60_000).toISOString() })) };
const SIGNED = [PLACES, { t: "draft", draft: { pin: HERE } }, { t: "signed", case: id(1) }, LIVE, at(5)];
const QUESTIONS = { t: "questions", questions: [
  { id: "danger_now", zh: "现在有人处在危险中吗？", en: "Is anybody in danger right now?" },
  { id: "burning", zh: "有烟、火或煤气味吗？", en: "Is there smoke, fire or a smell of gas?" }] };
const MORE = { ...PLACES, categories: [...PLACES.categories.slice(0, 5), { id: "theft", name: "盗窃", name_en: "Theft", open: true },
  { id: "animal", name: "动物滋扰", name_en: "Animal", open: true }, { id: "other", name: "其他", name_en: "Other", open: true }] };
const FILLED = [MORE, QUESTIONS, { t: "phones", offered: true }, { t: "located", ...HERE, accuracy_m: 18 }, { t: "ui.typed", field: "category", value: "bicycle" },
  { t: "ui.typed", field: "words", value: "A man is cutting the lock of a bicycle." }];
const NUMBER = [...FILLED, { t: "phones", offered: true }, { t: "ui.typed", field: "how", value: "number" }, { t: "ui.typed", field: "number", value: "138 0013 8000" }];
const SENT = [...NUMBER, { t: "phone_sent", phone: id(9) }];
const ADVICE = { emergency: true, call: "110", because: [{ rule: "weapon", zh: "听起来有人持有武器。", en: "It sounds as if somebody has a weapon." }] };
const COMING = [{ ...LI, word: "4711" }];
const SAID = [
  { seq: 4, by: "reporter", words: "At the south gate.", at: "2026-11-29T06:03:00Z" },
  { seq: 5, by: "officer", officer: LI, words: "Two minutes away.", at: "2026-11-29T06:04:00Z" },
  { seq: 6, by: "desk", words: "The colleague knows.", at: "2026-11-29T06:05:00Z" }];
const TALK = { t: "talk", case: id(1), lines: SAID, upto: 4, more: true };
/** @param {Record<string, unknown>} more */
const seen = (more) => [...SIGNED, { ...CASE, remaining_ms: null, officers: COMING, ...more }, ENTRIES];
/** @param {Record<string, unknown>} more */
const ended = (more) => seen({ status: "cleared", officers: [], disposition: "report_taken", object_ms: 14 * DAY_MS, ...more });
/** @param {string} desk_reason @param {Record<string, unknown>} [more] */
const desk = (desk_reason, more = {}) => [...SIGNED, { ...CASE, remaining_ms: null, status: "at_station", desk_reason, ...more }];
const PROPOSED = { begins: "2026-11-30T08:00:00Z", ends: "2026-11-30T09:00:00Z" };
const NEAR = { t: "moves", moved: [{ ...LI, place: { lat: 32.065, lon: 118.795, within_m: 100 }, eta_s: [380, 540] }] };
const CODE = "4GWT-2B8N-9QXM-7YZC-1DKP-5RAV";

/** @type {import("../shared/replay.js").Played} */
export const PLAYED = {
  first: FIRST,
  reduce,
  view: viewFor("110", () => live),
  states: [
    { name: "loading", log: [] },
    { name: "empty", log: [PLACES, QUESTIONS] },
    { name: "more-kinds", log: [MORE, QUESTIONS, { t: "ui.more" }] },
    { name: "locating", log: [PLACES, { t: "ui.locate" }] },
    { name: "not-located", log: [PLACES, { t: "not_located" }] },
    { name: "gcj02", log: [PLACES, { t: "begin", datum: "gcj02", at: HERE, accuracy_m: 20 }] },
    { name: "no-categories", log: [{ ...PLACES, categories: [] }] },
    { name: "filled", log: FILLED },
    { name: "with-number", log: NUMBER },
    { name: "code-sent", log: SENT },
    { name: "number-refused", log: [...NUMBER, { t: "phone_refused", refused: { code: "phone_not_served" } }] },
    { name: "number-code-wrong", log: [...SENT, { t: "phone_refused", refused: { code: "code_wrong" } }] },
    { name: "number-confirmed", log: [...SENT, { t: "phone_confirmed", phone: id(9) }] },
    { name: "no-numbers", log: [...FILLED, { t: "phones", offered: false }] },
    { name: "wrong", log: [PLACES, { t: "phones", offered: true }, { t: "ui.typed", field: "how", value: "number" }, { t: "ui.report" }] },
    { name: "emergency", log: [...FILLED, { t: "advice", advice: ADVICE }] },
    { name: "emergency-answered", log: [...FILLED, { t: "advice", advice: ADVICE }, { t: "ui.go_on" }, { t: "ui.silent", on: true }] },
    { name: "sending", log: [...FILLED, { t: "sending", sending: "going" }] },
    { name: "waiting", log: [...FILLED, { t: "sending", sending: "waiting" }] },
    { name: "working", log: [...FILLED, { t: "sending", sending: "working", work: { done: 5, parts: 16 } }] },
    { name: "report-refused", log: [...FILLED, { t: "report_refused", refused: { code: "category_unknown", detail: "" } }] },
    { name: "code-refused", log: [PLACES, { t: "ui.code", value: "ABCD" }, { t: "ui.open" }, { t: "code_refused", refused: { code: "receipt_malformed", detail: "" } }] },
    { name: "opening", log: [PLACES, { t: "signed", case: id(1) }] },
    { name: "receipt", log: [...SIGNED, { t: "reported", receipt: CODE }, { t: "qr", size: 4, path: "M0 0h2v1H0zM1 1h3v1H1z" }, CASE] },
    { name: "copied", log: [...SIGNED, { t: "reported", receipt: CODE }, CASE, { t: "ui.copied" }] },
    { name: "live", log: [...SIGNED, CASE] },
    { name: "offered-again", log: [...SIGNED, CASE, at(70)] },
    { name: "claimed", log: seen({ status: "claimed" }) },
    { name: "two-coming", log: seen({ status: "claimed", officers: [...COMING, { ...WANG, word: "0815" }] }) },
    { name: "en-route", log: [...seen({ status: "en_route" }), NEAR] },
    { name: "on-scene", log: seen({ status: "on_scene" }) },
    { name: "met", log: seen({ status: "on_scene", officers: [{ ...LI, met: true }] }) },
    { name: "talk", log: [...seen({ status: "en_route" }), TALK, { t: "saying", key: "k", words: "He wears a blue jacket." }] },
    { name: "talk-refused", log: [...seen({ status: "en_route" }), TALK, { t: "result", key: "k", ok: false, reason: "too_often", act: { t: "say", words: "Hello?" } }] },
    { name: "talk-emergency", log: [...seen({ status: "en_route" }), TALK, { t: "advice", advice: ADVICE, late: true }] },
    ...["window_closed", "desk_first", "to_confirm", "handed_back", "preempted", "silent", "unstaffed", "handed_over", "hold_over", "objected", "unmerged", "split"].map((why) =>
      ({ name: `at-station-${why.replace("_", "-")}`, log: desk(why) })),
    { name: "at-station-seen", log: desk("window_closed", { acknowledged: true }) },
    ...["offered", "accepted", "declined", "lapsed"].map((answer) =>
      ({ name: `appointment-${answer}`, log: desk("window_closed", { acknowledged: true, appointment: { ...PROPOSED, answer } }) })),
    { name: "withdraw", log: [...SIGNED, CASE, { t: "ui.ask", act: "withdraw" }] },
    { name: "withdraw-refused", log: [...SIGNED, CASE, { t: "result", ok: false, reason: "illegal", act: { t: "withdraw" } }] },
    { name: "cleared", log: ended({}) },
    { name: "cleared-with-talk", log: [...ended({}), { t: "earlier", lines: SAID, more: false }] },
    { name: "cleared-by-telephone", log: ended({ disposition: "advice_given", manner: "telephone" }) },
    { name: "referred", log: ended({ disposition: "referred", referred_to: "City management (12345)" }) },
    { name: "object", log: [...ended({}), { t: "ui.ask", act: "object" }] },
    { name: "object-empty", log: [...ended({}), { t: "ui.ask", act: "object" }, { t: "ui.object" }] },
    { name: "object-refused", log: [...ended({}), { t: "result", ok: false, reason: "overdue", act: { t: "object" } }] },
    { name: "rate", log: [...ended({}), { t: "ui.stars", value: "4" }] },
    { name: "rated", log: ended({ stars: 4 }) },
    { name: "too-late-to-object", log: ended({ object_ms: 0, stars: 4 }) },
    { name: "merged", log: seen({ status: "en_route", officers: [LI], merged: true, reports: 3 }) },
    { name: "several-reports", log: seen({ status: "claimed", reports: 3 }) },
    { name: "withdrawn", log: seen({ status: "withdrawn", officers: [] }) },
    { name: "silent", log: [...SIGNED, CASE, { t: "ui.silent", on: true }] },
    { name: "offline", log: [PLACES, { t: "offline", on: true }] },
    { name: "reconnecting", log: [...SIGNED, CASE, ...LOST] },
    { name: "refused", log: [...SIGNED, REVOKED] },
  ],
};
