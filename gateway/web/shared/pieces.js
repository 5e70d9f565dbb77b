/** Pieces of pages: pure functions to trees. Every status has a colour, a shape and a word. */

import { h } from "./dom.js";

/**
 * @typedef {import("./words.js").Words} Words
 * @typedef {import("./dom.js").Tree} Tree
 * @typedef {import("./dom.js").Given} Given
 * @typedef {"" | "blue" | "amber" | "green"} Colour
 */

const SOON_MS = 15_000;

/** Shapes on a 16 x 16 field, drawn with the colour of the text. @type {Record<string, Tree>} */
const SHAPES = {
  circle: h("circle", { cx: 8, cy: 8, r: 5.5, fill: "none", stroke: "currentColor", "stroke-width": 2.5 }),
  dot: h("circle", { cx: 8, cy: 8, r: 6, fill: "currentColor" }),
  triangle: h("path", { d: "M3 2 14 8 3 14Z", fill: "currentColor" }),
  chevrons: h("path", { d: "M2 3l5 5-5 5M8 3l5 5-5 5", fill: "none", stroke: "currentColor", "stroke-width": 2.5 }),
  diamond: h("path", { d: "M8 1 15 8 8 15 1 8Z", fill: "currentColor" }),
  house: h("path", { d: "M8 1 15 7.5V15H1V7.5Z", fill: "currentColor" }),
  tick: h("path", { d: "M2 8.5 6.5 13 14 3.5", fill: "none", stroke: "currentColor", "stroke-width": 3 }),
  warn: h("path", { d: "M8 .5 16 15H0ZM7 5.5v5h2v-5ZM7 11.7v1.8h2v-1.8Z", fill: "currentColor", "fill-rule": "evenodd" }),
  cross: h("path", { d: "M3 3 13 13M13 3 3 13", fill: "none", stroke: "currentColor", "stroke-width": 2.5 }),
};

