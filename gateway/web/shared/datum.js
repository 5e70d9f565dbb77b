/**
 * WGS-84 and GCJ-02, converted at the page's border only; inside a page every point is WGS-84. The same published
 * formula as `geo/datum.py`; a test compares the two.
 *
 * @typedef {{lat: number, lon: number}} Point
 */

// The box within which map makers apply GCJ-02; a rectangle, so it takes in some neighbours as well.
const [SOUTH, NORTH, WEST, EAST] = [0.8293, 55.8271, 72.004, 137.8347];
const KRASOVSKY_A_M = 6_378_245;
const KRASOVSKY_E2 = 0.00669342162296594323;
const ROUNDS_MAX = 12;
const STEP_DEG = 1e-10; // about 0.01 mm

const { PI, sin, cos, sqrt, abs, max } = Math;

/** @param {Point} p Does any map maker shift this place? */
export const inChinaBox = ({ lat, lon }) => lat >= SOUTH && lat <= NORTH && lon >= WEST && lon <= EAST;

/** @param {Point} p in WGS-84 @returns {Point} The same place in GCJ-02; the same point outside the box. */
export function toGcj02(p) {
  if (!inChinaBox(p)) return { lat: p.lat, lon: p.lon };
  const [north, east] = shift(p.lat, p.lon);
  return { lat: p.lat + north, lon: p.lon + east };
}

/** @param {Point} p in GCJ-02 @returns {Point} The same place in WGS-84, to better than a millionth of a degree. */
export function fromGcj02(p) {
  if (!inChinaBox(p)) return { lat: p.lat, lon: p.lon };
  let { lat, lon } = p;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const [north, east] = shift(lat, lon);
    const step = max(abs(p.lat - north - lat), abs(p.lon - east - lon));
    lat = p.lat - north;
    lon = p.lon - east;
    if (step < STEP_DEG) break;
  }
  return { lat, lon };
}

/** @param {Point} p in `datum` @param {string} datum wgs84 or gcj02 @returns {Point} */
export const toWgs84 = (p, datum) => (datum === "gcj02" ? fromGcj02(p) : { lat: p.lat, lon: p.lon });

/** @param {Point} p in WGS-84 @param {string} datum wgs84 or gcj02 @returns {Point} The same place in `datum`. */
export const fromWgs84 = (p, datum) => (datum === "gcj02" ? toGcj02(p) : { lat: p.lat, lon: p.lon });

/** @param {number} lat @param {number} lon @returns {[number, number]} How far GCJ-02 lies from WGS-84 here: degrees north, degrees east. */
function shift(lat, lon) {
  const x = lon - 105;
  const y = lat - 35;
  const root = sqrt(abs(x));
  const wave = 20 * sin(6 * x * PI) + 20 * sin(2 * x * PI);
  const north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    + ((wave + 20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3
    + ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  const east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    + ((wave + 20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3
    + ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const rad = (lat * PI) / 180;
  const w2 = 1 - KRASOVSKY_E2 * sin(rad) ** 2;
  const meridian_m = (KRASOVSKY_A_M * (1 - KRASOVSKY_E2)) / (w2 * sqrt(w2));
  const parallel_m = (KRASOVSKY_A_M / sqrt(w2)) * cos(rad);
  return [(north_m / meridian_m) * (180 / PI), (east_m / parallel_m) * (180 / PI)];
}
