/** What was told and is not on the screen any more: each in a sentence, with what can be done. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { categoryName } from "../shared/places.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./reducer.js").Notice} Notice
 */

/** After these the officer is needed: they are not put away by the next ones in silence. */
const GRAVE = new Set(["preempted", "reassigned", "taken_back", "silent", "help_over_own"]);

/** @param {State} state @param {Words} words */
export function notices(state, words) {
  return h("div", { key: "notices", class: "column bare", role: "status", "aria-live": "polite" }, state.notices.map((one) =>
    h("div", { key: one.case, class: `say ${toneOf(one)}`, "data-notice": one.reason },
      h("div", { class: "row apart nowrap" },
        h("p", {}, noticeSay(one, state, words)),
        h("button", { class: "plain", "aria-label": words.say("dismiss.this"), onclick: { t: "ui.dismiss", case: one.case } }, words.say("dismiss"))),
      one.reason === "holds_case" ? passOn(state, words) : null)));
}

/** @param {Notice} one */
const toneOf = (one) => (one.kind === "lost" || one.kind === "refused" || GRAVE.has(one.reason) ? "wait" : one.kind === "told" ? "good" : "");

/** Off duty with an open case is refused: the way out stands beside the refusal. @param {State} state @param {Words} words */
const passOn = (state, words) =>
  h("button", { class: "wide", "data-pass-on": "", "aria-disabled": state.off_wish ? "true" : null, onclick: { t: "ui.off_wish" } },
    words.say(state.off_wish ? "officer.going" : "officer.pass_on"));

/** @param {Notice} notice @param {State} state @param {Words} words */
export function noticeSay(notice, state, words) {
  const category = notice.category ? categoryName(notice.category, state.categories, words) : "";
  const sentence = sentenceOfNotice(notice, words);
  return category ? words.say("officer.about", { category, sentence }) : sentence;
}

/** @param {Notice} notice @param {Words} words */
function sentenceOfNotice(notice, words) {
  if (notice.kind === "told") return words.say(`officer.told.${notice.reason}`, { call_sign: notice.by?.call_sign ?? "" });
  if (notice.by && notice.reason === "taken") {
    return words.say(notice.kind === "lost" ? "officer.lost.by" : "officer.taken.by", { call_sign: notice.by.call_sign });
  }
  if (notice.kind === "ended" || notice.kind === "gone") return words.say(`officer.gone.${notice.reason}`);
  return sentenceOf({ reason: notice.reason, say: notice.say }, words);
}
