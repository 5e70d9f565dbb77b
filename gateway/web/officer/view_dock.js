/** The bottom of every screen: the one large button, and the bar that calls for help. And the row of what lies before. */

import { h } from "../shared/dom.js";
import { MARKS, ring, shape } from "../shared/pieces.js";
import { categoryName } from "../shared/places.js";
import { armed, askedOf, deck, focusOf, primaryOf } from "./deck.js";
import { panicBar } from "./view_help.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./deck.js").Primary} Primary
 */

/** A claim without an answer for so long is told to be asked about. */
const SLOW_MS = 2_500;
/** @type {Record<string, string>} */
const MARK = { take: "data-take", set_out: "data-step", arrived: "data-step", cleared: "data-step" };

/** @param {State} state @param {Words} words */
export function dock(state, words) {
  if (state.line === "refused" && state.line_why === "revoked") return null;
  const primary = primaryOf(state);
  const asked = primary && !state.panic.ask ? large(primary, state, words) : null;
  const help = panicBar(state, words);
  if (!asked && !help) return null;
  return h("footer", { key: "dock", class: "dock", "aria-label": words.say("officer.dock") },
    h("div", { class: "dock-in" }, asked, help));
}

/** @param {Primary} primary @param {State} state @param {Words} words */
function large(primary, state, words) {
  const mark = MARK[primary.act] ?? "data-act";
  return h("button", { key: "large", class: `main take${primary.act === "well" ? " well" : ""}`, [mark]: primary.act,
    "aria-disabled": primary.off || !armed(state) ? "true" : null, "data-arming": armed(state) || primary.off ? null : "",
    onclick: primary.press },
  labelOf(primary, state, words));
}

/** The words on the large button: what it does, or what became of the press. @param {Primary} primary @param {State} state @param {Words} words */
export function labelOf(primary, state, words) {
  if (primary.going) {
    if (state.line !== "live" || state.offline) return words.say("officer.kept");
    const one = state.offers[primary.case] ?? state.held[primary.case];
    return words.say(state.now_ms - one.going_ms > SLOW_MS ? "officer.checking" : primary.act === "take" ? "officer.taking" : "officer.going");
  }
  if (primary.act === "take") return words.say(primary.over ? "officer.over" : "officer.take");
  if (primary.choose) return words.say("disposition.label");
  if (primary.act === "cleared") {
    return words.say("officer.step.cleared_as", { how: words.say(`disposition.${state.disposition}`) });
  }
  return words.say(`officer.step.${primary.act}`);
}

/** Cases and offers side by side, where there is more than one: a press looks at another one. @param {State} state @param {Words} words */
export function deckRow(state, words) {
  const all = deck(state);
  if (all.length < 2) return null;
  const looked = focusOf(state);
  return h("nav", { key: "deck", class: "deck", "aria-label": words.say("officer.deck", { n: all.length }) },
    all.map((one) => {
      const offer = state.offers[one.case];
      const held = state.held[one.case];
      const name = categoryName(one.category, state.categories, words);
      return h("button", { key: one.case, class: `chip${one.case === looked ? " looked" : ""}`, "data-chip": one.case,
        "aria-current": one.case === looked ? "true" : null, onclick: { t: "ui.look", case: one.case } },
      offer ? ring(offer.ends_ms, state.now_ms, words, { small: true })
        : h("span", { class: `badge ${askedOf(held) ? "amber" : "green"}` }, shape(askedOf(held) ? "circle" : (MARKS[held.state] ?? ["dot"])[0])),
      h("span", {}, name));
    }));
}
