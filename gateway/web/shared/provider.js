/**
 * Signing in by the house's identity provider: whether there is one, leaving for it, and coming back. The page sees neither
 * code nor token: it asks where to go, and after the return for its session; both travel in cookies that no script reads.
 */

import { call } from "./http.js";
import { canPasskey } from "./passkeys.js";

/** @typedef {{t: string, [name: string]: any}} Message */
/** @typedef {{state: any, send: (message: any) => void}} Page */

/** `provider`: what it is called, null where there is none or nobody has asked yet. `leaving`: the browser is on its way. */
export const PROVIDER = { provider: /** @type {string | null} */ (null), leaving: false };

const CAME = "#oidc"; // gateway/http/openid.py
const LEAVE_MS = 15_000; // the service asks the provider two things at most, five seconds each
const ARRIVE_MS = 25_000; // four, where its keys have just changed

/** Whether the browser has just come back from there. */
export const cameBack = () => globalThis.location?.hash === CAME;

/** @template {typeof PROVIDER} S @param {S} state @param {Message} m @returns {S} */
export function reduceProvider(state, m) {
  switch (m.t) {
    case "provider":
      return state.provider === m.name ? state : { ...state, provider: m.name };
    case "ui.provider":
      return state.leaving ? state : { ...state, leaving: true, sign_in_refused: null };
    case "provider_stayed":
    case "sign_in_refused":
      return state.leaving ? { ...state, leaving: false } : state;
    default:
      return state;
  }
}

/** Asks whether there is one. @param {Page} page */
export async function lookForProvider(page) {
  const told = await call("GET", "/v1/oidc").catch(() => null);
  if (told) page.send({ t: "provider", name: told.name });
}

/** Signed out here: on to the provider, where that is where one came from. @param {{to: string} | null} told what the service answered */
export const leaveThere = (told) => (told?.to ? location.assign(told.to) : undefined);

/**
 * @param {(signed: any, page: Page) => Promise<void>} arrived what becomes of a session
 * @param {{marked: () => boolean, restore: () => Promise<any>}} kept who was signed in before
 * @returns {Record<string, (m: any, page: Page, before: any) => any>}
 */
export const providerEffects = (arrived, kept) => ({
  asking: (m, page) => (m.on ? undefined : lookForProvider(page)),
  "ui.provider": async (_m, page, before) => {
    if (before.leaving) return;
    try {
      location.assign((await call("POST", "/v1/oidc", { wait_ms: LEAVE_MS })).to);
    } catch (refused) {
      page.send({ t: "sign_in_refused", refused: refusalOf(refused) });
    }
  },
  provider_back: async (_m, page) => {
    history.replaceState(null, "", location.pathname + location.search);
    try {
      const told = await call("POST", "/v1/oidc/session", { wait_ms: ARRIVE_MS });
      if (!told.note) return await arrived(told, page);
      page.send({ t: "asking", on: false });
      page.send({ t: "second_asked", asked: told, passkeys: canPasskey(), veiled: true });
    } catch (refused) {
      const before = kept.marked() ? await kept.restore() : null; // whoever was in stays in: by the Back key, for one
      if (before) return page.send({ t: "signed", signed: before });
      page.send({ t: "asking", on: false });
      page.send({ t: "sign_in_refused", refused: refusalOf(refused) });
    }
  },
});

/** @param {any} refused */
const refusalOf = (refused) => ({ code: refused.code, detail: refused.detail });
