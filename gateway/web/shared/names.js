/**
 * Where the names of areas stand on a map, plain or live: inside what is seen of their area, whole, and on nothing else.
 * A name that finds no such place is left out: half a name is worse than none. Pure, in pixels from the middle of the picture.
 *
 * @typedef {import("./places.js").Area} Area
 * @typedef {{x: number, y: number}} Spot
 * @typedef {{key: string, kind: string, lines: string[], size: number, mine: boolean, x: number, y: number}} Name x, y: its middle
 * @typedef {{wide: number, high: number, lang: string, mine?: string | null, taken?: (Spot & {sign?: string, still?: boolean})[], buttons?: boolean}} Picture
 *   `taken`: where marks stand, with what is written to the right of them, and whether they stay there; `buttons`: the lower right corner is taken
 */

import { nameIn } from "./places.js";
import { capital } from "./words.js";

/** Of a station the first of these that fits: the whole town in a phone's small picture has room for two short lines. */
const STATION = [{ size: 15, parted: false }, { size: 15, parted: true }, { size: 12, parted: true }];
const BEAT = [{ size: 13, parted: false }];
export const LINE = 1.25; // of the size, from line to line
const NAMES_MAX = 24;
/** A name reaches over the border of its area by so much at most: a street's width, not another area's. */
const ROOM = 1.15;
const EDGE_PX = 3;
const APART_PX = 8;
/** Lines above and below the middle of the area that are tried, one after another. */
const LINES = [0, 1.4, -1.4, 2.8, -2.8, 4.2, -4.2, 6, -6, 8, -8];
const MARK_PX = 14;
/** Names make room for so many marks; on a fuller map only for what stands still, or they would jump aside for whoever drives by. */
const MARKS_MAX = 4;
const STILL_MAX = 16; // with more there is no room to be found
const BUTTONS_PX = { wide: 60, high: 112 };
const WIDE_FROM = 0x2e80; // Han characters are as wide as they are high
const LATIN = 0.62;

/** How wide a text is drawn, about. @param {string} text @param {number} size */
export const wideOf = (text, size) => [...text].reduce((sum, sign) => sum + ((sign.codePointAt(0) ?? 0) >= WIDE_FROM ? size : size * LATIN), 0);

/** A beat's name without its station's, which stands on the map as well. @param {Area} area @param {Area | undefined} station @param {string} lang */
export function shortName(area, station, lang) {
  const name = nameIn(area, { lang });
  const whose = station ? nameIn(station, { lang }) : "";
  const own = whose && name.startsWith(whose) ? name.slice(whose.length).replace(/^[\s,，、·:：-]+/, "") : name;
  return capital(own || name);
}

/**
 * @param {readonly Area[]} areas @param {(point: number[]) => Spot} at a corner [lon, lat] in pixels from the middle
 * @param {Picture} picture @returns {Name[]}
 */
export function namesOn(areas, at, { wide, high, lang, mine = null, taken = [], buttons = false }) {
  const stations = new Map(areas.filter((one) => one.kind === "station").map((one) => [one.id, one]));
  const still = taken.length > MARKS_MAX ? taken.filter((one) => one.still) : taken;
  const boxes = (still.length > STILL_MAX ? [] : still).map((one) => ({ x: one.x + (one.sign ? (wideOf(one.sign, 12) + 4) / 2 : 0), y: one.y - 4, wide: 2 * MARK_PX + (one.sign ? wideOf(one.sign, 12) + 4 : 0), high: 2 * MARK_PX + 8 }));
  if (buttons) boxes.push({ x: (wide - BUTTONS_PX.wide) / 2, y: (high - BUTTONS_PX.high) / 2, ...BUTTONS_PX });
  /** @type {Name[]} */
  const found = [];
  for (const area of inOrder(areas, mine)) {
    if (found.length >= NAMES_MAX) break;
    const seen = far(area, at, wide, high) ? null : seenOf(area, at, wide, high);
    if (!seen) continue;
    const station = area.kind === "beat" ? stations.get(area.station) : undefined;
    const own = area.kind === "beat" && area.id === mine;
    // "Beat 1" says nothing where its station is not named: several stations have one.
    if (station && !own && !found.some((one) => one.key === `station:${station.id}`)) continue;
    const text = area.kind === "station" ? nameIn(area, { lang }) : shortName(area, station, lang);
    for (const { size, parted } of area.kind === "station" ? STATION : BEAT) {
      const lines = parted ? inTwo(text) : [text];
      const spot = spotFor({ wide: Math.max(...lines.map((one) => wideOf(one, size))) + APART_PX, high: size * (LINE * lines.length + 0.15) }, size, seen, wide, high, boxes);
      if (!spot) continue;
      boxes.push(spot);
      found.push({ key: `${area.kind}:${area.id}`, kind: area.kind, lines, size, mine: own, x: spot.x, y: spot.y });
      break;
    }
  }
  return found;
}

