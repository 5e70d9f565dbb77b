/** An offer: what, how far, how long; one press takes it. */

import { h } from "../shared/dom.js";
import { map } from "../shared/live_map.js";
import { around, cameraFor } from "../shared/map.js";
import { ring } from "../shared/pieces.js";
import { categoryName, distanceSay, metresBetween } from "../shared/places.js";
import { isOver } from "./offering.js";
import { eighth } from "./ways.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./reducer.js").Offer} Offer
 * @typedef {import("../shared/places.js").Point} Point
 */

/** Door to door in town, m/s; only a hint on a card, the service ranks by its own. */
export const TOWN_M_S = 5.5;
const CARD_RATIO = 0.42;
const AT_M = 30; // nearer than a phone's own error there is no direction

/** @param {number} metres */
export const minutesTo = (metres) => Math.max(1, Math.round(metres / TOWN_M_S / 60));

/** "640 m north-east · about 2 min"; empty without a position. @param {Point} place @param {State} state @param {Words} words */
export function farSay(place, state, words) {
  if (!state.fix) return words.say("officer.far_unknown");
  const metres = metresBetween(state.fix, place);
  if (metres < AT_M) return words.say("officer.here");
  return words.say("officer.far", { distance: distanceSay(metres, words), minutes: minutesTo(metres), towards: words.say(`officer.towards.${eighth(state.fix, place)}`) });
}

/** @param {Offer} offer @param {State} state @param {Words} words */
export function offerCard(offer, state, words) {
  const name = categoryName(offer.category, state.categories, words);
  const off = offer.going || isOver(offer, state) ? "true" : null;
  const camera = cameraFor([...around(offer.place), ...(state.fix ? [state.fix] : [])], CARD_RATIO, 600);
  return h("article", { key: `offer:${offer.case}`, class: "card offer slides", "data-offer": offer.case, "aria-label": name },
    h("div", { class: "row apart offer-top" },
      h("div", { class: "fill" },
        h("h2", { class: "large" }, name),
        h("p", { class: "far" }, farSay(offer.place, state, words))),
      ring(offer.ends_ms, state.now_ms, words)),
    h("p", { class: "two-lines" }, offer.words),
    (offer.seats ?? 1) > 1 ? h("p", {}, words.say("officer.seats", { n: offer.seats })) : null,
    h("div", { class: "pick" }, map({ camera, ratio: CARD_RATIO, areas: state.areas, mine: state.me?.beat ?? null, words, zoom: false, upgrade: "touch", label: words.say("officer.offer_map"),
      marks: [{ key: "case", kind: "case", ...offer.place, colour: "blue" }, ...(state.fix ? [{ key: "me", kind: /** @type {const} */ ("unit"), ...state.fix, sign: state.me?.call_sign }] : [])] })),
    h("p", { class: "quiet small" }, words.say("officer.offer_place")),
    h("div", { class: "row two" },
      h("button", { class: "fill", "data-not-now": "", "aria-disabled": off, onclick: { t: "ui.not_now", case: offer.case } },
        words.say(offer.going === "decline" ? "officer.going" : "officer.not_now")),
      h("button", { class: "fill", "data-sheet": "decline", "aria-disabled": off, onclick: { t: "ui.sheet", kind: "decline", case: offer.case } },
        words.say("officer.not_now_because"))));
}
