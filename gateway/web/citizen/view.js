/** What the citizen sees, from the state alone: the frame, and which of the cards stand in it. */

import { h } from "../shared/dom.js";
import { lineBar, lineRefused, shape, skeleton } from "../shared/pieces.js";
import { closed } from "./following.js";
import { after, appointmentCard } from "./view_after.js";
import { caseCard } from "./view_case.js";
import { emergency } from "./view_emergency.js";
import { form } from "./view_form.js";
import { receiptCard } from "./view_receipt.js";
import { talkCard } from "./view_talk.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 */

/** @param {string} number @returns {(state: State, words: Words) => any[]} */
export function viewFor(number) {
  return (state, words) => state.gone ? [] : [
    lineBar(state, words),
    head(state, words),
    state.advice ? emergency(state, words, number) : urgent(number, words),
    body(state, words, number),
  ];
}

/** The tab says nothing of the police while the page is silent. @param {State} state @param {Words} words */
export const titleOf = (state, words) => state.silent || state.gone ? words.say("citizen.silent.title") : `${words.say("citizen.title")} · OnBeat`;

/** @param {State} state @param {Words} words @param {string} number */
function body(state, words, number) {
  if (!state.places) return skeleton(words);
  if (state.line === "refused") return h("main", { key: "main", id: "main", class: "column" }, state.line_why === "revoked" ? ended(words) : lineRefused(state, words));
  if (state.signed) return live(state, words);
  return form(state, words, number);
}

/** Whoever reported has no sign-in to speak of: the code is the way back. @param {Words} words */
const ended = (words) =>
  h("section", { key: "refused", class: "card", role: "alert" },
    h("h1", { class: "say bad" }, words.say("citizen.ended")),
    h("button", { type: "button", class: "main", onclick: { t: "ui.sign_out" } }, words.say("line.sign_in_again")));

/** @param {State} state @param {Words} words */
function head(state, words) {
  const other = words.lang === "en" ? "zh-CN" : "en";
  return h("header", { key: "top", class: "top" },
    h("a", { class: "skip", href: "#main" }, words.say("skip")),
    h("span", { class: "name" }, words.say(state.silent ? "citizen.silent.title" : "name")),
    h("span", { class: "push row" },
      h("button", { class: "plain", type: "button", lang: other, onclick: { t: "ui.language", lang: other } }, words.say("language.other")),
      h("button", { class: "plain", type: "button", "aria-pressed": state.silent ? "true" : "false", onclick: { t: "ui.silent", on: !state.silent } },
        state.silent ? shape("tick") : null, words.say("citizen.silent")),
      state.silent ? h("button", { class: "exit", type: "button", key: "exit", "data-exit": "", onclick: { t: "ui.exit" } }, words.say("citizen.exit")) : null));
}

/** @param {string} number @param {Words} words */
const urgent = (number, words) =>
  h("aside", { key: "urgent", class: "urgent", "aria-label": words.say("citizen.urgent.label") },
    h("p", {}, words.say("citizen.urgent")),
    h("a", { href: `tel:${number}` }, words.say("citizen.call", { number })));

/** @param {State} state @param {Words} words */
function live(state, words) {
  return h("main", { key: "live", id: "main", class: "column wide-two" },
    state.receipt ? receiptCard(state, words) : null,
    state.case ? caseCard(state, words) : h("div", { key: "wait", class: "card skeleton-card", "aria-busy": "true" },
      h("h1", { class: "unseen" }, words.say("citizen.title")), h("p", { role: "status" }, words.say("citizen.opening")), h("i", {}), h("i", {})),
    state.case?.appointment ? appointmentCard(state, words) : null,
    state.case ? talkCard(state, words) : null,
    state.case ? after(state, words) : null,
    h("p", { key: "leave", class: "leave" },
      !state.receipt ? h("button", { class: state.case && closed(state.case.status) ? "" : "plain", type: "button", onclick: { t: "ui.another" } },
        words.say(state.case && closed(state.case.status) ? "citizen.another" : "citizen.leave")) : null));
}
