/** What the citizen sees, from the state alone: the frame, and which of the cards stand in it. */

import { h } from "../shared/dom.js";
import { brand, lineBar, lineRefused, shape, skeleton } from "../shared/pieces.js";
import { emergency } from "./view_emergency.js";
import { form } from "./view_form.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {(state: State, words: Words) => import("../shared/dom.js").Tree} Shows
 */

/**
 * @param {string} number of the police
 * @param {() => Shows | null} live what shows a case (`view_live.js`), which no first view needs; null until it has come
 * @returns {(state: State, words: Words) => any[]}
 */
export function viewFor(number, live) {
  return (state, words) => state.gone ? [] : [
    lineBar(state, words),
    head(state, words),
    state.advice ? emergency(state, words, number) : urgent(number, words),
    body(state, words, number, live() ?? opening),
  ];
}

/** The tab says nothing of the police while the page is silent. @param {State} state @param {Words} words */
export const titleOf = (state, words) => state.silent || state.gone ? words.say("citizen.silent.title") : `${words.say("citizen.title")} · OnBeat`;

/** @param {State} state @param {Words} words @param {string} number @param {Shows} live */
function body(state, words, number, live) {
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
    state.silent ? h("span", { class: "name" }, words.say("citizen.silent.title")) : brand(words.say("name")),
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

/** @type {Shows} */
const opening = (_state, words) => h("main", { key: "live", id: "main", class: "column wide-two" }, openingCard(words));

/** A case that is not there yet. @param {Words} words */
export const openingCard = (words) =>
  h("div", { key: "wait", class: "card skeleton-card", "aria-busy": "true" },
    h("h1", { class: "unseen" }, words.say("citizen.title")), h("p", { role: "status" }, words.say("citizen.opening")), h("i", {}), h("i", {}));
