/** The receipt code: text and picture, shown until the reporter says that it is kept, then never again. */

import { h } from "../shared/dom.js";
import { shape } from "../shared/pieces.js";
import { qrView } from "../shared/qr.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 */

/** @param {State} state @param {Words} words */
export function receiptCard(state, words) {
  return h("section", { key: "receipt", class: "card receipt", "aria-labelledby": "receipt-title" },
    h("h2", { id: "receipt-title", tabindex: -1 }, words.say("citizen.receipt")),
    h("p", { id: "keep" }, words.say("citizen.keep_code")),
    h("p", { class: "code", "data-receipt": "", "aria-describedby": "keep" }, state.receipt),
    state.qr ? qrView(state.qr, words.say("citizen.qr")) : null,
    h("div", { class: "row pair" },
      h("button", { type: "button", onclick: { t: "ui.copy", code: state.receipt } },
        state.copied ? shape("tick") : null, h("span", { role: "status" }, words.say(state.copied ? "citizen.copied" : "citizen.copy"))),
      h("button", { type: "button", class: "main", onclick: { t: "ui.kept" }, "data-kept": "" }, words.say("citizen.kept"))));
}
