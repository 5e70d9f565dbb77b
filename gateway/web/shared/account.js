/**
 * My sign-in, for everybody who works here: by what I show who I am, and where I am signed in. The reducer and what it
 * causes; `account_view.js` shows it. Adding and forgetting ask for the password again.
 *
 * @typedef {{id: string, kind: string, name: string, made_at: string, used_at: string | null}} Factor
 * @typedef {{id: string, page: string, device: string, opened_at: string, expires_in_s: number, this: boolean}} Place where I am signed in
 * @typedef {{what: "app" | "passkey" | "forget" | "password" | "end", id?: string}} Doing
 * @typedef {typeof EMPTY} Panel
 */

import { call } from "./http.js";
import { canPasskey, makePasskey, refusalOf } from "./passkeys.js";
import { leaveThere } from "./provider.js";
import { pictureOf } from "./qr.js";
import { appCode } from "./second.js";

const EMPTY = {
  ready: false,
  offered: true, // whether this service has second factors
  passkeys: false, // whether this browser can
  factors: /** @type {Factor[]} */ ([]),
  places: /** @type {Place[]} */ ([]),
  doing: /** @type {Doing | null} */ (null),
  typed: { login: "", password: "", name: "", code: "", new_password: "", new_again: "" },
  asked: /** @type {import("./second.js").Asked | null} */ (null), // an app's secret, until its first code came
  qr: /** @type {import("./qr.js").Picture | null} */ (null),
  going: false,
  refused: /** @type {import("./second.js").Refusal | null} */ (null),
  paper: /** @type {string[]} */ ([]), // codes for paper, until they are kept
  done: /** @type {string | null} */ (null), // added, forgotten, ended: said politely
};

export const ACCOUNT = { account: /** @type {Panel | null} */ (null) };
const NEW_CHARS_MIN = 12; // as the service has it (dispatch/limits.py)
const SHUT = new Set(["ui.account_shut", "ui.panel", "ui.tab", "ui.back", "ui.sheet"]);

/** @template {typeof ACCOUNT} S @param {S} state @param {import("./dom.js").Message} m @returns {S} */
export function reduceAccount(state, m) {
  if (m.t === "ui.account") return { ...state, account: EMPTY };
  if (!state.account) return state;
  if (SHUT.has(m.t)) return { ...state, account: null };
  const next = panel(state.account, m);
  return next === state.account ? state : { ...state, account: next };
}

/** @param {Panel} now @param {import("./dom.js").Message} m @returns {Panel} */
function panel(now, m) {
  switch (m.t) {
    case "account_loaded":
      return { ...now, ready: true, offered: m.factors !== null, factors: m.factors ?? [], places: m.places, passkeys: m.passkeys };
    case "ui.account_do":
      return now.going ? now : { ...now, doing: m.doing, typed: { ...EMPTY.typed, login: now.typed.login }, asked: null, qr: null, refused: null, done: null };
    case "ui.account_typed":
      return { ...now, typed: { ...now.typed, [m.field]: m.value }, refused: null };
    case "ui.account_go":
      return going(now);
    case "account_asked":
      return { ...now, going: false, asked: m.asked, typed: { ...now.typed, password: "" } };
    case "account_qr":
      return { ...now, qr: m.qr };
    case "account_refused":
      return { ...now, ready: true, going: false, refused: m.refused, typed: { ...now.typed, password: "", code: "", new_password: "", new_again: "" }, asked: m.refused.code === "second_over" ? null : now.asked };
    case "account_proof": // whoever holds an open page alone does not sign its person out elsewhere
      return { ...now, going: false, doing: { what: "end", id: m.id }, refused: null, done: null };
    case "account_done":
      return { ...now, going: false, doing: null, asked: null, qr: null, refused: null, typed: EMPTY.typed, paper: m.paper ?? [], done: m.done };
    case "ui.account_kept":
      return { ...now, paper: [] };
    default:
      return now;
  }
}

