/** The case that the officer has: where, what is known of the place, what the reporter sees, and how it ends. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { map } from "../shared/live_map.js";
import { badge, shape } from "../shared/pieces.js";
import { categoryName } from "../shared/places.js";
import { nameOf } from "../shared/surnames.js";
import { capital } from "../shared/words.js";
import { askedOf } from "./deck.js";
import { DISPOSITIONS } from "./holding.js";
import { RATIO } from "./placing.js";
import { talkOf } from "./talking.js";
import { farSay } from "./view_offer.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./reducer.js").Held} Held
 * @typedef {import("./reducer.js").Known} Known
 */

/** A note written down so near is of this very place. */
const HERE_M = 10;

/** @param {Held} held @param {State} state @param {Words} words */
export function caseCard(held, state, words) {
  const unread = talkOf(state, held.case).unread;
  return h("article", { key: `held:${held.case}`, class: "card held", "data-held": held.case, "aria-label": categoryName(held.category, state.categories, words) },
    h("div", { class: "row apart" }, h("h2", {}, categoryName(held.category, state.categories, words)), badge(held.state, words)),
    asked(held, words),
    held.state === "on_scene" ? null : h("p", { class: "far" }, farSay(held.place, state, words)),
    hazards(state.places[held.case], words),
    held.state === "on_scene" ? theWord(held, state, words) : null, // at the door: before anything that can be read on the way
    h("div", { class: "row two" },
      h("button", { class: "fill", "data-sheet": "ways", onclick: { t: "ui.sheet", kind: "ways", case: held.case } }, words.say("officer.way")),
      h("button", { class: "fill", "data-sheet": "talk", "data-unread": unread || null, onclick: { t: "ui.sheet", kind: "talk", case: held.case } },
        words.say("officer.talk"), unread ? h("span", { class: "count" }, words.say("officer.talk_unread", { n: unread })) : null)),
    h("p", { class: "told" }, held.words),
    h("p", { class: "seen", "data-seen-by-reporter": "" }, shape("dot"), h("span", {}, words.say(`officer.seen.${held.state}`, { call_sign: state.me?.call_sign ?? "" }))),
    held.state === "on_scene" ? null : theWord(held, state, words),
    held.state === "on_scene" ? ending(held, state, words) : null,
    held.others?.length ? h("p", {}, words.say("officer.with", { who: held.others.map((one) => nameOf(one, words)).join(words.say("list")) })) : null,
    held.seats > 1 + (held.others?.length ?? 0) ? h("p", { "data-free-seat": "" }, words.say("officer.free_seat", { n: held.seats - 1 - (held.others?.length ?? 0) })) : null,
    held.state === "on_scene" ? null : h("div", { class: "pick" }, map({ camera: state.camera, ratio: RATIO, areas: state.areas, mine: state.me?.beat ?? null, words, upgrade: "tiles", label: words.say("officer.case_map"),
      marks: [{ key: "case", kind: "pin", ...held.place }, ...(state.fix ? [{ key: "me", kind: /** @type {const} */ ("unit"), ...state.fix, sign: state.me?.call_sign }] : [])] })),
    earlier(state.places[held.case], state, words),
    more(held, words));
}

/** Somebody asks, or has noticed something; the large button answers what can be answered. @param {Held} held @param {Words} words */
function asked(held, words) {
  const key = held.check_in ? `check_in.${held.check_in}` : held.watch ? `watch.${held.watch}` : null;
  if (!key) return null;
  return h("p", { key: "asked", class: "say wait", role: "alert", "data-asked": askedOf(held) ?? "nudge" }, words.say(`officer.${key}`));
}

/** @param {Known | undefined} known @param {Words} words */
function hazards(known, words) {
  if (!known) return h("p", { key: "hazards", class: "quiet small" }, words.say("officer.hazards.loading"));
  if (known.failed || !known.hazards) return h("p", { key: "hazards", class: "say wait" }, words.say("officer.hazards.failed"));
  const told = known.hazards;
  if (!told.length) return h("p", { key: "hazards", class: "quiet small" }, words.say("officer.hazards.none"));
  return h("section", { key: "hazards", class: "say wait", "data-hazards": told.length },
    h("h3", {}, shape("warn"), words.say("officer.hazards")),
    h("ul", {}, told.map((one) => h("li", { key: one.hazard }, one.words, h("span", { class: "small apart-word" }, ` · ${one.within_m < HERE_M ? words.say("officer.right_here") : words.say("officer.within", { n: one.within_m })}`)))));
}

/** @param {Known | undefined} known @param {State} state @param {Words} words */
function earlier(known, state, words) {
  if (!known?.earlier?.length) return null;
  return h("details", { key: "earlier" },
    h("summary", {}, words.say("officer.earlier", { n: known.earlier.length })),
    h("ul", { class: "plain-list" }, known.earlier.map((one, i) =>
      h("li", { key: i }, `${one.on} · ${categoryName(one.category, state.categories, words)} · ${words.say(`disposition.${one.disposition ?? "none"}`)}`))));
}

/** The word of both phones: said at the door by one, typed by the other. @param {Held} held @param {State} state @param {Words} words */
function theWord(held, state, words) {
  if (held.met) return h("p", { key: "met", class: "badge green", "data-met": "yes" }, shape("tick"), words.say("officer.met"));
  if (!held.word) return null;
  if (held.state !== "on_scene") return h("p", { key: "word" }, words.say("officer.word_later", { word: held.word }));
  const own = state.word.case === held.case;
  const typed = own ? state.word.typed : "";
  const refused = own ? state.word.refused : null;
  return h("form", { key: "word", class: "field word", onsubmit: { t: "ui.met", case: held.case } },
    h("label", { for: "word" }, words.say("officer.word", { word: held.word })),
    h("div", { class: "row nowrap" },
      h("input", { id: "word", class: "digits", type: "text", inputmode: "numeric", pattern: "[0-9]{4}", maxlength: 4, autocomplete: "off", value: typed,
        "aria-describedby": refused ? "word-wrong" : null, "aria-invalid": refused ? "true" : null, oninput: { t: "ui.word", case: held.case } }),
      h("button", { type: "submit", "data-met": "ask", "aria-disabled": typed.length < 4 || held.going ? "true" : null }, words.say(held.going === "met" ? "officer.going" : "officer.word_check"))),
    refused ? h("p", { id: "word-wrong", class: "wrong-say", role: "alert" }, sentenceOf({ reason: refused }, words)) : null);
}

/** @param {Held} held @param {State} state @param {Words} words */
const ending = (held, state, words) =>
  h("fieldset", { key: "ending", class: "choices", "data-ending": held.case },
    h("legend", {}, words.say("disposition.label")),
    DISPOSITIONS.map((one) => h("label", { key: one, class: "choice", "data-disposition": one },
      h("input", { type: "radio", name: "disposition", value: one, checked: state.disposition === one, onchange: { t: "ui.disposition" } }),
      h("span", {}, capital(words.say(`disposition.${one}`))))));

/** @param {Held} held @param {Words} words */
function more(held, words) {
  /** @param {string} kind */
  const open = (kind) => h("button", { key: kind, class: "wide", "data-sheet": kind, "aria-disabled": held.going ? "true" : null,
    onclick: { t: "ui.sheet", kind, case: held.case } }, words.say(`officer.${kind}`));
  return h("details", { key: "more", class: "more" },
    h("summary", {}, words.say("officer.more")),
    h("div", { class: "choices one" }, open("second"), held.state === "on_scene" ? null : open("hand_back"), open("transfer")));
}
