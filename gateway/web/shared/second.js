/**
 * The second step of a sign-in: a code from an app, a passkey, or a code from paper. Where none is there yet and one is
 * required, an app is added here, and the codes for paper are shown, this once, before anything goes on.
 *
 * @typedef {{note: string, kinds: string[], expires_in_s: number, enrol?: boolean, secret?: string, uri?: string, passkey?: any}} Asked what the service wants
 * @typedef {{code: string, detail?: string}} Refusal
 * @typedef {{asked: Asked, passkeys: boolean, by: "code" | "passkey" | "recovery", typed: string, going: boolean, refused: Refusal | null,
 *   qr: import("./qr.js").Picture | null, paper: string[], signed: any}} Step `passkeys`: this browser can; `signed`: the answer, held back until the codes for paper are kept
 */

import { h } from "./dom.js";
import { call, sentenceOf } from "./http.js";
import { refusalOf, showPasskey } from "./passkeys.js";
import { pictureOf, qrView } from "./qr.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./dom.js").Message} Message */

export const SECOND = { second: /** @type {Step | null} */ (null) };

/** After these the password is asked for again: the note is worth nothing any more. */
const OVER = new Set(["second_over", "sign_in_refused", "page_unknown"]);

/** The six digits of an app's code, however they were typed; "" where it is none. @param {string} typed */
export const appCode = (typed) => {
  const digits = typed.replace(/[\s-]/g, "");
  return /^\d{6}$/.test(digits) ? digits : "";
};

/** A code from paper as the service reads it; "" where it is none. @param {string} typed */
export const paperCode = (typed) => {
  const said = typed.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return said.length === 12 ? `${said.slice(0, 4)}-${said.slice(4, 8)}-${said.slice(8)}` : "";
};

/** A long secret in groups of four, to be typed. @param {string} secret */
export const grouped = (secret) => secret.match(/.{1,4}/g)?.join(" ") ?? "";

/** What is asked for first. @param {Asked} asked @param {boolean} passkeys @returns {Step["by"]} */
function firstOf(asked, passkeys) {
  if (asked.kinds.includes("passkey") && passkeys && !asked.enrol) return "passkey";
  return asked.kinds.includes("totp") ? "code" : "recovery";
}

/**
 * @template {typeof SECOND} S @param {S} state @param {Message} m @returns {S}
 */
export function reduceSecond(state, m) {
  if (m.t === "second_asked") {
    return { ...state, second: { asked: m.asked, passkeys: m.passkeys, by: firstOf(m.asked, m.passkeys), typed: "", going: false, refused: null, qr: null, paper: [], signed: null } };
  }
  if (!state.second) return state;
  const step = reduceStep(state.second, m);
  return step === state.second ? state : { ...state, second: step };
}

/** @param {Step} step @param {Message} m @returns {Step | null} */
function reduceStep(step, m) {
  switch (m.t) {
    case "second_qr":
      return { ...step, qr: m.qr };
    case "ui.second_by":
      return step.going ? step : { ...step, by: m.by, typed: "", refused: null };
    case "ui.second_typed":
      return { ...step, typed: m.value, refused: null };
    case "ui.second_go":
      return going(step);
    case "second_refused":
      return { ...step, going: false, typed: "", refused: m.refused };
    case "second_paper":
      return { ...step, going: false, typed: "", refused: null, paper: m.codes, signed: m.signed };
    case "second_over":
    case "ui.second_back":
    case "sign_in_refused":
      return null;
    default:
      return step;
  }
}

/** Sent once, and only what can be a code. @param {Step} step @returns {Step} */
function going(step) {
  if (step.going) return step;
  if (step.by !== "passkey" && !answerOf(step)) return { ...step, refused: { code: step.by === "code" ? "second_digits" : "second_characters" } };
  return { ...step, going: true, refused: null };
}

/** What was typed, as it is sent. @param {Step} step */
function answerOf(step) {
  if (step.by === "code") return appCode(step.typed) ? { code: appCode(step.typed) } : null;
  return paperCode(step.typed) ? { recovery: paperCode(step.typed) } : null;
}

/**
 * @param {(signed: any, page: any) => Promise<void>} arrived what becomes of a session
 * @returns {Record<string, (m: any, page: any, before: any) => any>}
 */
