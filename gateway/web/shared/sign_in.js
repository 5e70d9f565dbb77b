/** Sign-in of who works here: the form, the second step where one is needed, and what became of it. */

import { ACCOUNT, accountEffects, reduceAccount } from "./account.js";
import { h } from "./dom.js";
import { call, sentenceOf } from "./http.js";
import { canPasskey } from "./passkeys.js";
import { skeleton } from "./pieces.js";
import { PROVIDER, cameBack, leaveThere, lookForProvider, providerEffects, reduceProvider } from "./provider.js";
import { SECOND, reduceSecond, secondEffects, secondView } from "./second.js";
import { session } from "./session.js";

export { session } from "./session.js";

/** The part of the state about who is signed in. `signed`: the answer of POST /v1/sessions. `asking`: somebody was, and
 * the service is asked who. `renew`: the password was made by somebody else, and one's own is chosen with it. `shown`:
 * what is typed can be read, which whoever types with gloves or on a strange keyboard needs. */
export const SIGN_IN = { signed: /** @type {any} */ (null), asking: false, form: { login: "", password: "" }, signing: false, shown: false,
  renew: /** @type {{new_password: string, new_again: string} | null} */ (null), sign_in_refused: /** @type {import("./second.js").Refusal | null} */ (null),
  ...PROVIDER, ...SECOND, ...ACCOUNT };

/** The old password was right: it stays in the form beside the new one. */
const RENEWS = new Set(["password_made", "password_weak", "password_common", "password_of_the_house"]);

/**
 * @typedef {ReturnType<typeof session>} Kept
 * @typedef {import("./dom.js").Message} Message
 */

/** @template {typeof SIGN_IN} S @param {S} before @param {Message} m @returns {S} */
export function reduceSignIn(before, m) {
  const state = reduceProvider(reduceAccount(reduceSecond(before, m), m), m);
  switch (m.t) {
    case "ui.form":
      return { ...state, form: { ...state.form, [m.field]: m.value }, sign_in_refused: null };
    case "ui.renew":
      return { ...state, renew: { new_password: "", new_again: "", ...state.renew, [m.field]: m.value }, sign_in_refused: null };
    case "ui.sign_in":
      if (state.renew && state.renew.new_password !== state.renew.new_again) return { ...state, sign_in_refused: { code: "password_differs" } };
      return { ...state, signing: true, sign_in_refused: null };
    case "ui.show":
      return { ...state, shown: !state.shown };
    case "asking":
      return { ...state, asking: m.on };
    case "signed":
      return { ...state, signed: m.signed, asking: false, signing: false, shown: false, second: null, renew: null, form: { login: "", password: "" }, line: "connecting" };
    case "renewed": // the password was changed, and with it the session
      return { ...state, signed: { ...state.signed, ...m.signed } };
    case "second_asked": // the password was right and is not needed again
      return { ...state, signing: false, renew: null, sign_in_refused: null, form: { ...state.form, password: "" } };
    case "second_over":
      return { ...state, sign_in_refused: m.refused };
    case "sign_in_refused":
      if (RENEWS.has(m.refused.code)) return { ...state, signing: false, renew: { new_password: "", new_again: "" }, sign_in_refused: m.refused };
      return { ...state, signing: false, sign_in_refused: m.refused, form: { ...state.form, password: "" } };
    default:
      return state;
  }
}

/** Before anything else: who was signed in here is asked for while the words come. @param {Kept} kept */
export const asksAhead = (kept) => (kept.marked() && !cameBack() ? kept.ahead() : undefined);

/** The page's first state: nobody yet, or somebody about whom the service is being asked. @template {object} S @param {Kept} kept @param {S} first @returns {S} */
export const firstFor = (kept, first) => (kept.marked() || cameBack() ? { ...first, asking: true } : first);

/** Tells the page who is signed in after a reload, when that is known, or that somebody came back from the provider. @param {Kept} kept @param {{send: import("./dom.js").Send}} page */
export const restored = (kept, page) => {
  // A page that the browser kept while it was away, and shows again by the Back key, is not on its way any more.
  addEventListener("pageshow", (event) => (event.persisted ? page.send({ t: "provider_stayed" }) : null));
  if (cameBack()) return page.send({ t: "provider_back" });
  return kept.restore().then((signed) => page.send(signed ? { t: "signed", signed } : { t: "asking", on: false }));
};

