/** Questions that stand in place of the case: why not now, why back, whom for; and the ways there. */

import { h } from "../shared/dom.js";
import { phrases } from "../shared/pieces.js";
import { categoryName } from "../shared/places.js";
import { REASONS, isOver } from "./offering.js";
import { waysTo } from "./ways.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./reducer.js").Held} Held
 * @typedef {import("./reducer.js").Offer} Offer
 */

/** The frame of every sheet: back, and a heading that the focus goes to. @param {string} title @param {Words} words @param {import("../shared/dom.js").Given[]} more */
export const sheet = (title, words, ...more) =>
  h("section", { key: "sheet", class: "card slides", "data-open": "" },
    h("div", { class: "row" },
      h("button", { class: "back", "data-back": "", onclick: { t: "ui.back" } }, h("span", { "aria-hidden": "true" }, "‹ "), words.say("officer.back")),
      h("h2", { id: "sheet-title", tabindex: -1 }, phrases(title, words))),
    more);

/** Reasons as large choices. Of a decline each is the press itself; of the others the button below confirms. @param {string} kind @param {Held | Offer} one @param {State} state @param {Words} words */
export function reasonSheet(kind, one, state, words) {
  const name = categoryName(one.category, state.categories, words);
  if (kind === "transfer") return sheet(words.say("officer.transfer"), words, h("p", {}, words.say("officer.transfer_hint")));
  const title = words.say(`officer.${kind}_why`, { category: name });
  const direct = kind === "decline";
  const offer = direct ? /** @type {Offer} */ (one) : null;
  const over = offer !== null && isOver(offer, state);
  return sheet(title, words,
    over ? h("p", { class: "say wait", role: "status", "data-over": "" }, words.say("officer.over")) : null,
    direct ? null : h("p", { class: "quiet" }, words.say(hintOf(kind, one))),
    direct
      ? h("div", { class: "choices one" }, REASONS[kind].map((reason) =>
        h("button", { key: reason, "data-reason": reason, "aria-disabled": one.going || over ? "true" : null,
          onclick: { t: "ui.not_now", case: one.case, reason } }, words.say(`reason.${reason}`))))
      : h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, title), REASONS[kind].map((reason) =>
        h("label", { key: reason, class: "choice", "data-reason": reason },
          h("input", { type: "radio", name: "reason", value: reason, checked: state.reason === reason, onchange: { t: "ui.reason" } }),
          h("span", {}, words.say(`reason.${reason}`))))),
    direct ? null : h("p", { class: "quiet small" }, words.say("officer.reason_optional")));
}

/** What follows. Where somebody is on scene already nobody else is asked by itself. @param {string} kind @param {Held | Offer} one */
const hintOf = (kind, one) => (kind === "hand_back" && "status" in one && one.status === "on_scene" ? "officer.hand_back_hint.on_scene" : `officer.${kind}_hint`);

/** @param {import("../shared/places.js").Point} place @param {string} label @param {Words} words */
export const wayLinks = (place, label, words) => waysTo(place, label).map(({ id, href }) =>
  h("a", { key: id, class: "button", "data-way": id, href, target: id === "own" ? null : "_blank", rel: "noopener noreferrer" }, words.say(`officer.ways.${id}`)));

/** @param {Held} held @param {State} state @param {Words} words */
export function waysSheet(held, state, words) {
  return sheet(words.say("officer.way"), words,
    h("div", { class: "choices one" }, wayLinks(held.place, categoryName(held.category, state.categories, words), words)),
    h("p", { class: "quiet small" }, words.say("officer.ways_hint")));
}
