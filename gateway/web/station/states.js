/** The desk's page in each of its states, by name. */

import { HEARD, LIVE, LOST, PLACES, REVOKED, ROUGH, at, id } from "../patterns/town.js";
import { FIRST, reduce } from "./reducer.js";
import { view } from "./view.js";

const SIGNED = [PLACES, { t: "signed", signed: { role: "desk", login: "desk-xw-1" } }];
const OFFICERS = [
  { t: "officer", officer: id(17), call_sign: "0417", surname: "李", on: true },
  { t: "officer", officer: id(23), call_sign: "0423", surname: "王", on: true },
];
const HERE = [...SIGNED, { t: "welcome", role: "desk", station: "xw-1", ...HEARD }, { t: "snapshot", at: {}, officers: OFFICERS, ...HEARD }, LIVE, at(5)];
const CASE = { t: "desk_case", case: id(1), seq: 2, station: "xw-1", status: "offered", category: "bicycle", words: "A blue bicycle was taken.",
  place: ROUGH, received_ago_ms: 0, round: 1, seats: 1, remaining_ms: 58_000, ...HEARD };
const AT_DESK = { ...CASE, case: id(2), seq: 4, category: "noise", status: "at_station", desk_reason: "window_closed", remaining_ms: null };
const TAKEN = { ...CASE, case: id(3), seq: 3, status: "claimed", remaining_ms: null, holders: [{ officer: id(17), call_sign: "0417", surname: "李", state: "claimed", fence: 2 }] };
const FULL = [...HERE, CASE, AT_DESK, TAKEN, { ...CASE, case: id(4), seq: 9, status: "cleared", disposition: "report_taken", remaining_ms: null }];

/** @type {import("../shared/replay.js").Played} */
export const PLAYED = {
  first: FIRST,
  reduce,
  view,
  states: [
    { name: "sign-in", log: [PLACES] },
    { name: "loading", log: SIGNED },
    { name: "empty", log: HERE },
    { name: "live", log: FULL },
    { name: "open", log: [...FULL, { t: "ui.open", case: id(2) }] },
    { name: "open-claimed", log: [...FULL, { t: "ui.open", case: id(3) }] },
    { name: "alarmed", log: [...FULL, { ...AT_DESK, seq: 5, alarms: 1 }] },
    { name: "help", log: [...FULL, { t: "ui.panel", panel: "help" }] },
    { name: "reconnecting", log: [...FULL, ...LOST] },
    { name: "refused", log: [...FULL, REVOKED] },
  ],
};
