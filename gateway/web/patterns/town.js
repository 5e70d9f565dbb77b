/** A small invented town for the pattern sheet and for named states: one station, two beats, people and cases. */

const LAT = 32.06;
const LON = 118.79;
/** A ring of [lon, lat] round a rectangle. @param {number} west @param {number} south @param {number} east @param {number} north */
const ring = (west, south, east, north) => [[west, south], [east, south], [east, north], [west, north], [west, south]];

export const AREAS = [
  { id: "xw-1", kind: "station", station: "xw-1", name: "新街口派出所", name_en: "Xinjiekou Station", rings: [ring(LON - 0.02, LAT - 0.015, LON + 0.02, LAT + 0.015)] },
  { id: "xw-1-a", kind: "beat", station: "xw-1", name: "珠江路", name_en: "Zhujiang Road", rings: [ring(LON - 0.02, LAT - 0.015, LON, LAT + 0.015)] },
  { id: "xw-1-b", kind: "beat", station: "xw-1", name: "长江路", name_en: "Changjiang Road", rings: [ring(LON, LAT - 0.015, LON + 0.02, LAT + 0.015)] },
];

export const CATEGORIES = [
  { id: "bicycle", name: "自行车被盗", name_en: "Stolen bicycle", open: true },
  { id: "noise", name: "噪音", name_en: "Noise", open: true },
  { id: "dispute", name: "纠纷", name_en: "Dispute", open: true },
  { id: "lost", name: "走失、遗失", name_en: "Lost person or thing", open: true },
  { id: "fraud", name: "诈骗", name_en: "Fraud", open: true },
  { id: "other", name: "其他", name_en: "Other", open: true },
];

/** The names are there. */
export const PLACES = { t: "places", areas: AREAS, categories: CATEGORIES };

export const HERE = { lat: LAT, lon: LON };
export const LI = { call_sign: "0417", surname: "李" };
export const WANG = { call_sign: "0423", surname: "王" };
/** A place that is known to 71 m, as an offer says it. */
export const ROUGH = { ...HERE, within_m: 71 };
/** The page's own clock when things were heard, and the wall's: 14:02 of a day in November. */
export const HEARD = { heard_ms: 1_000, wall_ms: Date.UTC(2026, 10, 29, 6, 2) };
export const id = (/** @type {number} */ nr) => `00000000-0000-4000-8000-${String(nr).padStart(12, "0")}`;
/** The clock shows so many seconds since the page was opened. @param {number} seconds */
export const at = (seconds) => ({ t: "tick", now_ms: seconds * 1000 });
export const LIVE = { t: "line", line: "live", heard_ms: 1_000 };
/** Nothing was heard for eleven seconds. */
export const LOST = [{ t: "line", line: "reconnecting" }, at(12)];
export const REVOKED = { t: "line", line: "refused", why: "revoked" };