/** In two lines of about the same length: between words, or between characters where there are none. @param {string} text */
function inTwo(text) {
  const gaps = [...text.matchAll(/ /g)].map((one) => one.index);
  const middle = gaps.sort((a, b) => Math.abs(a - text.length / 2) - Math.abs(b - text.length / 2))[0] ?? Math.ceil(text.length / 2);
  return [text.slice(0, middle).trim(), text.slice(middle).trim()].filter(Boolean);
}

/** One's own beat first, then stations, then the other beats. @param {readonly Area[]} areas @param {string | null} mine */
function inOrder(areas, mine) {
  const rank = (/** @type {Area} */ one) => (one.kind === "beat" && one.id === mine ? 0 : one.kind === "station" ? 1 : 2);
  return [...areas].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

/** @typedef {{x: number, y: number, wide: number, high: number}} Box middle, and how far it reaches */
/** @typedef {{ring: number[][], x: number, y: number, left: number, right: number, up: number, down: number}} Seen */

/** The place of a text of that size, or null. @param {{wide: number, high: number}} text @param {number} size @param {Seen} seen @param {number} wide @param {number} high @param {Box[]} boxes @returns {Box | null} */
function spotFor(text, size, seen, wide, high, boxes) {
  if (text.wide > (seen.right - seen.left) * ROOM || text.wide + 2 * EDGE_PX > wide || text.high > seen.down - seen.up) return null;
  const most = { x: (wide - text.wide) / 2 - EDGE_PX, y: (high - text.high) / 2 - EDGE_PX };
  for (const lines of LINES) {
    const spot = { x: within(seen.x, most.x), y: within(seen.y + lines * size, most.y), ...text };
    if (inside([spot.x, spot.y], seen.ring) && !boxes.some((one) => meet(one, spot))) return spot;
  }
  return null;
}

/** @param {number} value @param {number} most */
const within = (value, most) => Math.max(-most, Math.min(most, value));
/** @param {Box} a @param {Box} b */
const meet = (a, b) => Math.abs(a.x - b.x) * 2 < a.wide + b.wide && Math.abs(a.y - b.y) * 2 < a.high + b.high;

/** @type {WeakMap<Area, number[][]>} */
const CORNERS = new WeakMap();

/** Does it lie wholly outside? By the box round it, so that a city's thousands of corners are left alone. @param {Area} area @param {(point: number[]) => Spot} at @param {number} wide @param {number} high */
function far(area, at, wide, high) {
  let two = CORNERS.get(area);
  if (!two) {
    const all = area.rings.flat();
    two = [[least(all, 0), -least(all, 1, -1)], [-least(all, 0, -1), least(all, 1)]]; // north-west, south-east
    CORNERS.set(area, two);
  }
  const [nw, se] = two.map(at);
  return se.x < -wide / 2 || nw.x > wide / 2 || se.y < -high / 2 || nw.y > high / 2;
}

/** The largest part of an area that lies in the picture, its middle, and how far it reaches; null where none does. @param {Area} area @param {(point: number[]) => Spot} at @param {number} wide @param {number} high @returns {Seen | null} */
function seenOf(area, at, wide, high) {
  let best = /** @type {(Seen & {size: number}) | null} */ (null);
  for (const corners of area.rings) {
    const ring = clipped(corners.map((corner) => { const { x, y } = at(corner); return [x, y]; }), wide / 2, high / 2);
    if (ring.length < 3) continue;
    const { x, y, size } = middleOf(ring);
    if (!best || size > best.size) best = { ring, x, y, size, left: least(ring, 0), right: -least(ring, 0, -1), up: least(ring, 1), down: -least(ring, 1, -1) };
  }
  return best;
}

/** @param {number[][]} ring @param {number} axis */
const least = (ring, axis, sign = 1) => ring.reduce((found, corner) => Math.min(found, sign * corner[axis]), Infinity);

/** What of a ring lies in the picture, edge by edge (Sutherland and Hodgman 1974). @param {number[][]} ring @param {number} right @param {number} down */
function clipped(ring, right, down) {
  let left = ring;
  for (const [axis, sign, most] of [[0, 1, right], [0, -1, right], [1, 1, down], [1, -1, down]]) {
    /** @type {number[][]} */
    const kept = [];
    for (let i = 0, j = left.length - 1; i < left.length; j = i, i += 1) {
      const [a, b] = [left[j], left[i]];
      const [from, to] = [sign * a[axis], sign * b[axis]];
      if ((from > most) !== (to > most)) {
        const part = (most - from) / (to - from);
        kept.push([a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part]);
      }
      if (to <= most) kept.push(b);
    }
    left = kept;
  }
  return left;
}

/** The centre of a ring's surface, and how large that is. @param {number[][]} ring */
function middleOf(ring) {
  let [twice, x, y] = [0, 0, 0];
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const cross = ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
    twice += cross;
    x += (ring[j][0] + ring[i][0]) * cross;
    y += (ring[j][1] + ring[i][1]) * cross;
  }
  return { x: twice ? x / (3 * twice) : ring[0][0], y: twice ? y / (3 * twice) : ring[0][1], size: Math.abs(twice) / 2 };
}

/** @param {number[]} point @param {number[][]} ring */
export function inside([x, y], ring) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}