/**
 * Effects: asks the server, checks the role, opens the line. `open(signed)` is the page's own.
 * @param {{name: string, roles: string[], open: (signed: any) => void, close: () => void, again?: () => void}} parts
 * `again`: the line is opened anew, for a session in place of the one that just ended
 * @returns {Record<string, (m: any, page: any, before: any) => any>}
 */
export function signInEffects({ name, roles, open, close, again = () => undefined }) {
  const kept = session(name);
  /** A session is there: it counts where its role belongs on this page. @param {any} signed @param {any} page */
  const arrived = async (signed, page) => {
    if (!roles.includes(signed.role)) {
      await call("DELETE", "/v1/sessions/current").catch(() => null);
      page.send({ t: "sign_in_refused", refused: { code: "wrong_page" } });
      return;
    }
    kept.write(signed);
    page.send({ t: "signed", signed });
  };
  return {
    ...secondEffects(arrived),
    ...accountEffects,
    ...providerEffects(arrived, kept),
    "ui.sign_in": async (_m, page, before) => {
      if (before.signing || !page.state.signing) return;
      try {
        const chosen = before.renew ? { new_password: before.renew.new_password } : {};
        const told = await call("POST", "/v1/sessions", { body: { ...before.form, ...chosen } });
        if (told.note) page.send({ t: "second_asked", asked: told, passkeys: canPasskey(), veiled: true });
        else await arrived(told, page);
      } catch (thrown) {
        const refused = /** @type {any} */ (thrown);
        page.send({ t: "sign_in_refused", refused: { code: refused.code, detail: refused.detail } });
      }
    },
    signed: (m) => open(m.signed),
    renewed: (m) => {
      kept.write(m.signed);
      again();
    },
    "ui.sign_out": (_m, page, before) => {
      lookForProvider(page);
      close();
      kept.forget();
      if (before.signed) call("DELETE", "/v1/sessions/current").then(leaveThere).catch(() => null);
    },
  };
}

/** @param {typeof SIGN_IN} state @param {import("./words.js").Words} words @param {string} page its key among the words */
export function signInView(state, words, page) {
  if (state.asking) return skeleton(words);
  if (state.second) return secondView(state.second, words);
  const renew = state.renew !== null;
  const secret = state.shown ? "text" : "password";
  /** @param {string} name @param {string} type @param {string} complete @param {Record<string, string>} of @param {string} t @param {object} more */
  const field = (name, type, complete, of = state.form, t = "ui.form", more = {}) =>
    h("div", { key: name, class: "field" },
      h("label", { for: name }, words.say(renew && name === "password" ? "sign_in.password_made" : `sign_in.${name}`)),
      h("input", { id: name, name, type, autocomplete: complete, autocapitalize: "off", spellcheck: "false", required: true, ...more,
        value: of[name], oninput: { t, field: name, veiled: true } }));
  const chosen = (/** @type {string} */ name) =>
    field(name, secret, "new-password", state.renew ?? undefined, "ui.renew", { minlength: 12, maxlength: 256 });
  return h("main", { class: "column sign-in", id: "main" },
    h("form", { class: "card", onsubmit: { t: "ui.sign_in" } },
      h("h1", {}, words.say(renew ? "sign_in.renew.title" : `${page}.title`)),
      h("p", { class: "quiet" }, words.say(renew ? "sign_in.renew.lead" : `${page}.lead`)),
      // That one's own password is to be chosen is the next step and no mistake of whoever reads it.
      h("div", { role: "alert" }, state.sign_in_refused
        ? h("p", { class: `say ${state.sign_in_refused.code === "password_made" ? "wait" : "bad"}` }, sentenceOf(state.sign_in_refused, words)) : null),
      field("login", "text", "username"),
      field("password", secret, "current-password"),
      renew ? [chosen("new_password"), chosen("new_again")] : null,
      h("label", { key: "shown", class: "shows" }, h("input", { type: "checkbox", checked: state.shown, onchange: { t: "ui.show" } }), h("span", {}, words.say("sign_in.show"))),
      h("button", { class: "main wide", type: "submit", "aria-disabled": state.signing ? "true" : null },
        words.say(state.signing ? "sign_in.going" : renew ? "sign_in.renew.go" : "sign_in.go")),
      state.provider
        ? h("button", { key: "provider", class: "wide", type: "button", "data-provider": "", onclick: { t: "ui.provider" }, "aria-disabled": state.leaving ? "true" : null },
          words.say(state.leaving ? "staff.provider.leaving" : "staff.provider.go", { name: state.provider }))
        : null));
}
