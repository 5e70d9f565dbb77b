/** My sign-in as it is shown, the same on every page of who works here. */

import { h } from "./dom.js";
import { sentenceOf } from "./http.js";
import { codeField, paperView, secretView } from "./second.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./account.js").Panel} Panel */

/** What leads there. @param {Words} words */
export const accountButton = (words) => h("button", { key: "account", type: "button", class: "plain", "data-account": "", onclick: { t: "ui.account" } }, words.say("staff.account.title"));

/**
 * At the top of a page for who works here: my sign-in, and the way out. While the service is still asked who one is, they keep
 * their room and cannot be pressed: the bar would grow by a line on a narrow screen, and push everything down.
 * @param {{signed: any, asking: boolean}} state @param {Words} words
 */
export function staffTop(state, words) {
  if (!state.signed && !state.asking) return [];
  const mine = [accountButton(words), h("button", { key: "out", type: "button", class: "plain", onclick: { t: "ui.sign_out" } }, words.say("sign_in.out"))];
  return mine.map((one) => (state.signed ? one : { ...one, attrs: { ...one.attrs, class: "plain to-come" } }));
}

/** The inside, without a frame and a heading. @param {Panel} now @param {Words} words */
export function accountView(now, words) {
  if (now.paper.length) return [h("h2", {}, words.say("staff.paper.title")), paperView(now.paper, words, { t: "ui.account_kept" })];
  const refused = h("div", { key: "refused", role: "alert" }, now.refused ? h("p", { class: "say bad", "data-refused": now.refused.code }, sentenceOf(now.refused, words)) : null);
  if (!now.ready) return [h("p", { class: "quiet", role: "status", "aria-busy": "true" }, words.say("loading")), refused];
  return [
    h("p", { key: "done", class: "quiet small", role: "status" }, now.done ? words.say(`staff.account.done.${now.done}`) : null),
    now.doing ? form(now, words) : null,
    refused,
    passwords(words),
    now.offered ? factors(now, words) : h("p", { class: "quiet" }, words.say("staff.account.not_offered")),
    places(now, words),
  ];
}

/** @param {Panel} now @param {Words} words */
function factors(now, words) {
  const doing = (/** @type {import("./account.js").Doing} */ what) => ({ t: "ui.account_do", doing: what });
  return h("section", { key: "factors", class: "stack", "aria-labelledby": "factors-title" },
    h("h2", { id: "factors-title" }, words.say("staff.account.factors")),
    now.factors.length ? h("ul", { class: "stack" }, now.factors.map((one) => h("li", { key: one.id, class: "row apart nowrap", "data-factor": one.kind },
      h("span", { class: "two-up" }, h("b", {}, one.name), h("span", { class: "quiet small" }, words.say(`staff.account.kind.${one.kind}`), " · ",
        one.used_at ? words.say("staff.account.used", { at: when(one.used_at, words) }) : words.say("staff.account.unused"))),
      h("button", { type: "button", class: "plain small", "data-forget": one.id, "aria-label": words.say("staff.account.forget_one", { name: one.name }), onclick: doing({ what: "forget", id: one.id }) },
        words.say("staff.account.forget"))))) : h("p", { class: "quiet small" }, words.say("staff.account.none")),
    h("div", { class: "row" },
      h("button", { type: "button", "data-add": "app", onclick: doing({ what: "app" }) }, words.say("staff.account.add_app")),
      now.passkeys ? h("button", { type: "button", "data-add": "passkey", onclick: doing({ what: "passkey" }) }, words.say("staff.account.add_passkey")) : null),
    now.passkeys ? null : h("p", { class: "quiet small" }, words.say("staff.account.no_passkeys")));
}

/** @param {Words} words */
const passwords = (words) => h("section", { key: "password", class: "stack", "aria-labelledby": "password-title" },
  h("h2", { id: "password-title" }, words.say("staff.account.password")),
  h("div", { class: "row" }, h("button", { type: "button", "data-change-password": "", onclick: { t: "ui.account_do", doing: { what: "password" } } }, words.say("staff.account.change_password"))));

/** The password again, or the app's secret with its first code. @param {Panel} now @param {Words} words */
function form(now, words) {
  const doing = /** @type {import("./account.js").Doing} */ (now.doing);
  const one = now.factors.find((each) => each.id === doing.id);
  const field = (/** @type {"login" | "password" | "name" | "new_password" | "new_again"} */ name, /** @type {string} */ label, /** @type {Record<string, any>} */ more) => h("div", { key: name, class: "field" },
    h("label", { for: `account-${name}` }, label),
    h("input", { id: `account-${name}`, name: `account-${name}`, value: now.typed[name], oninput: { t: "ui.account_typed", field: name, veiled: true }, ...more }));
  return h("form", { key: "doing", class: "card", onsubmit: { t: "ui.account_go" }, novalidate: true },
    h("h2", {}, words.say(`staff.account.do.${doing.what}`, { name: one?.name ?? "" })),
    now.asked ? [secretView(now.asked, now.qr, words), codeField("account-code", "code", now.typed.code, { t: "ui.account_typed", field: "code", veiled: true }, words)] : [
      h("p", { class: "quiet small" }, words.say(`staff.account.again.${doing.what}`)),
      field("login", words.say("sign_in.login"), { type: "text", autocomplete: "username", autocapitalize: "off", required: true }),
      field("password", words.say("sign_in.password"), { type: "password", autocomplete: "current-password", required: true }),
      doing.what === "password" ? ["new_password", "new_again"].map((name) => field(/** @type {"new_password" | "new_again"} */ (name), words.say(`sign_in.${name}`),
        { type: "password", autocomplete: "new-password", minlength: 12, maxlength: 256, required: true })) : null,
      ["forget", "password", "end"].includes(doing.what) ? null : field("name", words.say("staff.account.name"), { type: "text", autocomplete: "off", maxlength: 40 })],
    h("div", { class: "row" },
      h("button", { type: "submit", class: "main", "data-account-go": "", "aria-disabled": now.going ? "true" : null }, words.say(`staff.account.go.${now.asked ? "confirm" : doing.what}`)),
      h("button", { type: "button", class: "plain", onclick: { t: "ui.account_do", doing: null } }, words.say("staff.account.leave"))));
}

/** @param {Panel} now @param {Words} words */
const places = (now, words) => h("section", { key: "places", class: "stack", "aria-labelledby": "places-title" },
  h("h2", { id: "places-title" }, words.say("staff.account.places")),
  h("ul", { class: "stack" }, now.places.map((one) => h("li", { key: one.id, class: "row apart nowrap", "data-place": one.this ? "this" : "other" },
    h("span", { class: "two-up" }, h("b", {}, one.device || words.say("staff.account.device_unknown")),
      h("span", { class: "quiet small" }, words.say(`staff.account.page.${one.page}`), " · ", words.say("staff.account.since", { at: when(one.opened_at, words) }))),
    one.this ? h("span", { class: "badge green" }, words.say("staff.account.here"))
      : h("button", { type: "button", class: "plain small", "data-end": one.id, onclick: { t: "ui.account_end", id: one.id } }, words.say("sign_in.out"))))),
  h("button", { type: "button", "data-end-all": "", onclick: { t: "ui.account_end" } }, words.say("staff.account.end_all")));

/** @param {string} at @param {Words} words */
const when = (at, words) => `${words.day(Date.parse(at))} ${words.clock(Date.parse(at))}`;
