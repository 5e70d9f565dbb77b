/** The officer's page in each of its states, by name. */

import { accountStates, signingStates } from "../patterns/signing.js";
import { HEARD, HERE, LIVE, LOST, PLACES, REVOKED, ROUGH, WANG, at, id } from "../patterns/town.js";
import { FIRST, reduce } from "./reducer.js";
import { view } from "./view.js";

const SIGNED = [PLACES, { t: "signed", signed: { role: "officer", login: "officer-0417" } }];
const ON = [...SIGNED, { t: "welcome", on_duty: true, call_sign: "0417", station: "xw-1", officer: id(17), ...HEARD },
  { t: "snapshot", at: {}, ...HEARD }, LIVE, { t: "fix", fix: { ...HERE, accuracy_m: 12, source: "gps" } }, at(5)];
const OFFER = { t: "offer", case: id(1), round: 1, category: "bicycle", words: "蓝色自行车被盗，往地铁站方向。 A blue bicycle was taken, towards the metro.",
  place: { ...ROUGH, lat: 32.064 }, remaining_ms: 58_000, ...HEARD };
const HELD = { t: "held", case: id(1), fence: 2, state: "claimed", status: "claimed", category: "bicycle", words: OFFER.words,
  place: { ...HERE, lat: 32.064, within_m: 0 }, seats: 1, ...HEARD };
const EN_ROUTE = { ...HELD, state: "en_route", status: "en_route", word: "4712" };
const ON_SCENE = { ...HELD, state: "on_scene", status: "on_scene", word: "4712" };
const TAKE = { t: "ui.take", case: id(1) };
const KNOWN = { t: "place_known", case: id(1), known: { hazards: [{ hazard: id(7), words: "院内有恶犬。 A dog that bites.", expires_at: "2026-12-24T00:00:00Z", within_m: 14 }],
  earlier: [{ on: "2026-11-02", category: "noise", disposition: "advice_given", within_m: 5 }] } };
const line = (/** @type {number} */ seq, /** @type {string} */ by, /** @type {string} */ words) =>
  ({ t: "said", case: id(1), line: { seq, by, words, at: "2026-11-29T10:02:00Z", ...(by === "officer" ? { officer: WANG } : {}) } });
const SAID = [line(3, "reporter", "我在北门。 I am at the north gate."), line(4, "officer", "我从南边过来。 I come from the south."), line(5, "desk", "物业在等。 The caretaker waits.")];
const HELP = { t: "help", panic: id(9), officer: id(23), ...WANG, station: "xw-1", raised_at: "2026-11-29T10:00:00Z", place: { ...ROUGH, within_m: 8 } };
const refused = (/** @type {string} */ t, /** @type {string} */ reason, more = {}) => ({ t: "result", key: "k", ok: false, reason, act: { t, case: id(1), ...more }, ...HEARD });

