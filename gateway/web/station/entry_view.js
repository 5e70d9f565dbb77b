/** The clerk's entry: what is asked on the telephone, in the order in which it is said. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { nameIn } from "../shared/places.js";
import { CHANNELS, found, saidOf } from "./entry.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../shared/words.js").Words} Words */

/** @param {State} state @param {Words} words */
export function entryView(state, words) {
  const entry = /** @type {NonNullable<State["entry"]>} */ (state.entry);
  return entry.made ? madeView(state, words) : asking(state, words);
}

/** @param {State} state @param {Words} words */
function asking(state, words) {
  const entry = /** @type {NonNullable<State["entry"]>} */ (state.entry);
  const wrong = (/** @type {string} */ field) => ({ "aria-invalid": entry.wrong === field ? "true" : null, "aria-describedby": entry.wrong === field ? "entry-wrong" : null });
  const set = (/** @type {string} */ field) => ({ t: "ui.entry_set", field });
  return h("form", { key: "entry", class: "card entry", novalidate: true, "data-entry": "asking", "aria-labelledby": "entry-title", onsubmit: { t: "ui.entry_send" } },
    h("h2", { id: "entry-title" }, words.say("desk.entry")),
    h("div", { class: "segments", role: "radiogroup", "aria-label": words.say("desk.entry.channel") }, CHANNELS.map((one) => h("label", { key: one, class: "segment" },
      h("input", { type: "radio", name: "channel", value: one, checked: entry.channel === one, onchange: set("channel") }), h("span", {}, words.say(`desk.channel.${one}`))))),
    placeField(state, words, wrong("place")),
    h("div", { key: "category", class: `field${entry.wrong === "category" ? " wrong" : ""}` }, h("label", { for: "entry-category" }, words.say("desk.entry.category")),
      h("select", { id: "entry-category", value: entry.category, ...wrong("category"), onchange: set("category") }, h("option", { value: "" }, words.say("desk.pick")),
        state.categories.map((one) => h("option", { key: one.id, value: one.id }, words.lang === "en" ? one.name_en || one.name : one.name)))),
    h("div", { key: "words", class: `field${["words", "words_long"].includes(entry.wrong ?? "") ? " wrong" : ""}` }, h("label", { for: "entry-words" }, words.say("desk.entry.words")),
      h("input", { id: "entry-words", maxlength: 2000, autocomplete: "off", value: entry.words, ...wrong("words"), oninput: set("words") })),
    h("label", { class: "tick" }, h("input", { type: "checkbox", "data-exercise": "1", checked: entry.exercise, onchange: { t: "ui.entry_exercise" } }), h("span", {}, words.say("desk.entry.exercise"))),
    h("p", { id: "entry-wrong", role: "alert", class: entry.refused?.code === "emergency" ? "say bad" : "wrong-say" }, entry.wrong ? words.say(`desk.entry.wrong.${entry.wrong}`)
      : entry.refused ? (entry.refused.code === "emergency" ? words.say("desk.entry.emergency", { call: entry.refused.call ?? "" }) : sentenceOf(entry.refused, words)) : null),
    h("div", { class: "row" },
      h("button", { type: "submit", class: "main fill", "data-do": "entry-send", "aria-disabled": entry.sending ? "true" : null },
        words.say(entry.sending ? "desk.going" : entry.advised ? "desk.entry.send_anyway" : "desk.entry.send"), h("kbd", { "aria-hidden": "true" }, "Enter")),
      h("button", { type: "button", onclick: { t: "ui.shut" } }, words.say("desk.leave"), h("kbd", { "aria-hidden": "true" }, "Esc"))));
}

/** An area in the language of the page; a case by its words. @param {{id?: string, name: string, name_en?: string}} one @param {Words} words */
const called = (one, words) => (one.id ? nameIn({ ...one, id: one.id }, words) : one.name);

/** By name, by coordinates, or on the map. @param {State} state @param {Words} words @param {Record<string, any>} wrong */
function placeField(state, words, wrong) {
  const entry = /** @type {NonNullable<State["entry"]>} */ (state.entry);
  const list = found(state);
  const said = entry.place ? words.say(entry.place.name ? "desk.entry.place_named" : "desk.entry.place_at", { name: called(entry.place, words), lat: entry.place.lat.toFixed(5), lon: entry.place.lon.toFixed(5) }) : null;
  return h("div", { key: "place", class: `field${entry.wrong === "place" ? " wrong" : ""}` }, h("label", { for: "entry-find" }, words.say("desk.entry.place")),
    h("input", { id: "entry-find", role: "combobox", "aria-expanded": list.length ? "true" : "false", "aria-controls": "places-list", "aria-autocomplete": "list", autocomplete: "off",
      "aria-activedescendant": list.length ? `place-${entry.active}` : null, placeholder: words.say("desk.entry.place_hint"), value: entry.place?.id ? called(entry.place, words) : entry.find, ...wrong,
      oninput: { t: "ui.entry_set", field: "find" }, onkeydown: { t: "ui.entry_pick", keys: { ArrowDown: "down", ArrowUp: "up" } } }),
    h("ul", { id: "places-list", role: "listbox", class: "options", "aria-label": words.say("desk.entry.place"), hidden: !list.length }, list.map((one, n) => h("li", { key: `${one.kind}:${n}`, id: `place-${n}`, role: "option", class: "option",
      "aria-selected": n === entry.active ? "true" : "false", onclick: { t: "ui.entry_place", at: n } }, h("span", { class: "fill" }, called(one, words)), h("span", { class: "quiet small" }, words.say(`desk.entry.kind.${one.kind}`))))),
    h("p", { class: "small quiet", role: "status" }, said ?? words.say("desk.entry.place_map")));
}

/** The code, to be read aloud: it is shown only now. @param {State} state @param {Words} words */
function madeView(state, words) {
  const entry = /** @type {NonNullable<State["entry"]>} */ (state.entry);
  const made = /** @type {NonNullable<import("./state.js").Entry["made"]>} */ (entry.made);
  const groups = made.receipt.split(/[- ]/);
  return h("section", { key: "made", class: "card entry", "data-entry": "made", "aria-labelledby": "made-title" },
    h("h2", { id: "made-title", tabindex: -1 }, words.say("desk.entry.made", saidOf(entry, state, words))),
    h("p", {}, words.say("desk.entry.read")),
    h("p", { class: "code", "data-receipt": made.receipt }, groups.map((group, n) => h("span", { key: n }, group, " "))),
    h("p", { class: "quiet small" }, words.say("desk.entry.once")),
    h("div", { class: "row" },
      h("button", { type: "button", class: "main", "data-do": "entry-next", onclick: { t: "ui.entry" } }, words.say("desk.entry.another"), h("kbd", { "aria-hidden": "true" }, "n")),
      state.cases[made.case] ? h("button", { type: "button", onclick: { t: "ui.open", case: made.case } }, words.say("desk.entry.open")) : null,
      h("button", { type: "button", onclick: { t: "ui.shut" } }, words.say("desk.leave"), h("kbd", { "aria-hidden": "true" }, "Esc"))));
}
