/** How the reporter wants to be reached: without a name, or with a number that a code has confirmed. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { shape } from "../shared/pieces.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("../shared/dom.js").Tree} Tree
 */

const NAME_CHARS_MAX = 80; // as the service takes it

/** The inside of the question; `wrong`: the sentence of what is missing, or null. @param {State} state @param {Words} words @param {Tree | null} wrong */
export function naming(state, words, wrong) {
  const { draft } = state;
  /** @param {string} value */
  const choice = (value) =>
    h("label", { class: "choice long", key: value },
      h("input", { type: "radio", name: "how", value, checked: draft.how === value, onchange: { t: "ui.typed", field: "how" } }),
      h("span", {}, h("b", {}, words.say(`citizen.how.${value}`)), h("small", {}, words.say(`citizen.how.${value}.means`))));
  if (!state.phones) {
    const why = h("p", { key: "no-phones", class: "quiet small" }, words.say("citizen.how.only"));
    return [choice("nameless"), state.phones === false ? why : null];
  }
  return [choice("nameless"), choice("number"), draft.how === "number" ? confirming(state, words, wrong) : null];
}

/** @param {State} state @param {Words} words @param {Tree | null} wrong */
function confirming(state, words, wrong) {
  const { draft } = state;
  const refused = h("div", { role: "alert", key: "phone-refused" },
    state.phone_refused ? h("p", { class: "say bad" }, sentenceOf(state.phone_refused, words)) : null);
  if (draft.phone) {
    return [h("div", { class: "row apart", key: "confirmed", "data-confirmed": "" },
      h("p", { class: "badge green", role: "status" }, shape("tick"), words.say("citizen.phone.confirmed", { number: draft.number.trim() })),
      h("button", { type: "button", class: "plain", onclick: { t: "ui.typed", field: "number", value: "" } }, words.say("citizen.phone.other"))),
    h("div", { class: "field", key: "name" },
      h("label", { for: "name" }, words.say("citizen.phone.name")),
      h("input", { id: "name", autocomplete: "name", maxlength: NAME_CHARS_MAX, value: draft.name, oninput: { t: "ui.typed", field: "name" } }))];
  }
  return h("div", { class: "confirming", key: "confirming" }, wrong,
    h("div", { class: "row end", key: "number" },
      h("div", { class: "field fill" },
        h("label", { for: "number" }, words.say("citizen.number")),
        h("input", { id: "number", type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: 24, value: draft.number,
          "aria-describedby": state.wrong.number ? "how-wrong" : null, oninput: { t: "ui.typed", field: "number" } })),
      h("button", { type: "button", "data-send-code": "", onclick: { t: "ui.phone_ask" }, "aria-disabled": state.phone_going === "ask" || !draft.number.trim() ? "true" : null },
        words.say(state.phone_asked ? "citizen.phone.again" : "citizen.phone.ask"))),
    state.phone_asked ? h("div", { class: "row end", key: "code" },
      h("div", { class: "field fill" },
        h("label", { for: "phone-code" }, words.say("citizen.phone.code", { number: draft.number.trim() })),
        h("input", { id: "phone-code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 10, value: state.phone_code, oninput: { t: "ui.phone_code" } })),
      h("button", { type: "button", class: "main", "data-confirm": "", onclick: { t: "ui.phone_confirm" }, "aria-disabled": state.phone_going === "confirm" ? "true" : null },
        words.say("citizen.phone.confirm"))) : null,
    state.phone_asked ? h("p", { class: "quiet small", key: "late" }, words.say("citizen.phone.late")) : null,
    refused);
}
