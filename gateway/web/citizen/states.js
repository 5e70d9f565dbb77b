/** The citizen's page in each of its states, by name. */

import { HEARD, HERE, LI, LIVE, LOST, PLACES, REVOKED, at, id } from "../patterns/town.js";
import { FIRST, reduce } from "./reducer.js";
import { viewFor } from "./view.js";

const CASE = { t: "case", case: id(1), status: "offered", station: "xw-1", category: "bicycle", received_ago_ms: 0, remaining_ms: 60_000, ...HEARD };
const SIGNED = [PLACES, { t: "draft", draft: { pin: HERE } }, { t: "signed" }, LIVE, at(5)];
/** @param {Record<string, unknown>} more */
const seen = (more) => [...SIGNED, { ...CASE, remaining_ms: null, officers: [LI], ...more }];

/** @type {import("../shared/replay.js").Played} */
export const PLAYED = {
  first: FIRST,
  reduce,
  view: viewFor("110"),
  states: [
    { name: "loading", log: [] },
    { name: "empty", log: [PLACES] },
    { name: "wrong", log: [PLACES, { t: "ui.report" }] },
    { name: "waiting", log: [PLACES, { t: "sending", sending: "waiting" }] },
    { name: "receipt", log: [...SIGNED, { t: "reported", receipt: "4GWT-2B8N-9QXM-7YZC-1DKP-5RAV" }, CASE] },
    { name: "live", log: [...SIGNED, CASE] },
    { name: "claimed", log: seen({ status: "claimed" }) },
    { name: "en-route", log: [...seen({ status: "en_route" }), { t: "moves", moved: [{ ...LI, place: { lat: 32.065, lon: 118.795, within_m: 100 }, eta_s: [380, 540] }] }] },
    { name: "on-scene", log: seen({ status: "on_scene" }) },
    { name: "at-station", log: seen({ status: "at_station", officers: [], desk_reason: "window_closed" }) },
    { name: "cleared", log: seen({ status: "cleared", officers: [], disposition: "report_taken" }) },
    { name: "withdrawn", log: seen({ status: "withdrawn", officers: [] }) },
    { name: "reconnecting", log: [...SIGNED, CASE, ...LOST] },
    { name: "refused", log: [...SIGNED, REVOKED] },
  ],
};
