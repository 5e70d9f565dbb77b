/** What a reporter can still do: take it back, answer an appointment, say that it is not solved, rate. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { shape } from "../shared/pieces.js";
import { STARS_MAX, mayObject, mayRate, mayWithdraw } from "./following.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("./following.js").Case} Case
 * @typedef {import("../shared/words.js").Words} Words
 */

/** @param {State} state @param {string} act @param {Words} words */
const refusedSay = (state, act, words) =>
  h("div", { role: "alert", key: `${act}-refused` }, state.act_refused?.act === act ? h("p", { class: "say bad" }, sentenceOf(state.act_refused, words)) : null);

/** @param {State} state @param {string} act */
const going = (state, act) => (state.going[act] ? "true" : null);

/** @param {State} state @param {Words} words */
export function after(state, words) {
  const it = /** @type {Case} */ (state.case);
  return h("div", { key: "after", class: "after" },
    mayRate(it) ? rate(state, words) : it.stars ? h("section", { class: "card", key: "rated" }, h("p", { class: "rated" }, shape("tick"), words.say("citizen.rated", { stars: it.stars, most: STARS_MAX }))) : null,
    mayObject(it) ? object(state, words) : null,
    mayWithdraw(it) ? withdraw(state, words) : null);
}

/** @param {State} state @param {Words} words */
function withdraw(state, words) {
  if (state.asked !== "withdraw") return h("div", { key: "withdraw", class: "quiet-act" }, refusedSay(state, "withdraw", words),
    h("button", { type: "button", class: "wide", onclick: { t: "ui.ask", act: "withdraw" } }, words.say("citizen.withdraw")));
  return h("section", { class: "card", key: "withdraw", role: "group", "aria-labelledby": "withdraw-title", "data-whole": "" },
    h("h2", { id: "withdraw-title", tabindex: -1 }, words.say("citizen.withdraw_ask")),
    h("p", {}, words.say("citizen.withdraw_means")),
    refusedSay(state, "withdraw", words),
    h("div", { class: "row pair" },
      h("button", { type: "button", onclick: { t: "ui.withdraw_sure" }, "aria-disabled": going(state, "withdraw") }, words.say("citizen.withdraw_sure")),
      h("button", { type: "button", class: "main", onclick: { t: "ui.never_mind" } }, words.say("citizen.keep_it"))));
}

/** @param {State} state @param {Words} words */
function object(state, words) {
  if (state.asked !== "object") return h("section", { class: "card", key: "object" },
    h("h2", {}, words.say("citizen.object.title")),
    h("p", { class: "quiet" }, words.say("citizen.object.until", { day: words.day(Number(state.case?.object_wall_ms)) })),
    refusedSay(state, "object", words),
    h("button", { type: "button", onclick: { t: "ui.ask", act: "object" }, "data-not-solved": "" }, words.say("citizen.object.open")));
  return h("form", { class: "card", key: "object", "data-whole": "", onsubmit: { t: "ui.object" } },
    h("h2", {}, words.say("citizen.object.title")),
    h("p", {}, words.say("citizen.object.means")),
    refusedSay(state, "object", words),
    h("div", { class: `field${state.object_wrong ? " wrong" : ""}` },
      h("label", { for: "object-words" }, words.say("citizen.object.words")),
      state.object_wrong ? h("p", { key: "wrong", class: "wrong-say", id: "object-wrong" }, shape("cross"), words.say("citizen.object.wrong")) : null,
      h("textarea", { key: "words", id: "object-words", rows: 3, maxlength: 1000, value: state.object_words, "aria-invalid": state.object_wrong ? "true" : null,
        "aria-describedby": state.object_wrong ? "object-wrong" : null, oninput: { t: "ui.object_words" } })),
    h("div", { class: "row pair" },
      h("button", { type: "button", onclick: { t: "ui.never_mind" } }, words.say("citizen.never_mind")),
      h("button", { type: "submit", class: "main", "aria-disabled": going(state, "object") }, words.say("citizen.object.send"))));
}

/** @param {State} state @param {Words} words */
function rate(state, words) {
  return h("form", { class: "card", key: "rate", onsubmit: { t: "ui.rate" } },
    h("fieldset", {},
      h("legend", { class: "ask" }, words.say("citizen.rate.title")),
      h("div", { class: "stars" }, Array.from({ length: STARS_MAX }, (_none, at) => at + 1).map((n) =>
        h("label", { class: `choice star${n <= state.stars ? " on" : ""}`, key: n },
          h("input", { type: "radio", name: "stars", value: n, checked: state.stars === n, onchange: { t: "ui.stars" } }),
          h("span", {}, h("i", { class: "unseen" }, words.say("citizen.rate.stars", { n })), h("b", { "aria-hidden": "true" }, n)))))),
    h("div", { class: "row apart small quiet", "aria-hidden": "true" }, h("span", {}, words.say("citizen.rate.low")), h("span", {}, words.say("citizen.rate.high"))),
    state.stars ? h("div", { class: "field" },
      h("label", { for: "rate-words" }, words.say("citizen.rate.words")),
      h("textarea", { id: "rate-words", rows: 2, maxlength: 1000, value: state.rate_words, oninput: { t: "ui.rate_words" } })) : null,
    refusedSay(state, "rate", words),
    state.stars ? h("button", { type: "submit", class: "main", "data-rate": "", "aria-disabled": going(state, "rate") }, words.say("citizen.rate.send")) : null);
}

/** A time that the station offers: the reporter answers once; afterwards it says what was answered. @param {State} state @param {Words} words */
export function appointmentCard(state, words) {
  const { begins, ends, answer } = /** @type {import("../shared/wire.js").Appointed} */ (state.case?.appointment);
  const time = words.span(Date.parse(begins), Date.parse(ends));
  return h("section", { class: "card", key: "appointment", "aria-labelledby": "appointment-title", "data-appointment": answer },
    h("h2", { id: "appointment-title" }, words.say("citizen.appointment")),
    h("p", { class: "large" }, time),
    refusedSay(state, "answer_appointment", words),
    answer === "offered"
      ? h("div", { class: "row pair" },
        h("button", { type: "button", onclick: { t: "ui.appointment", accept: false }, "aria-disabled": going(state, "answer_appointment") }, words.say("citizen.appointment.decline")),
        h("button", { type: "button", class: "main", onclick: { t: "ui.appointment", accept: true }, "aria-disabled": going(state, "answer_appointment") }, words.say("citizen.appointment.accept")))
      : h("p", { role: "status" }, words.say(`citizen.appointment.${answer}`)));
}
