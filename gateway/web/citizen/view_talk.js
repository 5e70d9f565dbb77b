/** The talk between reporter, officers and desk; what was pressed and is not sent yet says so. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { shape } from "../shared/pieces.js";
import { nameOf } from "../shared/surnames.js";
import { mayTalk } from "./following.js";
import { LINE_CHARS_MAX, unreadOf } from "./talking.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("./following.js").Case} Case
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./talking.js").Line} Line
 */

/** @param {State} state @param {Words} words */
export function talkCard(state, words) {
  const it = /** @type {Case} */ (state.case);
  const open = mayTalk(it);
  if (!open && !state.lines.length && !state.unsent.length) return null;
  const unread = unreadOf(state);
  return h("section", { key: "talk", class: "card talk", "aria-labelledby": "talk-title", "data-talk": "" },
    h("div", { class: "row apart" },
      h("h2", { id: "talk-title" }, words.say("citizen.talk")),
      unread ? h("span", { class: "badge blue", "data-unread": unread }, shape("dot"), words.say("citizen.unread", { n: unread })) : null),
    state.more ? h("button", { type: "button", class: "plain", onclick: { t: "ui.earlier" } }, words.say("citizen.earlier")) : null,
    h("div", { class: "lines", role: "log", "aria-live": "polite", "aria-label": words.say("citizen.talk"), tabindex: state.lines.length > 4 ? 0 : null },
      state.lines.map((one) => line(one, words)),
      state.unsent.map((one) => h("div", { key: `unsent-${one.key}`, class: "mine unsent", "data-unsent": "" },
        h("p", { class: "bubble" }, one.words),
        h("p", { class: "meta" }, shape("circle"), words.say("citizen.unsent"))))),
    !state.lines.length && !state.unsent.length ? h("p", { class: "quiet" }, words.say("citizen.talk.empty")) : null,
    open ? composer(state, words) : h("p", { class: "quiet small" }, words.say(it.merged ? "citizen.talk.merged" : "citizen.talk.over")));
}

/** @param {Line} one @param {Words} words */
function line(one, words) {
  const mine = one.by === "reporter";
  const who = mine ? words.say("citizen.you") : one.by === "desk" || !one.officer ? words.say("citizen.the_desk") : nameOf(one.officer, words);
  return h("div", { key: `line-${one.seq}`, class: mine ? "mine" : "theirs" },
    h("p", { class: "meta" }, `${who} · ${words.clock(Date.parse(one.at))}`),
    h("p", { class: "bubble" }, one.words || words.say("citizen.erased")));
}

/** @param {State} state @param {Words} words */
function composer(state, words) {
  return h("form", { class: "composer", key: "composer", onsubmit: { t: "ui.say" } },
    h("div", { role: "alert" }, state.talk_refused ? h("p", { class: "say bad" }, sentenceOf(state.talk_refused, words)) : null),
    h("label", { for: "line" }, words.say("citizen.talk.write")),
    h("div", { class: "row end" },
      h("textarea", { id: "line", class: "fill", rows: 1, maxlength: LINE_CHARS_MAX, value: state.writing, oninput: { t: "ui.line" } }),
      h("button", { class: "main", type: "submit", "data-say": "", "aria-disabled": state.writing.trim() ? null : "true" }, words.say("citizen.talk.send"))));
}
