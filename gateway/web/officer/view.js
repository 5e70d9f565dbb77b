/** What the officer sees, from the state alone: the frame; each card has a file of its own. */

import { h } from "../shared/dom.js";
import { accountView } from "../shared/account_view.js";
import { lineBar, lineRefused, skeleton, top } from "../shared/pieces.js";
import { categoryName } from "../shared/places.js";
import { signInView } from "../shared/sign_in.js";
import { deck, focusOf, nearestFirst } from "./deck.js";
import { caseCard } from "./view_case.js";
import { deckRow, dock } from "./view_dock.js";
import { alarms, ownCall } from "./view_help.js";
import { dutyRow, head, idle, settings } from "./view_idle.js";
import { notices } from "./view_notices.js";
import { offerCard } from "./view_offer.js";
import { reasonSheet, sheet, waysSheet } from "./view_sheets.js";
import { talkSheet } from "./view_talk.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 */

/** @param {State} state @param {Words} words */
export function view(state, words) {
  if (!state.signed) {
    return [lineBar(state, words), top(words, "officer"), signInView(state, words, "officer"),
      h("footer", { key: "no_panic", class: "column quiet small" }, h("p", {}, words.say("officer.panic.signed_out", { number: state.emergency })),
        h("a", { class: "way", href: `tel:${state.emergency}` }, words.say("officer.panic.call", { number: state.emergency })))];
  }
  return [lineBar(state, words), head(state, words), body(state, words), dock(state, words)];
}

/** @param {State} state @param {Words} words */
function body(state, words) {
  if (state.line === "refused") return h("main", { key: "main", id: "main", class: "column" }, lineRefused(state, words));
  if (!state.ready) return skeleton(words);
  return h("main", { key: "officer", id: "main", class: `column officer${state.sheet ? " sheeted" : ""}` },
    h("p", { key: "say", class: "unseen", role: "status", "aria-live": "assertive" }, spoken(state, words)),
    ownCall(state, words),
    alarms(state, words),
    state.sheet?.kind === "settings" || deck(state).length ? null : dutyRow(state, words),
    notices(state, words),
    deckRow(state, words),
    looked(state, words));
}

/** What a screen reader says by itself when offers come. @param {State} state @param {Words} words */
function spoken(state, words) {
  const offers = nearestFirst(state);
  return offers.length ? words.say("officer.spoken", { n: offers.length, category: categoryName(offers[0].category, state.categories, words) }) : "";
}

/** @param {State} state @param {Words} words */
function looked(state, words) {
  if (state.sheet?.kind === "settings") return state.account ? sheet(words.say("staff.account.title"), words, accountView(state.account, words)) : settings(state, words);
  const id = /** @type {string} */ (focusOf(state)); // null finds nothing
  const held = state.held[id];
  const kind = state.sheet?.case === id ? state.sheet?.kind : null;
  if (held) {
    if (kind === "talk") return talkSheet(held, state, words);
    if (kind === "ways") return waysSheet(held, state, words);
    if (kind) return reasonSheet(kind, held, state, words);
    return caseCard(held, state, words);
  }
  const offer = state.offers[id];
  if (!offer) return idle(state, words);
  return kind === "decline" ? reasonSheet("decline", offer, state, words) : offerCard(offer, state, words);
}
