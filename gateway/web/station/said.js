/** Times, and what happened to a case, in words. */

import { distanceSay, stationName } from "../shared/places.js";
import { nameOfAccount } from "./queue.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../shared/words.js").Words} Words */

const MIN_MS = 60_000;

/** "40 s", "12 min", "2 h 05 min", "3 d". @param {number} ms @param {Words} words */
export function ago(ms, words) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return words.say("desk.seconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return words.say("desk.age", { minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? words.say("desk.hours", { hours, minutes: String(minutes % 60).padStart(2, "0") }) : words.say("desk.days", { n: Math.floor(hours / 24) });
}

/** A time of the page's own clock as the wall says it. @param {number} at_ms @param {State} state @param {Words} words */
export const clockOf = (at_ms, state, words) => words.clock(at_ms + state.wall_off_ms);

/** A duration in milliseconds as figures say it. @param {number | null | undefined} ms @param {Words} words */
export const lasted = (ms, words) => (ms == null ? words.say("desk.none") : ms < MIN_MS ? words.say("desk.seconds", { n: Math.round(ms / 1000) }) : ago(ms, words));

const BY_OFFICER = new Set(["claimed", "seat_filled", "set_out", "arrived", "declined", "handed_back", "handed_to_desk", "seat_handed_back", "transferred", "seat_left", "checked_in", "second_asked", "met",
  "welfare_answered"]);

/** Who did it, in words. @param {import("./state.js").Told} entry @param {State} state @param {Words} words */
export function actorSaid(entry, state, words) {
  const [kind, id] = entry.actor.split(":");
  if (kind === "officer" || BY_OFFICER.has(entry.kind)) return entry.call_sign ?? words.say("desk.actor.officer");
  if (kind === "desk" || kind === "supervisor") return nameOfAccount(id, state, words) ?? words.say(kind === "desk" ? "desk.actor.desk" : "desk.actor.supervisor");
  return words.say(kind === "service" ? "desk.actor.service" : "desk.actor.reporter");
}

/** One entry of a history as a sentence. @param {import("./state.js").Told} entry @param {State} state @param {Words} words */
export function entrySaid(entry, state, words) {
  const { body } = entry;
  const everybody = entry.kind === "offer_opened" && !body.ring_m; // where everyone is was not known yet
  const key = everybody ? "desk.told.offer_opened.all" : `desk.told.${entry.kind}`;
  if (!words.has(key)) return entry.kind;
  const disposition = body.disposition ? words.say(`disposition.${body.disposition}`) : "";
  const station = stationName(body.to ?? body.to_station ?? body.from ?? "", state.areas, words);
  return words.say(key, { who: actorSaid(entry, state, words), officer: entry.call_sign ?? "", disposition, station, n: body.asked ?? "", stars: body.stars ?? "", body: body.referred_to ?? "",
    distance: body.ring_m ? distanceSay(body.ring_m, words) : "" });
}

/**
 * Why a case stands at the desk; what is to be confirmed says because of what, as far as its history has come: the first entry tells it.
 * @param {string} reason @param {import("./state.js").Told[]} entries @param {Words} words
 */
export function whySaid(reason, entries, words) {
  const because = `desk.why.${reason}.${entries[0]?.body.confirm}`;
  return words.say(words.has(because) ? because : `desk.why.${reason}`);
}

/** What was said with it: a reason of a person in their own words, of the service in ours. @param {import("./state.js").Told} entry @param {import("./state.js").Told[]} entries @param {Words} words */
export function reasonSaid(entry, entries, words) {
  const { reason } = entry.body;
  if (typeof reason !== "string" || !reason) return null;
  return words.has(`desk.why.${reason}`) ? whySaid(reason, entries, words) : reason;
}
