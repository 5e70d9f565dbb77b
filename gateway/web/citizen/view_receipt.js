/** The receipt code: text and picture, shown until the reporter says that it is kept, then never again. */

import { h } from "../shared/dom.js";
import { shape } from "../shared/pieces.js";

export function receiptCard(state, words) {
  return h("section", { key: "receipt", class: "card receipt", "aria-labelledby": "receipt-title" },
    h("h2", { id: "receipt-title", tabindex: -1 }, words.say("citizen.receipt")),
    h("p", { id: "keep" }, words.say("citizen.keep_code")),
    h("p", { class: "code", "data-receipt": "", "aria-describedby": "keep" }, state.receipt),
    state.qr ? h("svg", { class: "qr", role: "img", "aria-label": words.say("citizen.qr"), viewBox: `-4 -4 ${state.qr.size + 8} ${state.qr.size + 8}`,
      "shape-rendering": "crispEdges" },
      h("rect", { x: -4, y: -4, width: state.qr.size + 8, height: state.qr.size + 8, class: "paper" }),
      h("path", { d: state.qr.path, class: "ink" })) : null,
    h("div", { class: "row pair" },
      h("button", { type: "button", onclick: { t: "ui.copy", code: state.receipt } },
        state.copied ? shape("tick") : null, h("span", { role: "status" }, words.say(state.copied ? "citizen.copied" : "citizen.copy"))),
      h("button", { type: "button", class: "main", onclick: { t: "ui.kept" }, "data-kept": "" }, words.say("citizen.kept"))));
}

/** A QR code as one SVG path: `bits` has `size` and `get(x, y)`. Rows of dark squares become one rectangle each. */
export function pathOf(bits) {
  const parts = [];
  for (let y = 0; y < bits.size; y += 1) {
    for (let x = 0; x < bits.size; x += 1) {
      if (!bits.get(x, y)) continue;
      const from = x;
      while (x < bits.size && bits.get(x, y)) x += 1;
      parts.push(`M${from} ${y}h${x - from}v1H${from}z`);
    }
  }
  return parts.join("");
}
