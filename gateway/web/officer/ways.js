/**
 * Ways to a place in the phone's own map app. The place leaves the page only when the officer presses one of them.
 * Amap speaks GCJ-02; the others are given what the satellites say.
 */

import { toGcj02 } from "../shared/datum.js";

const DIGITS = 6; // a tenth of a metre

/** @param {{lat: number, lon: number}} place */
const text = ({ lat, lon }) => `${lat.toFixed(DIGITS)},${lon.toFixed(DIGITS)}`;

/** @param {{lat: number, lon: number}} place @returns {{id: string, href: string}[]} The phone's own first. */
export function waysTo(place, label = "") {
  const gcj = toGcj02(place);
  const named = encodeURIComponent(label);
  return [
    { id: "own", href: `geo:${text(place)}?q=${text(place)}${label ? `(${named})` : ""}` },
    { id: "amap", href: `https://uri.amap.com/navigation?to=${gcj.lon.toFixed(DIGITS)},${gcj.lat.toFixed(DIGITS)},${named}&mode=car&coordinate=gaode&callnative=1` },
    { id: "apple", href: `https://maps.apple.com/?daddr=${text(place)}&dirflg=d` },
    { id: "google", href: `https://www.google.com/maps/dir/?api=1&destination=${text(place)}&travelmode=driving` },
  ];
}

const RAD = Math.PI / 180;

/** The direction from one place to another as one of eight: 0 north, 1 north-east, and so on by the clock. @param {{lat: number, lon: number}} from @param {{lat: number, lon: number}} to */
export function eighth(from, to) {
  const east = (to.lon - from.lon) * Math.cos(from.lat * RAD);
  const turn = Math.atan2(east, to.lat - from.lat) / RAD;
  return Math.round(((turn + 360) % 360) / 45) % 8;
}
