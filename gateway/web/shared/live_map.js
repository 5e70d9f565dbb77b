/**
 * The map that pages show: called as `map.js` is, which draws it first and wherever the library cannot be had (no WebGL, no
 * package, no line). MapLibre takes over when it has drawn its first picture. It is fetched only where a map shows:
 * when the page is idle; with `upgrade: "touch"` only once somebody touches the map; with `upgrade: "tiles"` when idle where
 * something lies under the maps that the plain one cannot show, else with the first touch.
 *
 * Beside the messages of `map.js` a page hears `{t: "ui.camera", camera}` when a person has moved the map itself.
 *
 * @typedef {import("./map.js").MapParts & {upgrade?: "idle" | "touch" | "tiles"}} LiveParts
 */

import { drawsItself, h } from "./dom.js";
import { map as plainMap } from "./map.js";

const IDLE_MS = 2_000;

/** @param {LiveParts} parts */
export function map(parts) {
  const plain = plainMap(parts);
  if (!parts.camera) return plain;
  // The frame with its buttons is the plain map's; only the picture in it is drawn by another.
  const [picture, ...buttons] = /** @type {import("./dom.js").Tree[]} */ (plain.kids);
  const { viewBox } = picture.attrs;
  const live = { kind: "map", parts, instead: () => picture, shell: () => h("svg", { viewBox, "aria-hidden": "true" }) };
  return h("div", plain.attrs, h("div", { class: "live", live }), ...buttons);
}

/** Can this browser draw it? A context that was lost at once counts as none. */
function able() {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return Boolean(context);
  } catch {
    return false;
  }
}

/** @type {Promise<typeof import("./live_map_gl.js") | null> | null} */
let library = null;
const fetched = () => (library ??= able() ? import("./live_map_gl.js").catch(() => null) : Promise.resolve(null));

/** @type {Promise<boolean> | null} */
let asked_tiles = null;
/** Does anything lie under the maps? */
const hasTiles = () => (asked_tiles ??= fetch("/static/shared/basemap.json").then((answer) => answer.json()).then((base) => Boolean(base.tiles), () => false));

/** Calls `go` once, when `place` is seen and the page idle, or when it is touched. @param {HTMLElement} frame @param {string} when @param {() => void} go */
function whenWanted(frame, when, go) {
  if (when !== "idle") for (const name of ["pointerdown", "focusin", "wheel"]) frame.addEventListener(name, go, { once: true, passive: true });
  if (when === "touch") return () => null;
  const seen = new IntersectionObserver(async (entries) => {
    if (!entries.some((one) => one.isIntersecting)) return;
    seen.disconnect();
    if (when === "tiles" && !(await hasTiles())) return;
    if ("requestIdleCallback" in globalThis) requestIdleCallback(go, { timeout: IDLE_MS });
    else setTimeout(go, 1);
  });
  seen.observe(frame);
  return () => seen.disconnect();
}

drawsItself("map", (place, first, send, changed) => {
  /** @type {import("./live_map_gl.js").GlMap | null} */
  let drawn = null;
  let parts = first;
  let asked = false;
  let ended = false;
  let forget = () => {};
  const go = async () => {
    if (asked || ended) return;
    asked = true;
    const gl = await fetched();
    if (!gl || ended) return;
    drawn = new gl.GlMap(place, parts, send, changed);
  };
  // The place itself is empty and has no size yet: its frame is what is seen and touched.
  queueMicrotask(() => {
    if (place.parentElement) forget = whenWanted(place.parentElement, first.upgrade ?? "idle", go);
  });
  return {
    update(next) {
      parts = next;
      return drawn?.update(next) ?? false;
    },
    end() {
      ended = true;
      forget();
      drawn?.end();
    },
  };
});
