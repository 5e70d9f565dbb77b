/**
 * One page: a pure reducer (state, message) -> state, a pure view (state, words) -> tree, and effects beside them.
 * Whatever a page shows comes out of the messages alone, so a page can be replayed from its log.
 */

import { show } from "./dom.js";

const LOG_MAX = 1_000;
export const TICK_MS = 250;

/**
 * @param {{root: HTMLElement, state: any, reduce: (state: any, message: any) => any, view: (state: any, words: any) => any[], words: import("./words.js").Words,
 *   effects: Record<string, (message: any, page: any, before: any) => void>, after?: (message: any, page: any, before: any) => void,
 *   title?: (state: any, words: any) => string}} parts
 *   `after` follows every message, ticks too.
 */
export function open({ root, state, reduce, view, words, effects, after, title }) {
  /** @type {import("./dom.js").Message[]} */
  const log = [];
  let planned = false;
  const page = { words, log, get state() { return state; }, send, draw, focus };

  function draw() {
    planned = false;
    show(root, view(state, words), send);
    document.title = title ? title(state, words) : `${words.say(`${root.dataset.page}.title`)} · OnBeat`;
  }

  /**
   * The focus to the first that can be seen, at once: drawn before the next key is heard, so that whoever types fast loses no letter.
   * Where it stands in something with `data-whole`, all of that is brought into sight: a question with its answers.
   * @param {string} selector @returns {boolean} whether there is one
   */
  function focus(selector) {
    draw();
    const found = [...root.querySelectorAll(selector)].find((one) => one.getClientRects().length > 0);
    if (!(found instanceof HTMLElement)) return false;
    if (found === document.activeElement) return true;
    found.focus({ preventScroll: true });
    (found.closest("[data-whole]") ?? found).scrollIntoView({ block: "nearest" });
    return true;
  }

  function plan() {
    if (planned) return;
    planned = true;
    // A hidden page gets no animation frames, but its state goes on and should be there when it is looked at again.
    if (document.hidden) setTimeout(draw, 100);
    else requestAnimationFrame(draw);
  }

  /** @param {import("./dom.js").Message} message */
  function send(message) {
    if (message.t !== "tick") {
      log.push(message.veiled ? { t: message.t } : message); // a password, a secret, a name: never kept beside the state
      if (log.length > LOG_MAX) log.shift();
    }
    const before = state;
    state = reduce(state, message);
    effects[message.t]?.(message, page, before);
    after?.(message, page, before);
    if (state !== before) plan();
  }

  root.replaceChildren();
  root.removeAttribute("aria-busy");
  draw();
  setInterval(() => send({ t: "tick", now_ms: performance.now() }), TICK_MS);
  return page;
}

/**
 * The part of the state that every page has: the line to the server, the clock, what was refused last.
 * @typedef {typeof SHARED} Shared
 */
export const SHARED = {
  now_ms: 0,
  line: "closed", // closed, connecting, live, reconnecting, refused
  line_why: /** @type {string | null} */ (null), // of a refused line: revoked, replaced, version ...
  heard_ms: 0, // when the server was last heard, by the page's own clock
  ready: false, // a snapshot has come
  offline: false, // no network, or the page itself came from what was kept on this device
};

/**
 * Reduces what concerns every page; the same object where nothing changed.
 * @template {Shared} S @param {S} state @param {any} m @returns {S}
 */
export function reduceShared(state, m) {
  switch (m.t) {
    case "tick":
      // Only what counts seconds needs the clock: elsewhere the page stays as it is.
      return { ...state, now_ms: m.now_ms };
    case "line":
      return { ...state, line: m.line, line_why: m.why ?? null, heard_ms: m.heard_ms ?? state.heard_ms };
    case "offline":
      return { ...state, offline: m.on };
    case "heard":
      return { ...state, heard_ms: m.heard_ms };
    case "snapshot":
      return { ...state, ready: true };
    default:
      return state;
  }
}

/**
 * The time at which a message's countdown ends, by this page's own monotonic clock; null without one.
 * @param {{remaining_ms?: number | null}} m @param {number} heard_ms
 */
export const endsAt = (m, heard_ms) => (m.remaining_ms == null ? null : heard_ms + m.remaining_ms);
