/**
 * Up to where this page has seen each stream; pure. What stands here is true of what was received, never a hope:
 * a page that says `at` again on reconnect gets exactly what it missed.
 *
 * @typedef {{token: string | null, at: Record<string, number>, pending: string | null, counted: number}} Place
 */

/** Messages that a fact causes; `beat.sent` counts them. A test compares with the service's own views. */
export const CAUSED = new Set(["offer", "gone", "held", "case", "desk_case", "alarm", "said", "read_to", "talk", "officer", "help"]);

/** @type {Place} */
export const NOWHERE = { token: null, at: {}, pending: null, counted: 0 };

/** The place after message `m`. @param {Place} place @param {any} m @returns {Place} */
export function advance(place, m) {
  if (m.t === "welcome") {
    // The top offsets of a resumed welcome lie beyond what is still to come; a fresh one counts with its snapshot.
    return m.resumed
      ? { ...place, token: m.token, pending: null, counted: 0 }
      : { token: null, at: {}, pending: m.token, counted: 0 };
  }
  if (m.t === "snapshot") return { ...place, token: place.pending ?? place.token, pending: null, at: { ...m.at } };
  if (m.t === "past" || m.t === "beat") return { ...place, at: greater(place.at, m.at) };
  if (CAUSED.has(m.t)) {
    const at = m.stream ? greater(place.at, { [m.stream]: m.offset ?? 0 }) : place.at;
    return { ...place, at, counted: place.counted + 1 };
  }
  return place;
}

/** Has this page lost messages on an open line? A beat says how many were sent. @param {Place} place @param {any} m */
export const deaf = (place, m) => m.t === "beat" && m.sent > place.counted;

/** @param {Record<string, number>} at @param {Record<string, number>} more */
function greater(at, more) {
  const next = { ...at };
  for (const [stream, offset] of Object.entries(more)) next[stream] = Math.max(next[stream] ?? 0, offset);
  return next;
}
