/** A text as a QR code: drawn by `lean-qr` where it is installed, loaded only when something is to be drawn. */

import { h } from "./dom.js";

/** @typedef {{size: number, path: string}} Picture */

const LIBRARY = "/static/vendor/lean-qr/lean-qr.mjs";

/** @param {string} text @returns {Promise<Picture | null>} null where the library cannot be had: the text stands alone */
export async function pictureOf(text) {
  const { generate } = await import(LIBRARY).catch(() => ({}));
  if (!generate) return null;
  const bits = generate(text);
  return { size: bits.size, path: pathOf(bits) };
}

/** @param {Picture} qr @param {string} label what it is, for who does not see it */
export const qrView = (qr, label) =>
  h("svg", { class: "qr", role: "img", "aria-label": label, viewBox: `-4 -4 ${qr.size + 8} ${qr.size + 8}`, "shape-rendering": "crispEdges" },
    h("rect", { x: -4, y: -4, width: qr.size + 8, height: qr.size + 8, class: "paper" }),
    h("path", { d: qr.path, class: "ink" }));

/**
 * A QR code as one SVG path. Rows of dark squares become one rectangle each.
 * @param {{size: number, get: (x: number, y: number) => boolean}} bits
 */
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