/** @param {string} name one of SHAPES */
export const shape = (name) => h("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, SHAPES[name]);

/** The mark of the service, as on its icon. */
const mark = () => h("svg", { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true" },
  h("rect", { width: 32, height: 32, rx: 8 }),
  h("circle", { class: "round", cx: 16, cy: 16, r: 9, "stroke-dasharray": "44 60", transform: "rotate(-90 16 16)" }),
  h("circle", { cx: 16, cy: 16, r: 3.5 }));

/** The service by mark and name, at the top of a page. @param {string} name */
export const brand = (name) => h("span", { class: "name brand" }, mark(), name);

const HAN_BEFORE = /[\p{Script=Han}，。、：；？]$/u;
const HAN = /^\p{Script=Han}/u;
const OPENS = /[（“《]/u;

/**
 * A text that is read large: Chinese is broken between its words there, never inside one, and what is one character clings to
 * the next. In other languages, and where the browser cannot tell words, it is the text. `word-break` stands in pieces.css.
 * @param {string} text @param {{lang: string}} words @returns {(Tree | string)[]}
 */
export function phrases(text, { lang }) {
  if (!lang.startsWith("zh") || !("Segmenter" in Intl)) return [text];
  /** @type {(Tree | string)[]} */
  const parts = [];
  let [part, last] = ["", ""];
  for (const { segment, isWordLike } of new Intl.Segmenter(lang, { granularity: "word" }).segment(text)) {
    const apart = isWordLike && part && last.length > 1 && (HAN.test(segment) || HAN_BEFORE.test(part));
    if (apart) parts.push(part, h("wbr", {}));
    part = apart ? segment : part + segment;
    last = isWordLike ? segment : OPENS.test(segment) ? "" : "，。";
  }
  return [...parts, part];
}

/**
 * Of each status: its shape and its colour. The word stands in the words' files under `status.*`.
 * @type {Record<string, [string, Colour]>}
 */
export const MARKS = {
  received: ["circle", ""],
  offered: ["circle", "blue"],
  claimed: ["triangle", "blue"],
  en_route: ["chevrons", "blue"],
  on_scene: ["diamond", "green"],
  at_station: ["house", "amber"],
  cleared: ["tick", "green"],
  withdrawn: ["cross", ""],
};

/** @param {string} status @param {Words} words */
export function badge(status, words) {
  const [name, colour] = MARKS[status] ?? ["dot", ""];
  return h("span", { class: `badge ${colour}` }, shape(name), words.say(`status.${status}`));
}

/** Seconds left of a countdown, never below nought. @param {number} ends_ms @param {number} now_ms */
export const secondsLeft = (ends_ms, now_ms) => Math.max(0, Math.ceil((ends_ms - now_ms) / 1000));

/**
 * The countdown: full at `whole_ms`, amber and thicker in the last 15 s, the number always in it.
 * @param {number} ends_ms @param {number} now_ms @param {Words} words @param {{whole_ms?: number, small?: boolean}} [more]
 */
export function ring(ends_ms, now_ms, words, { whole_ms = 60_000, small = false } = {}) {
  const left_ms = Math.max(0, ends_ms - now_ms);
  const part = Math.min(100, (left_ms / whole_ms) * 100);
  const seconds = secondsLeft(ends_ms, now_ms);
  const soon = left_ms < SOON_MS ? " soon" : "";
  return h("span", { class: `ring${soon}${small ? " small-ring" : ""}`, role: "img", "aria-label": words.say("ring.left", { seconds }) },
    h("svg", { viewBox: "0 0 64 64", "aria-hidden": "true" },
      h("circle", { class: "track", cx: 32, cy: 32, r: 27 }),
      h("circle", { class: "left", cx: 32, cy: 32, r: 27, pathLength: 100, "stroke-dasharray": `${part.toFixed(2)} 200` })),
    h("b", { "aria-hidden": "true" }, seconds));
}

/** The line at the top while there is no network, or the server is not heard: since when, and that acts are kept. */
/** @param {import("./store.js").Shared} state @param {Words} words */
export function lineBar(state, words) {
  const silent_s = Math.round((state.now_ms - state.heard_ms) / 1000);
  const late = state.line === "reconnecting" || (state.line === "connecting" && state.ready);
  if (state.offline) {
    return h("div", { key: "line", role: "status", "aria-live": "polite" },
      h("p", { class: "line-bar", "data-offline": "" }, words.say("line.offline")));
  }
  return h("div", { key: "line", role: "status", "aria-live": "polite" }, late
    ? h("p", { class: "line-bar" }, h("span", { class: "unseen" }, words.say("line.lost")),
      h("span", { "aria-hidden": "true" }, words.say("line.reconnecting", { seconds: Math.max(0, silent_s) })))
    : null);
}

/** The line was refused for good: why, and what can be done. @param {import("./store.js").Shared} state @param {Words} words */
export function lineRefused(state, words) {
  if (state.line !== "refused") return null;
  const again = state.line_why === "revoked" ? { t: "ui.sign_out" } : { t: "ui.come_back" };
  return h("section", { key: "refused", class: "card", role: "alert" },
    h("h1", { class: "say bad" }, words.say(`line.refused.${state.line_why}`)),
    h("button", { class: "main", onclick: again },
      words.say(state.line_why === "revoked" ? "line.sign_in_again" : "line.come_back")));
}

/** @param {Words} words @param {string} page @param {Given[]} more */
export function top(words, page, ...more) {
  const other = words.lang === "en" ? "zh-CN" : "en";
  return h("header", { key: "top", class: "top" },
    h("a", { class: "skip", href: "#main" }, words.say("skip")),
    brand(words.say("name")),
    h("span", { class: "quiet" }, words.say(`${page}.name`)),
    h("span", { class: "push row" }, more,
      h("button", { class: "plain", lang: other, onclick: { t: "ui.language", lang: other } }, words.say("language.other"))));
}

/** @param {Words} words */
export const skeleton = (words) =>
  h("main", { key: "skeleton", id: "main", class: "skeleton", "aria-busy": "true" },
    h("h1", { class: "unseen" }, words.say("name")),
    h("p", { class: "quiet", role: "status" }, words.say("loading")), h("i", {}), h("i", {}), h("i", {}));

/** Reloads in the other language; what was typed is kept by the page's own effects. @param {any} m */
export const languageEffect = (m) => {
  localStorage.setItem("onbeat.lang", m.lang);
  const there = new URL(location.href);
  there.searchParams.set("lang", m.lang);
  location.replace(there);
};
