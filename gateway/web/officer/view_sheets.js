/** Questions that stand in place of the case: why not now, why back, whom for; and the ways there. */

import { h } from "../shared/dom.js";
import { categoryName } from "../shared/places.js";
import { REASONS } from "./offering.js";
import { waysTo } from "./ways.js";

/** The frame of every sheet: back, and a heading that the focus goes to. */
export const sheet = (title, words, ...more) =>
  h("section", { key: "sheet", class: "card slides", "data-open": "" },
    h("div", { class: "row nowrap" },
      h("button", { class: "back", "data-back": "", onclick: { t: "ui.back" } }, h("span", { "aria-hidden": "true" }, "‹ "), words.say("officer.back")),
      h("h2", { id: "sheet-title", tabindex: -1 }, title)),
    more);

/** Reasons as large choices. Of a decline each is the press itself; of the others the button below confirms. */
export function reasonSheet(kind, one, state, words) {
  const name = categoryName(one.category, state.categories, words);
  if (kind === "transfer") return sheet(words.say("officer.transfer"), words, h("p", {}, words.say("officer.transfer_hint")));
  const title = words.say(`officer.${kind}_why`, { category: name });
  const direct = kind === "decline";
  return sheet(title, words,
    direct ? null : h("p", { class: "quiet" }, words.say(`officer.${kind}_hint`)),
    direct
      ? h("div", { class: "choices one" }, REASONS[kind].map((reason) =>
        h("button", { key: reason, "data-reason": reason, "aria-disabled": one.going ? "true" : null,
          onclick: { t: "ui.not_now", case: one.case, reason } }, words.say(`reason.${reason}`))))
      : h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, title), REASONS[kind].map((reason) =>
        h("label", { key: reason, class: "choice", "data-reason": reason },
          h("input", { type: "radio", name: "reason", value: reason, checked: state.reason === reason, onchange: { t: "ui.reason" } }),
          h("span", {}, words.say(`reason.${reason}`))))),
    direct ? null : h("p", { class: "quiet small" }, words.say("officer.reason_optional")));
}

export const wayLinks = (place, label, words) => waysTo(place, label).map(({ id, href }) =>
  h("a", { key: id, class: "button", "data-way": id, href, target: id === "own" ? null : "_blank", rel: "noopener noreferrer" }, words.say(`officer.ways.${id}`)));

export function waysSheet(held, state, words) {
  return sheet(words.say("officer.way"), words,
    h("div", { class: "choices one" }, wayLinks(held.place, categoryName(held.category, state.categories, words), words)),
    h("p", { class: "quiet small" }, words.say("officer.ways_hint")));
}
