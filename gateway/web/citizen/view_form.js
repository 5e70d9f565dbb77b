/** The report, one question a section: where, what, words, how; REPORT stands at the bottom all the time. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { map } from "../shared/live_map.js";
import { shape } from "../shared/pieces.js";
import { categoryName } from "../shared/places.js";
import { categoryIcon } from "./icons.js";
import { LARGE, RATIO } from "./draft.js";
import { naming } from "./view_naming.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("../shared/dom.js").Tree} Tree
 */

/** @type {Record<string, string>} */
const FIELDS = { place: "where", category: "what", words: "words", number: "how" };

/** @param {State} state @param {Words} words @param {string} number */
export function form(state, words, number) {
  return h("main", { key: "form", id: "main", class: "column asks" },
    h("h1", { class: "large" }, words.say("citizen.ask")),
    h("p", { class: "quiet lead" }, words.say("citizen.lead")),
    problems(state, words),
    h("form", { key: "report", class: "report", onsubmit: { t: "ui.report" }, novalidate: true },
      where(state, words), what(state, words), tell(state, words), how(state, words),
      bottom(state, words, number)),
    old(state, words));
}

/** Every mistake in one place, each a link to its field. @param {State} state @param {Words} words */
function problems(state, words) {
  const wrong = Object.entries(state.wrong);
  return h("div", { role: "alert", key: "problems" },
    wrong.length ? h("div", { class: "say bad", id: "problems", tabindex: -1, "aria-labelledby": "problems-title" },
      h("h2", { id: "problems-title", class: "small" }, words.say("citizen.wrong.title")),
      h("ul", { class: "links" }, wrong.map(([field, key]) => h("li", {}, h("a", { href: `#${FIELDS[field]}` }, words.say(key)))))) : null,
    state.refused ? h("p", { class: "say bad", "data-refused": state.refused.code }, sentenceOf(state.refused, words)) : null);
}

/** @param {State} state @param {string} field @param {Words} words */
const wrongSay = (state, field, words) =>
  state.wrong[field] ? h("p", { key: "wrong", class: "wrong-say", id: `${FIELDS[field]}-wrong` }, shape("cross"), words.say(state.wrong[field])) : null;

/** @param {State} state @param {string} field @param {number} nr @param {string} title @param {import("../shared/dom.js").Given[]} kids */
const section = (state, field, nr, title, ...kids) =>
  h("fieldset", { class: `card${state.wrong[field] ? " is-wrong" : ""}`, id: FIELDS[field], tabindex: -1,
    "aria-describedby": state.wrong[field] ? `${FIELDS[field]}-wrong` : null },
    h("legend", { class: "ask" }, h("span", { class: "nr", "aria-hidden": "true" }, nr), title), kids);

/** @param {State} state @param {Words} words */
function where(state, words) {
  const { draft } = state;
  const marks = draft.pin ? [{ key: "pin", kind: /** @type {const} */ ("pin"), ...draft.pin, within_m: draft.accuracy_m }] : [];
  return section(state, "place", 1, words.say("citizen.where"),
    wrongSay(state, "place", words),
    h("button", { key: "locate", type: "button", class: "wide locate", onclick: { t: "ui.locate" }, "data-locate": "", "aria-disabled": state.locating ? "true" : null },
      shape("dot"), words.say(state.locating ? "citizen.locating" : "citizen.locate")),
    h("div", { key: "pick", class: "pick" },
      map({ camera: state.camera, ratio: RATIO, areas: state.areas, marks, label: words.say("citizen.map"), words, place: true, upgrade: "touch" })),
    h("p", { key: "say", class: `small place-say${draft.pin ? " done" : ""}`, role: "status" }, shape(draft.pin ? "tick" : "circle"), placeSay(state, words)),
    h("details", { key: "typing", ...(state.located_wrong && !draft.pin ? { open: true } : {}) },
      h("summary", {}, words.say("citizen.type_place")),
      h("div", { class: "field" },
        h("label", { for: "typed" }, words.say(`citizen.coordinates.${state.datum}`)),
        h("input", { id: "typed", inputmode: "text", autocomplete: "off", placeholder: "32.0603, 118.7969", value: draft.typed,
          oninput: { t: "ui.typed", field: "typed" } }))));
}

/** @param {State} state @param {Words} words */
function placeSay(state, words) {
  const { pin, accuracy_m } = state.draft;
  if (!pin) return words.say(state.located_wrong ? "citizen.not_located" : "citizen.no_pin");
  return accuracy_m ? words.say("citizen.within", { n: Math.round(accuracy_m) }) : words.say("citizen.pinned");
}

