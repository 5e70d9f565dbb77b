/**
 * "Ring me when the phone is locked": the switch, what it says, and what it does. Nobody is asked for permission before
 * the tap. A page takes part by `...PUSH` in its first state, `reducePush`, `pushView`, and `withRinging(effects)`.
 */

import { h } from "./dom.js";
import { call, sentenceOf } from "./http.js";
import { able } from "./installed.js";
import { categoryName } from "./places.js";

const WISH = "onbeat.ring"; // in localStorage: this phone's officer wants to be rung
const SAID = "onbeat-said"; // a cache that the worker reads: it has no other memory
const APPLE_TOUCH = /iPhone|iPad|iPod/;

/**
 * `ring`: unknown (not asked yet), on, off, going, denied, unsupported, insecure (plain HTTP), install (an iPhone rings
 * for what stands on its home screen only).
 */
export const PUSH = { ring: "unknown", ring_refused: /** @type {any} */ (null) };

/** @template {typeof PUSH} S @param {S} state @param {any} m @returns {S} */
export function reducePush(state, m) {
  if (m.t === "ring") return { ...state, ring: m.ring, ring_refused: m.refused ?? null };
  if (m.t === "ui.ring" && ["on", "off"].includes(state.ring)) return { ...state, ring: "going", ring_refused: null };
  return state;
}

/** @param {typeof PUSH} state @param {import("./words.js").Words} words */
export function pushView(state, words) {
  if (state.ring === "unknown") return null;
  const can = ["on", "off", "going"].includes(state.ring);
  const on = state.ring === "on";
  return h("div", { key: "ring", class: "field", "data-ring": state.ring },
    can ? h("button", { class: "toggle", role: "switch", "aria-checked": on ? "true" : "false", "aria-disabled": state.ring === "going" ? "true" : null, onclick: { t: "ui.ring", on: !on } },
      h("span", {}, words.say("ring.title")), h("span", { class: "knob" }, words.say(on ? "ring.is_on" : "ring.is_off"))) : h("p", {}, words.say("ring.title")),
    h("p", { class: "quiet small", role: "status" }, words.say(`ring.${state.ring}`)),
    state.ring_refused ? h("p", { class: "say wait", role: "alert" }, sentenceOf(state.ring_refused, words)) : null);
}

/** How it stands here, without asking anybody. @returns {Promise<string>} */
async function standing() {
  if (globalThis.isSecureContext !== true) return "insecure";
  if (!able() || !("PushManager" in globalThis) || !("Notification" in globalThis)) {
    const alone = globalThis.matchMedia?.("(display-mode: standalone)").matches;
    return APPLE_TOUCH.test(navigator.userAgent) && !alone ? "install" : "unsupported";
  }
  if (Notification.permission === "denied") return "denied";
  const there = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
  return there && localStorage.getItem(WISH) ? "on" : "off";
}

/** Agrees with the push service and tells ours. @returns {Promise<string>} the subscription's name */
async function agree() {
  const { key } = await call("GET", "/v1/push/key");
  const { pushManager } = await navigator.serviceWorker.ready;
  let there = await pushManager.getSubscription();
  if (there && !sameKey(there, key)) {
    await there.unsubscribe(); // of an older key of the service: it would never ring
    there = null;
  }
  there ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { subscription } = await call("POST", "/v1/push/subscriptions", /** @type {any} */ ({ body: there.toJSON() }));
  localStorage.setItem(WISH, subscription);
  return subscription;
}

async function end() {
  const subscription = localStorage.getItem(WISH);
  localStorage.removeItem(WISH);
  if (subscription) await call("DELETE", `/v1/push/subscriptions/${subscription}`).catch(() => null);
  const there = able() ? await (await navigator.serviceWorker.ready).pushManager.getSubscription() : null;
  await there?.unsubscribe();
}

/** The language and the names of categories, for a worker that has to speak while no page is open. */
async function remember(/** @type {any} */ page) {
  if (!globalThis.caches) return;
  const names = page.state.categories.map((/** @type {any} */ one) => [one.id, categoryName(one.id, page.state.categories, page.words)]);
  const said = JSON.stringify({ lang: page.words.lang, categories: Object.fromEntries(names) });
  await (await caches.open(SAID)).put("/said", new Response(said, { headers: { "content-type": "application/json" } }));
}

/** A code of ours for what went wrong. @param {any} error */
const refusedBy = (error) => (error?.code && typeof error.code === "string" ? error : { code: "push_unreachable" });

/**
 * The page's effects and those of the switch.
 * @param {Record<string, (m: any, page: any, before: any) => void>} effects
 */
export function withRinging(effects) {
  let bound = false;
  /** @type {Record<string, (m: any, page: any, before: any) => unknown>} */
  const own = {
    "ui.ring": async (m, page, before) => {
      if (before.ring === "going" || page.state.ring !== "going") return;
      try {
        if (!m.on) await end();
        else if ((await Notification.requestPermission()) !== "granted") {
          page.send({ t: "ring", ring: Notification.permission === "denied" ? "denied" : "off" });
          return;
        } else {
          await remember(page);
          await agree();
        }
        page.send({ t: "ring", ring: m.on ? "on" : "off" });
      } catch (error) {
        page.send({ t: "ring", ring: await standing(), refused: refusedBy(error) });
      }
    },
    // A new session, or a page that was loaded again: the phone is rung for the session that lives now.
    welcome: async (_m, page) => {
      if (bound) return;
      bound = true;
      try {
        const ring = await standing();
        const wished = ring !== "denied" && localStorage.getItem(WISH) !== null;
        if (["on", "off"].includes(ring) && wished && Notification.permission === "granted") await agree();
        page.send({ t: "ring", ring: await standing() });
      } catch (error) {
        page.send({ t: "ring", ring: "off", refused: refusedBy(error) });
      }
      await remember(page).catch(() => null);
    },
    renewed: () => {
      bound = false; // the next welcome binds the phone to the session that lives now
    },
    places: (_m, page) => bound && remember(page).catch(() => null),
    "ui.sign_out": () => {
      bound = false;
      if (localStorage.getItem(WISH)) end().catch(() => null); // the next officer at this phone decides alone
    },
  };
  const both = { ...effects };
  for (const [t, more] of Object.entries(own)) {
    both[t] = (m, page, before) => {
      if (t === "ui.sign_out") more(m, page, before); // while the session still lives
      effects[t]?.(m, page, before);
      if (t !== "ui.sign_out") more(m, page, before);
    };
  }
  return both;
}

/** @param {PushSubscription} there @param {string} key */
function sameKey(there, key) {
  const held = there.options?.applicationServerKey;
  if (!held) return true;
  const one = new Uint8Array(held);
  const other = bytes(key);
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** @param {string} text base64url */
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
