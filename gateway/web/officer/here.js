/**
 * Where the officer is: the browser's satellites, a place in the address (`?at=32.06,118.79`, for demonstrations), or a
 * wrapping app that knows better: it fires `onbeat:fix` on the window with {lat, lon, accuracy_m, datum, at_ms}. GCJ-02, as
 * chat apps and Chinese maps give it, is turned into WGS-84 at once (`datum: "gcj02"`, or `&datum=gcj02` beside `at`).
 */

import { fromGcj02 } from "../shared/datum.js";
import { pointFrom } from "../shared/places.js";

const BY_HAND_M = 10;
const UNKNOWN_M = 50; // of a bridge that does not say

const wgs84 = (point, datum) => (String(datum ?? "").toLowerCase().replace("-", "") === "gcj02" ? fromGcj02(point) : point);

/** The place that the page's address names, or null. */
export function placeInAddress(search) {
  const asked = new URLSearchParams(search);
  const at = pointFrom(asked.get("at"));
  return at && { ...wgs84(at, asked.get("datum")), accuracy_m: BY_HAND_M, source: "hand" };
}

/** A bridge's fix in the page's words, or null where it makes no sense. */
export function fixOfBridge(told) {
  const { lat, lon } = { lat: Number(told?.lat ?? told?.latitude), lon: Number(told?.lon ?? told?.longitude) };
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return null;
  const accuracy_m = Number(told.accuracy_m ?? told.accuracy);
  return { ...wgs84({ lat, lon }, told.datum), accuracy_m: accuracy_m >= 0 ? accuracy_m : UNKNOWN_M, source: "gps" };
}

/** Watches until the page ends. `heard(fix, at_ms)`: WGS-84, and the wall time it was found; `none()`: no position to be had. */
export function watch(heard, none) {
  addEventListener("onbeat:fix", (event) => {
    const fix = fixOfBridge(event.detail);
    if (fix) heard(fix, Number(event.detail.at_ms) || Date.now());
  });
  if (!navigator.geolocation) {
    none();
    return;
  }
  navigator.geolocation.watchPosition(
    ({ coords, timestamp }) => heard({ lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy, source: "gps" }, timestamp),
    none,
    { enableHighAccuracy: true, maximumAge: 5_000 },
  );
}
