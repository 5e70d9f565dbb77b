/**
 * Where the officer is: the browser's satellites, a place in the address (`?at=32.06,118.79`, for demonstrations), or a
 * wrapping app that knows better: it fires `onbeat:fix` on the window with {lat, lon, accuracy_m, datum, at_ms}. GCJ-02, as
 * chat apps and Chinese maps give it, is turned into WGS-84 at once (`datum: "gcj02"`, or `&datum=gcj02` beside `at`).
 */

import { fromGcj02 } from "../shared/datum.js";
import { pointFrom } from "../shared/places.js";

const BY_HAND_M = 10;
const UNKNOWN_M = 50; // of a bridge that does not say
const OLD_MS_MAX = 5_000;
const STILL_MS = 8_000; // then the watch begins anew: who stands still is told of no change, and after 30 s nobody ranks

/** @param {import("../shared/places.js").Point} point @param {unknown} datum */
const wgs84 = (point, datum) => (String(datum ?? "").toLowerCase().replace("-", "") === "gcj02" ? fromGcj02(point) : point);

/** The place that the page's address names, or null. @param {string} search */
export function placeInAddress(search) {
  const asked = new URLSearchParams(search);
  const at = pointFrom(asked.get("at"));
  return at && { ...wgs84(at, asked.get("datum")), accuracy_m: BY_HAND_M, source: "hand" };
}

/** A bridge's fix in the page's words, or null where it makes no sense. @param {any} told */
export function fixOfBridge(told) {
  const { lat, lon } = { lat: Number(told?.lat ?? told?.latitude), lon: Number(told?.lon ?? told?.longitude) };
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return null;
  const accuracy_m = Number(told.accuracy_m ?? told.accuracy);
  return { ...wgs84({ lat, lon }, told.datum), accuracy_m: accuracy_m >= 0 ? accuracy_m : UNKNOWN_M, source: "gps" };
}

/**
 * Watches until the page ends. `heard(fix, at_ms)`: WGS-84, and the wall time it was found; `none()`: no position to be had.
 * @param {(fix: import("./reducer.js").Fix, at_ms: number) => void} heard @param {() => void} none
 */
export function watch(heard, none) {
  let found_ms = 0;
  addEventListener("onbeat:fix", (told) => {
    const event = /** @type {CustomEvent} */ (told);
    const fix = fixOfBridge(event.detail);
    if (!fix) return;
    found_ms = Date.now();
    heard(fix, Number(event.detail.at_ms) || found_ms);
  });
  if (!navigator.geolocation) {
    none();
    return;
  }
  let watching = 0;
  const begin = () => {
    watching = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        found_ms = Date.now();
        // Whatever time a browser writes on it: what a watch tells is no older than its maximum age.
        heard({ lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy, source: "gps" }, Math.max(timestamp, found_ms - OLD_MS_MAX));
      },
      none,
      { enableHighAccuracy: true, maximumAge: OLD_MS_MAX },
    );
  };
  begin();
  setInterval(() => {
    if (!found_ms || Date.now() - found_ms < STILL_MS) return;
    found_ms = Date.now();
    navigator.geolocation.clearWatch(watching);
    begin();
  }, STILL_MS / 2);
}
