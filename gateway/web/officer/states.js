/** The officer's page in each of its states, by name. */

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

/** @type {import("../shared/replay.js").Played} */
export const PLAYED = {
  first: FIRST,
  reduce,
  view,
  states: [
    { name: "sign-in", log: [PLACES] },
    { name: "sign-in-refused", log: [PLACES, { t: "sign_in_refused", refused: { code: "wrong_credentials" } }] },
    { name: "loading", log: SIGNED },
    { name: "empty", log: ON },
    { name: "live", log: [...ON, OFFER] },
    { name: "offers", log: [...ON, OFFER, { ...OFFER, case: id(2), category: "noise", remaining_ms: 12_000 }] },
    { name: "lost", log: [...ON, OFFER, { t: "ui.take", case: id(1) }, { t: "gone", case: id(1), reason: "taken", by: WANG }] },
    { name: "claimed", log: [...ON, HELD] },
    { name: "en-route", log: [...ON, { ...HELD, state: "en_route", status: "en_route" }] },
    { name: "on-scene", log: [...ON, { ...HELD, state: "on_scene", status: "on_scene" }] },
    { name: "reconnecting", log: [...ON, OFFER, ...LOST] },
    { name: "refused", log: [...ON, REVOKED] },
  ],
};
