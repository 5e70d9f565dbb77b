/** Sign-in of officers and desks: the session in this tab, the form, and what became of it. */

import { h } from "./dom.js";
import { call, sentenceOf } from "./http.js";
import { waitBefore } from "./line.js";
import { skeleton } from "./pieces.js";

/**
 * Who is signed in on this kind of page. The session itself is a cookie that no script can read; kept here is only that
 * there was one, so that a page that nobody signed in on asks nothing.
 */
export const session = (name, storage = localStorage) => {
  const mark = `onbeat.signed.${name}`;
  let held = null;
  const kept = {
    read: () => held,
    write: (signed) => {
      held = signed;
      storage.setItem(mark, "1");
    },
    forget: () => {
      held = null;
      storage.removeItem(mark);
    },
    /** Whether somebody signed in here, as far as is known without asking. */
    marked: () => storage.getItem(mark) !== null,
    /** After a reload: asks who I am, as long as it takes to be answered. @returns {Promise<any>} */
    restore: async () => {
      for (let attempt = 0; kept.marked(); attempt += 1) {
        try {
          held = await call("GET", "/v1/me");
          return held;
        } catch (refused) {
          if (refused.status === 401 || refused.status === 403) kept.forget();
          else await new Promise((go) => setTimeout(go, Math.max(waitBefore(attempt), (refused.retry_after_s ?? 0) * 1000)));
        }
      }
      return null;
    },
  };
  return kept;
};

/** The part of the state about who is signed in. `signed`: the answer of POST /v1/sessions. `asking`: somebody was, and
 * the service is asked who. */
export const SIGN_IN = { signed: null, asking: false, form: { login: "", password: "" }, signing: false, sign_in_refused: null };

export function reduceSignIn(state, m) {
  switch (m.t) {
    case "ui.form":
      return { ...state, form: { ...state.form, [m.field]: m.value }, sign_in_refused: null };
    case "ui.sign_in":
      return { ...state, signing: true, sign_in_refused: null };
    case "asking":
      return { ...state, asking: m.on };
    case "signed":
      return { ...state, signed: m.signed, asking: false, signing: false, form: { login: "", password: "" }, line: "connecting" };
    case "sign_in_refused":
      return { ...state, signing: false, sign_in_refused: m.refused, form: { ...state.form, password: "" } };
    default:
      return state;
  }
}

/** The page's first state: nobody yet, or somebody about whom the service is being asked. */
export const firstFor = (kept, first) => (kept.marked() ? { ...first, asking: true } : first);

/** Tells the page who is signed in after a reload, when that is known. */
export const restored = (kept, page) =>
  kept.restore().then((signed) => page.send(signed ? { t: "signed", signed } : { t: "asking", on: false }));

/** Effects: asks the server, checks the role, opens the line. `open(signed)` is the page's own. */
export function signInEffects({ name, roles, open, close }) {
  const kept = session(name);
  return {
    "ui.sign_in": async (_m, page, before) => {
      if (before.signing) return;
      try {
        const signed = await call("POST", "/v1/sessions", { body: before.form });
        if (!roles.includes(signed.role)) {
          await call("DELETE", "/v1/sessions/current").catch(() => null);
          page.send({ t: "sign_in_refused", refused: { code: "wrong_page" } });
          return;
        }
        kept.write(signed);
        page.send({ t: "signed", signed });
      } catch (refused) {
        page.send({ t: "sign_in_refused", refused: { code: refused.code, detail: refused.detail } });
      }
    },
    signed: (m) => open(m.signed),
    "ui.sign_out": (_m, _page, before) => {
      close();
      kept.forget();
      if (before.signed) call("DELETE", "/v1/sessions/current").catch(() => null);
    },
  };
}

export function signInView(state, words, page) {
  if (state.asking) return skeleton(words);
  const field = (name, type, complete) =>
    h("div", { class: "field" },
      h("label", { for: name }, words.say(`sign_in.${name}`)),
      h("input", { id: name, name, type, autocomplete: complete, autocapitalize: "off", required: true,
        value: state.form[name], oninput: { t: "ui.form", field: name } }));
  return h("main", { class: "column", id: "main" },
    h("form", { class: "card", onsubmit: { t: "ui.sign_in" } },
      h("h1", {}, words.say(`${page}.title`)),
      h("p", { class: "quiet" }, words.say(`${page}.lead`)),
      h("div", { role: "alert" }, state.sign_in_refused
        ? h("p", { class: "say bad" }, sentenceOf(state.sign_in_refused, words)) : null),
      field("login", "text", "username"),
      field("password", "password", "current-password"),
      h("button", { class: "main wide", type: "submit", "aria-disabled": state.signing ? "true" : null },
        words.say(state.signing ? "sign_in.going" : "sign_in.go"))));
}