/** Sent once, and not before all is typed. @param {Panel} now @returns {Panel} */
function going(now) {
  if (now.going || !now.doing) return now;
  if (now.asked) return appCode(now.typed.code) ? { ...now, going: true, refused: null } : { ...now, refused: { code: "second_digits" } };
  const bad = now.doing.what === "password" ? badNew(now.typed) : null;
  if (bad) return { ...now, refused: { code: bad } };
  return now.typed.login.trim() && now.typed.password ? { ...now, going: true, refused: null } : { ...now, refused: { code: "password_missing" } };
}

/** What can be said of a new password before it is sent. @param {Panel["typed"]} typed */
function badNew({ new_password, new_again }) {
  if (new_password.length < NEW_CHARS_MIN) return "password_weak";
  return new_password === new_again ? null : "password_differs";
}

/** @param {any} page */
async function load(page) {
  try {
    const [factors, sessions] = await Promise.all([
      call("GET", "/v1/factors").catch((refused) => { if (refused.status === 404) return null; throw refused; }),
      call("GET", "/v1/sessions"),
    ]);
    page.send({ t: "account_loaded", factors: factors?.factors ?? null, places: sessions.sessions, passkeys: canPasskey() });
  } catch (thrown) {
    page.send({ t: "account_refused", refused: refusalOf(thrown) });
  }
}

/** What was asked for, done. @param {any} page @param {Panel} now */
async function act(page, now) {
  const { doing, typed, asked } = now;
  const again = { login: typed.login.trim(), password: typed.password };
  if (doing?.what === "end") {
    await call("POST", "/v1/sessions/proved", { body: again });
    return end(page, doing.id);
  }
  const name = (/** @type {string} */ other) => typed.name.trim() || page.words.say(`staff.account.kind.${other}`);
  if (doing?.what === "forget") {
    await call("POST", "/v1/factors/forgotten", { body: { factor: doing.id, ...again } });
    return page.send({ t: "account_done", done: "forgotten" });
  }
  if (doing?.what === "password") {
    const signed = await call("POST", "/v1/password", { body: { ...again, new_password: typed.new_password } });
    page.send({ t: "renewed", signed, veiled: true });
    return page.send({ t: "account_done", done: "changed" });
  }
  if (doing?.what === "passkey") {
    const told = await call("POST", "/v1/factors/passkey", { body: again });
    const passkey = await makePasskey(told.passkey);
    const added = await call("POST", "/v1/factors", { body: { note: told.note, name: name("passkey"), passkey } });
    return page.send({ t: "account_done", done: "added", paper: added.recovery, veiled: true });
  }
  if (asked) {
    const added = await call("POST", "/v1/factors", { body: { note: asked.note, name: name("totp"), code: appCode(typed.code) } });
    return page.send({ t: "account_done", done: "added", paper: added.recovery, veiled: true });
  }
  const told = await call("POST", "/v1/factors/app", { body: again });
  page.send({ t: "account_asked", asked: told, veiled: true });
  const qr = await pictureOf(told.uri);
  if (qr && page.state.account?.asked?.note === told.note) page.send({ t: "account_qr", qr, veiled: true });
  return undefined;
}

/** Signs me out in one place, or everywhere. @param {any} page @param {string | undefined} id */
async function end(page, id) {
  const told = await call("DELETE", id ? `/v1/sessions/${id}` : "/v1/sessions");
  if (id) return page.send({ t: "account_done", done: "ended" });
  page.send({ t: "ui.sign_out" });
  return leaveThere(told);
}

/** @type {Record<string, (m: any, page: any, before: any) => any>} */
export const accountEffects = {
  "ui.account": (_m, page) => load(page),
  "ui.account_go": async (_m, page, before) => {
    if (!page.state.account?.going || before.account?.going) return;
    try {
      await act(page, page.state.account);
      if (page.state.account && !page.state.account.asked) await load(page);
    } catch (thrown) {
      const refused = refusalOf(thrown);
      page.send({ t: "account_refused", refused: refused.code === "not_found" ? { code: "factor_unknown" } : refused });
    }
  },
  "ui.account_end": async (m, page) => {
    try {
      await end(page, m.id);
      if (page.state.account) await load(page);
    } catch (thrown) {
      const refused = refusalOf(thrown);
      if (refused.code === "proof_needed") {
        page.send({ t: "account_proof", id: m.id });
        page.focus("#account-login");
      } else page.send({ t: "account_refused", refused });
    }
  },
};