/** @type {import("../shared/replay.js").Played} */
export const PLAYED = {
  first: FIRST,
  reduce,
  view,
  states: [
    { name: "sign-in", log: [PLACES] },
    { name: "sign-in-refused", log: [PLACES, { t: "sign_in_refused", refused: { code: "sign_in_refused" } }] },
    { name: "asking", log: [PLACES, { t: "asking", on: true }] },
    ...signingStates([PLACES]),
    { name: "loading", log: SIGNED },
    { name: "off-duty", log: [...SIGNED, { t: "welcome", on_duty: false, call_sign: "0417", station: "xw-1", officer: id(17), ...HEARD }, { t: "snapshot", at: {}, ...HEARD }, LIVE] },
    { name: "empty", log: ON },
    { name: "no-position", log: [...ON.filter((m) => m.t !== "fix"), { t: "no_fix" }] },
    { name: "by-hand", log: [...ON, { t: "ui.by_hand" }, { t: "ui.sheet", kind: "settings" }] },
    { name: "settings", log: [...ON, { t: "ui.sheet", kind: "settings" }] },
    { name: "settings-unable", log: [...ON, { t: "can", can: { sound: "none", vibration: false, awake: "refused" } }, { t: "ui.sheet", kind: "settings" }, { t: "ui.by_hand" }] },
    { name: "ring-off", log: [...ON, { t: "ring", ring: "off" }] },
    { name: "ring-on", log: [...ON, { t: "ring", ring: "on" }, { t: "ui.sheet", kind: "settings" }] },
    { name: "ring-denied", log: [...ON, { t: "ring", ring: "denied" }, { t: "ui.sheet", kind: "settings" }] },
    { name: "ring-install", log: [...ON, { t: "ring", ring: "install" }] },
    { name: "ring-refused", log: [...ON, { t: "ring", ring: "off", refused: { code: "push_unreachable" } }] },
    { name: "sunlight", log: [...ON, OFFER, { t: "ui.pref", name: "sun", on: true }] },
    { name: "live", log: [...ON, OFFER] },
    { name: "offers", log: [...ON, OFFER, { ...OFFER, case: id(2), category: "noise", remaining_ms: 12_000, seats: 2 }] },
    { name: "taking", log: [...ON, OFFER, TAKE] },
    { name: "checking", log: [...ON, OFFER, TAKE, at(9)] },
    { name: "over", log: [...ON, OFFER, at(70)] },
    { name: "decline", log: [...ON, OFFER, { t: "ui.sheet", kind: "decline", case: id(1) }] },
    { name: "lost", log: [...ON, OFFER, TAKE, { t: "gone", case: id(1), reason: "taken", by: WANG }] },
    { name: "claimed", log: [...ON, HELD, { t: "place_known", case: id(1), known: { hazards: [], earlier: [] } }] },
    { name: "claimed-unknown", log: [...ON, HELD] },
    { name: "place-away", log: [...ON, HELD, { t: "place_known", case: id(1), known: null }] },
    { name: "en-route", log: [...ON, EN_ROUTE, KNOWN] },
    { name: "on-scene", log: [...ON, ON_SCENE, KNOWN] },
    { name: "word-wrong", log: [...ON, ON_SCENE, KNOWN, { t: "ui.word", case: id(1), value: "4711" }, refused("met", "wrong_word")] },
    { name: "met", log: [...ON, { ...ON_SCENE, word: undefined, met: true }, KNOWN, { t: "ui.disposition", value: "report_taken" }] },
    { name: "check-in", log: [...ON, { ...ON_SCENE, check_in: "asked" }, KNOWN] },
    { name: "nudged", log: [...ON, { ...EN_ROUTE, watch: "nudged" }, KNOWN] },
    { name: "welfare", log: [...ON, { ...EN_ROUTE, watch: "asked" }, KNOWN] },
    { name: "two-officers", log: [...ON, { ...EN_ROUTE, seats: 3, others: [WANG] }, KNOWN] },
    { name: "hand-back", log: [...ON, HELD, { t: "ui.sheet", kind: "hand_back", case: id(1) }] },
    { name: "second", log: [...ON, HELD, { t: "ui.sheet", kind: "second", case: id(1) }] },
    { name: "transfer", log: [...ON, HELD, { t: "ui.sheet", kind: "transfer", case: id(1) }] },
    { name: "ways", log: [...ON, HELD, { t: "ui.sheet", kind: "ways", case: id(1) }] },
    { name: "unread", log: [...ON, EN_ROUTE, KNOWN, ...SAID] },
    { name: "talk-empty", log: [...ON, EN_ROUTE, { t: "ui.sheet", kind: "talk", case: id(1) }] },
    { name: "talk", log: [...ON, EN_ROUTE, ...SAID, { t: "ui.sheet", kind: "talk", case: id(1) }, { t: "say_kept", case: id(1), key: "k", words: "我正在赶来。 I am on my way." }] },
    { name: "holds-case", log: [...ON, HELD, refused("duty", "holds_case", { on: false })] },
    { name: "preempted", log: [...ON, HELD, { t: "gone", case: id(1), reason: "preempted" }] },
    { name: "panic-hold", log: [...ON, { t: "ui.panic_down" }] },
    { name: "panic-ask", log: [...ON, OFFER, { t: "ui.panic_tap" }] },
    { name: "panic-sending", log: [...ON, { t: "panic.go" }, ...LOST] },
    { name: "panic-raised", log: [...ON, { t: "panic.go" }, { ...HELP, officer: id(17), call_sign: "0417", told: 4 }] },
    { name: "panic-near", log: [...ON, HELP] },
    { name: "panic-near-seen", log: [...ON, HELP, { t: "ui.help_seen", panic: id(9) }] },
    ...accountStates([...ON, { t: "ui.sheet", kind: "settings" }]),
    { name: "reconnecting", log: [...ON, OFFER, ...LOST] },
    { name: "offline", log: [...ON, HELD, ...LOST, { t: "offline", on: true }] },
    { name: "refused", log: [...ON, REVOKED] },
  ],
};
