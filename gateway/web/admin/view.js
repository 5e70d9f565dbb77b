/** What the admin sees, from the state alone: the tabs, and beneath them a list with its form. */

import { accountView, staffTop } from "../shared/account_view.js";
import { h } from "../shared/dom.js";
import { lineBar, lineRefused, skeleton, top } from "../shared/pieces.js";
import { signInView } from "../shared/sign_in.js";
import { areas } from "./areas.js";
import { audit } from "./audit.js";
import { password } from "./form.js";
import { categories, changes, people, stations } from "./lists.js";
import { policies } from "./policies.js";
import { tabsOf } from "./reducer.js";

/** @typedef {import("../shared/words.js").Words} Words */

const BODIES = /** @type {Record<string, (state: any, words: Words) => any>} */ ({ people, stations, areas, categories, policies, changes, audit });

/** @param {any} state @param {Words} words */
export function view(state, words) {
  return [lineBar(state, words), top(words, "admin", staffTop(state, words)), body(state, words)];
}

/** @param {any} state @param {Words} words */
function body(state, words) {
  if (!state.signed) return signInView(state, words, "admin");
  if (state.line === "refused") return h("main", { key: "main", id: "main", class: "column" }, h("h1", {}, words.say("admin.title")), lineRefused(state, words));
  if (state.account) return h("main", { key: "account", id: "main", class: "column" },
    h("h1", {}, words.say("staff.account.title")), h("div", { class: "card" }, accountView(state.account, words)), h("button", { type: "button", onclick: { t: "ui.account_shut" } }, words.say("staff.account.back")));
  if (!state.ready) return skeleton(words);
  return h("main", { key: "admin", id: "main", class: "admin" },
    h("h1", { class: "unseen" }, words.say("admin.title")),
    h("nav", { "aria-label": words.say("admin.tabs") }, h("ul", { class: "tabs" }, tabsOf(state).map((tab) => h("li", {},
      h("button", { "data-tab": tab, "aria-current": state.tab === tab ? "page" : null, onclick: { t: "ui.tab", tab } }, words.say(`admin.tab.${tab}`)))))),
    password(state, words),
    h("datalist", { id: "skills" }, (state.town.skills ?? []).map((/** @type {string} */ skill) => h("option", { value: skill }))),
    h("div", { key: state.tab, class: "tab", "data-shown": state.tab }, BODIES[state.tab](state, words)));
}