export const secondEffects = (arrived) => ({
  second_asked: async (m, page) => {
    if (!m.asked.uri) return;
    const qr = await pictureOf(m.asked.uri);
    if (qr && page.state.second?.asked.note === m.asked.note) page.send({ t: "second_qr", qr, veiled: true });
  },
  "ui.second_go": async (_m, page, before) => {
    const step = /** @type {Step} */ (page.state.second);
    if (!step?.going || before.second?.going) return;
    try {
      const answer = step.by === "passkey" ? { passkey: await showPasskey(step.asked.passkey) } : answerOf(step);
      const signed = await call("POST", "/v1/sessions/second", { body: { note: step.asked.note, ...answer } });
      if (signed.recovery?.length) page.send({ t: "second_paper", codes: signed.recovery, signed, veiled: true });
      else await arrived(signed, page);
    } catch (thrown) {
      const refused = refusalOf(thrown);
      page.send({ t: OVER.has(refused.code) ? "second_over" : "second_refused", refused });
    }
  },
  "ui.second_kept": (_m, page, before) => (before.second?.signed ? arrived(before.second.signed, page) : undefined),
});

/** @param {Step} step @param {Words} words */
export function secondView(step, words) {
  if (step.paper.length) {
    return h("main", { key: "paper", class: "column sign-in", id: "main" }, h("section", { class: "card" },
      h("h1", {}, words.say("staff.paper.title")), paperView(step.paper, words, { t: "ui.second_kept" })));
  }
  const other = (/** @type {Step["by"]} */ by) => h("button", { key: by, type: "button", class: "plain", "data-by": by, onclick: { t: "ui.second_by", by } }, words.say(`staff.second.by.${by}`));
  const { kinds, enrol } = step.asked;
  const ways = /** @type {Step["by"][]} */ ([...(kinds.includes("totp") ? ["code"] : []), ...(kinds.includes("passkey") && step.passkeys ? ["passkey"] : []), ...(kinds.includes("recovery") ? ["recovery"] : [])]);
  return h("main", { key: "second", class: "column sign-in", id: "main" },
    h("form", { class: "card", onsubmit: { t: "ui.second_go" }, novalidate: true },
      h("h1", {}, words.say(enrol ? "staff.enrol.title" : "staff.second.title")),
      h("p", { class: "quiet" }, words.say(enrol ? "staff.enrol.lead" : `staff.second.lead.${step.by}`)),
      enrol ? secretView(step.asked, step.qr, words) : null,
      !enrol && kinds.includes("passkey") && !step.passkeys ? h("p", { class: "say wait small" }, words.say("staff.second.no_passkeys")) : null,
      h("div", { role: "alert" }, step.refused ? h("p", { class: "say bad", "data-refused": step.refused.code }, sentenceOf(step.refused, words)) : null),
      step.by === "passkey" ? null : codeField("second-code", step.by, step.typed, { t: "ui.second_typed", veiled: true }, words),
      h("button", { class: "main wide", type: "submit", "data-second-go": step.by, "aria-disabled": step.going ? "true" : null },
        words.say(step.going ? "sign_in.going" : step.by === "passkey" ? "staff.second.passkey" : "sign_in.go")),
      h("div", { class: "row" }, ways.filter((by) => by !== step.by).map(other),
        h("button", { key: "back", type: "button", class: "plain", onclick: { t: "ui.second_back" } }, words.say("staff.second.back")))));
}

/** @param {string} id @param {"code" | "recovery"} by @param {string} value @param {Message} typed @param {Words} words */
export const codeField = (id, by, value, typed, words) =>
  h("div", { key: id + by, class: "field" },
    h("label", { for: id }, words.say(`staff.second.field.${by}`)),
    h("input", by === "code"
      ? { id, name: id, inputmode: "numeric", autocomplete: "one-time-code", maxlength: 10, value, required: true, oninput: typed }
      : { id, name: id, autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 20, value, required: true, oninput: typed }));

/** The app's secret: as a picture, as a link for an app on this very device, and to be typed. @param {Asked} asked @param {import("./qr.js").Picture | null} qr @param {Words} words */
export const secretView = (asked, qr, words) =>
  h("div", { key: "secret", class: "field" },
    qr ? qrView(qr, words.say("staff.enrol.qr")) : null,
    h("a", { href: asked.uri, "data-otpauth": "" }, words.say("staff.enrol.link")),
    h("p", { class: "quiet small", id: "secret-means" }, words.say("staff.enrol.type")),
    h("p", { class: "code", "data-secret": "", "aria-describedby": "secret-means" }, grouped(asked.secret ?? "")));

/** The codes for paper, this once. @param {string[]} codes @param {Words} words @param {Message} kept */
export const paperView = (codes, words, kept) => [
  h("p", {}, words.say("staff.paper.lead", { n: codes.length })),
  h("ol", { class: "on-paper", "data-paper": "" }, codes.map((code) => h("li", { key: code }, code))),
  h("button", { type: "button", class: "main wide", "data-paper-kept": "", onclick: kept }, words.say("staff.paper.kept")),
];