/** Six large ones; the others behind "more", which opens by itself when one of them is chosen. @param {State} state @param {Words} words */
function what(state, words) {
  const open = state.categories.filter((one) => one.open !== false);
  const all = state.more || open.length <= LARGE || open.slice(LARGE).some((one) => one.id === state.draft.category);
  const shown = all ? open : open.slice(0, LARGE);
  return section(state, "category", 2, words.say("citizen.what"),
    wrongSay(state, "category", words),
    open.length === 0 ? h("p", { class: "say bad" }, words.say("citizen.no_categories")) : null,
    h("div", { key: "tiles", class: "choices tiles" }, shown.map((one) =>
      h("label", { class: "choice", key: one.id },
        h("input", { type: "radio", name: "category", value: one.id, checked: state.draft.category === one.id,
          onchange: { t: "ui.typed", field: "category" } }),
        h("span", {}, categoryIcon(one.id), categoryName(one.id, open, words))))),
    all ? null : h("button", { type: "button", class: "plain more", key: "more", "data-more": "", onclick: { t: "ui.more" } },
      words.say("citizen.more", { n: open.length - LARGE })),
    questions(state, words));
}

/** Only a yes says anything: whoever is in no danger passes over them. @param {State} state @param {Words} words */
function questions(state, words) {
  if (!state.questions.length) return null;
  return h("div", { key: "right-now", class: "right-now", role: "group", "aria-labelledby": "now-title" },
    h("p", { id: "now-title", class: "strong" }, words.say("citizen.now")),
    state.questions.map((one) =>
      h("label", { class: "tick", key: one.id },
        h("input", { type: "checkbox", name: `q-${one.id}`, checked: state.draft.answers[one.id] === "yes", onchange: { t: "ui.answer", id: one.id } }),
        h("span", {}, words.lang === "en" ? one.en : one.zh))));
}

/** @param {State} state @param {Words} words */
function tell(state, words) {
  return h("div", { class: `card${state.wrong.words ? " is-wrong" : ""}` },
    h("h2", { class: "ask" }, h("span", { class: "nr", "aria-hidden": "true" }, 3), h("label", { for: "words" }, words.say("citizen.tell"))),
    wrongSay(state, "words", words),
    h("p", { key: "hint", class: "quiet small", id: "words-hint" }, words.say("citizen.tell_hint")),
    h("textarea", { key: "words", id: "words", rows: 3, maxlength: 2000, value: state.draft.words, "aria-invalid": state.wrong.words ? "true" : null,
      "aria-describedby": state.wrong.words ? "words-hint words-wrong" : "words-hint", oninput: { t: "ui.typed", field: "words" } }));
}

/** @param {State} state @param {Words} words */
const how = (state, words) =>
  h("fieldset", { class: `card${state.wrong.number ? " is-wrong" : ""}`, id: "how", tabindex: -1 },
    h("legend", { class: "ask" }, h("span", { class: "nr", "aria-hidden": "true" }, 4), words.say("citizen.how")),
    naming(state, words, wrongSay(state, "number", words)));

/** While it sounds like an emergency, the call stands where REPORT stands. @param {State} state @param {Words} words @param {string} number */
function bottom(state, words, number) {
  if (state.advice) return h("div", { class: "bottom", key: "bottom" },
    h("a", { class: "button call wide", href: `tel:${state.advice.call ?? number}` }, words.say("citizen.call", { number: state.advice.call ?? number })),
    h("button", { type: "button", class: "wide", onclick: { t: "ui.go_on" } }, words.say("citizen.emergency.go_on")));
  return h("div", { class: "bottom", key: "bottom" },
    state.sending === "waiting" ? h("p", { class: "say wait", role: "status" }, words.say("citizen.waiting")) : null,
    state.sending === "working" && state.work ? working(state.work, words) : null,
    h("button", { class: "red wide", type: "submit", "data-report": "", "aria-disabled": state.sending === "no" ? null : "true" },
      words.say(`citizen.send.${state.sending}`)));
}

/** What the phone does and why. The sentence is read out once; the bar says how far it is to who asks it. @param {{done: number, parts: number}} work @param {Words} words */
function working({ done, parts }, words) {
  return h("div", { class: "say", key: "working" },
    h("p", { role: "status", id: "working" }, words.say("citizen.working")),
    h("progress", { max: parts, value: done, "aria-labelledby": "working" }));
}

/** @param {State} state @param {Words} words */
function old(state, words) {
  return h("details", { class: "card", key: "old", ...(state.code_refused ? { open: true } : {}) },
    h("summary", {}, words.say("citizen.have_code")),
    h("form", { class: "row end", onsubmit: { t: "ui.open" } },
      h("div", { class: "field fill" },
        h("label", { for: "code" }, words.say("citizen.code")),
        h("input", { id: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", value: state.code,
          "aria-describedby": "code-hint", oninput: { t: "ui.code" } })),
      h("button", { class: "main", type: "submit", "aria-disabled": state.opening ? "true" : null }, words.say("citizen.open"))),
    h("p", { class: "quiet small", id: "code-hint" }, words.say("citizen.code_hint")),
    h("div", { role: "alert" }, state.code_refused ? h("p", { class: "say bad" }, sentenceOf(state.code_refused, words)) : null));
}
