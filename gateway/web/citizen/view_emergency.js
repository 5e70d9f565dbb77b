/** It sounds like an emergency: full width, above everything, until the reporter has answered. */

import { h } from "../shared/dom.js";
import { phrases } from "../shared/pieces.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 */

/** @param {State} state @param {Words} words @param {string} police */
export function emergency(state, words, police) {
  const advice = /** @type {import("./draft.js").Advice} */ (state.advice);
  const number = advice.call ?? police;
  const because = (advice.because ?? []).map((one) => (words.lang === "en" ? one.en : one.zh)).filter(Boolean).slice(0, 2);
  return h("section", { key: "emergency", class: "emergency", role: "alert", "aria-labelledby": "emergency-title", "data-emergency-panel": "" },
    h("div", { class: "inner" },
      h("h2", { id: "emergency-title", tabindex: -1, class: "large" }, phrases(words.say("citizen.emergency.title", { number }), words)),
      because.length ? h("p", {}, because.join(words.lang === "en" ? " " : "")) : null,
      h("a", { class: "call", href: `tel:${number}`, "data-call": number }, words.say("citizen.call", { number })),
      h("p", {}, words.say(advice.late ? "citizen.emergency.sent" : "citizen.emergency.kept")),
      h("button", { type: "button", class: "quiet-button", onclick: { t: "ui.go_on" }, "data-go-on": "" },
        words.say(advice.late ? "citizen.emergency.seen" : "citizen.emergency.go_on"))));
}
