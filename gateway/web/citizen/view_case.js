/** The live card: where the case stands, what happens next and when, who comes, and the steps so far. */

import { h } from "../shared/dom.js";
import { map } from "../shared/live_map.js";
import { badge, phrases, ring, secondsLeft, shape } from "../shared/pieces.js";
import { categoryName, stationName } from "../shared/places.js";
import { nameOf, surnameIn } from "../shared/surnames.js";
import { RATIO } from "./draft.js";
import { etaOf, liveCamera, mayObject, placeOf, stepsOf } from "./following.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./following.js").Case} Case
 */

const LONG = 64; // characters: more than four lines of a phone where it is said large

/** @param {State} state @param {Words} words */
export function caseCard(state, words) {
  const it = /** @type {Case} */ (state.case);
  const [said, next] = [statusSay(state, words), nextSay(state, words)];
  const reports = it.reports ?? 1;
  return h("section", { key: "case", class: "card live", "aria-labelledby": "case-title" },
    h("div", { class: "row apart nowrap case-head" },
      h("div", { class: it.ends_ms ? "stack fill" : "row apart fill" },
        h("h1", { id: "case-title", tabindex: -1 }, categoryName(it.category, state.categories, words)), badge(it.status, words)),
      it.ends_ms ? ring(it.ends_ms, state.now_ms, words) : null),
    it.merged ? h("p", { class: "say" }, words.say("citizen.merged")) : null,
    h("p", { class: said.length > LONG ? "large long" : "large", role: "status", "aria-live": "polite", "data-status": it.status }, phrases(said, words)),
    next ? h("p", { class: "quiet", "data-next": "" }, next) : null,
    coming(state, words),
    liveMap(state, words),
    steps(state, words),
    !it.merged && reports > 1 ? h("p", { class: "quiet small" }, words.say("citizen.reports", { n: reports - 1 })) : null);
}

/** The sentence of the moment: true now. @param {State} state @param {Words} words */
export function statusSay(state, words) {
  const it = /** @type {Case} */ (state.case);
  const more = told(state, words);
  if (it.status === "at_station") return words.say(`citizen.say.at_station.${deskKey(it)}`, more);
  if (it.status === "cleared") {
    if (it.disposition === "referred" && it.referred_to) return words.say("citizen.say.referred", { body: it.referred_to });
    if (it.manner === "telephone") return words.say("citizen.say.telephone", { ...more, how: words.say(`disposition.${it.disposition ?? "none"}`) });
    return words.say("citizen.say.cleared", { how: words.say(`disposition.${it.disposition ?? "none"}`) });
  }
  const key = `citizen.say.${it.status}`;
  return words.say(etaOf(state) ? `${key}.eta` : key, more);
}

/** @param {State} state @param {Words} words */
function told(state, words) {
  const it = /** @type {Case} */ (state.case);
  return {
    n: it.officers.length,
    who: it.officers.map((one) => nameOf(one, words)).join(words.say("list")),
    station: stationName(it.station, state.areas, words),
    time: words.clock(it.received_wall_ms),
    ...etaOf(state),
  };
}

/** Why the station has it, as far as it concerns the reporter. @param {Case} it */
function deskKey(it) {
  const reason = it.desk_reason ?? "";
  if (["objected", "handed_over", "appointment_declined"].includes(reason)) return reason;
  if (it.acknowledged) return "seen";
  const own = ["handed_back", "desk_first", "to_confirm", "preempted", "silent", "unmerged", "split", "unstaffed", "hold_over"];
  if (["shift_end", "taken_back"].includes(reason)) return "handed_back";
  return own.includes(reason) ? reason : "nobody";
}

/** What happens next, and when: never more than is known. @param {State} state @param {Words} words */
export function nextSay(state, words) {
  const it = /** @type {Case} */ (state.case);
  const more = told(state, words);
  if (it.ends_ms) {
    const seconds = secondsLeft(it.ends_ms, state.now_ms);
    return words.say(seconds ? "citizen.until" : "citizen.until_now", { ...more, seconds });
  }
  if (it.status === "claimed" || it.status === "en_route") return words.say(`citizen.next.${it.status}`, more);
  if (it.status === "on_scene") return it.officers.some((one) => one.word) ? words.say("citizen.next.on_scene") : words.say("citizen.next.met");
  if (it.status === "at_station") return words.say(it.acknowledged ? "citizen.next.seen" : "citizen.next.at_station", more);
  if (it.status === "cleared" && it.objected) return words.say("citizen.next.objected", more);
  if (mayObject(it) && it.object_wall_ms) return words.say("citizen.next.cleared", { day: words.day(it.object_wall_ms) });
  return null;
}

/** Who is coming: call sign, first character of the surname, what makes them known, and the word for the door. @param {State} state @param {Words} words */
function coming(state, words) {
  const { officers, status } = /** @type {Case} */ (state.case);
  if (!officers.length || !["claimed", "en_route", "on_scene"].includes(status)) return null;
  return h("ul", { class: "coming", "aria-label": words.say("citizen.coming") }, officers.map((one) =>
    h("li", { key: one.call_sign },
      h("div", { class: "who" },
        h("b", { class: "sign" }, words.say("citizen.officer", { call_sign: one.call_sign, surname: surnameIn(one.surname, words) })),
        h("span", { class: "badge green" }, shape("tick"), words.say("citizen.verified"))),
      one.met ? h("p", { class: "badge green" }, shape("tick"), words.say("citizen.met"))
        : one.word ? h("p", { class: "word", "data-word": one.word },
          h("span", {}, words.say("citizen.word")), h("b", {}, [...one.word].join(" "))) : null)),
    h("li", { key: "means", class: "quiet small" }, words.say("citizen.verified.means")));
}

/** From claim to arrival only: before that nobody comes, after it there is nothing to see. @param {State} state @param {Words} words */
function liveMap(state, words) {
  const place = placeOf(state);
  const { status } = /** @type {Case} */ (state.case);
  if (!["claimed", "en_route"].includes(status) || !place) return null;
  const officers = Object.values(state.movers).flatMap((one) => (one.place ? [{ ...one.place, sign: one.call_sign }] : []));
  return h("figure", { class: "pick" },
    map({
      camera: liveCamera(state), ratio: RATIO, areas: state.areas, zoom: false, words, label: words.say("citizen.coming_map"),
      marks: [{ key: "pin", kind: "pin", lat: place.lat, lon: place.lon },
        ...officers.map(({ lat, lon, within_m, sign }) => ({ key: sign, kind: /** @type {const} */ ("unit"), lat, lon, within_m, sign }))],
    }),
    h("figcaption", { class: "quiet small" }, words.say(officers.length ? "citizen.map.coarse" : "citizen.map.not_yet")));
}

/** @type {Record<string, string>} */
const STEP_SHAPE = { done: "tick", now: "dot", later: "circle" };

/** @param {State} state @param {Words} words */
function steps(state, words) {
  const it = /** @type {Case} */ (state.case);
  if (["withdrawn", "merged"].includes(it.status)) return null;
  return h("ol", { class: "steps", "aria-label": words.say("citizen.steps") }, stepsOf(it, state.entries).map((step) =>
    h("li", { class: step.kind, key: step.name, "aria-current": step.kind === "now" ? "step" : null },
      shape(STEP_SHAPE[step.kind]),
      h("span", {}, words.say(`citizen.step.${step.name}`)),
      step.at_ms ? h("time", {}, words.clock(step.at_ms)) : null)));
}
