/** The audit on the admin's page: the town's, or one account's. */

import { auditTable, calledOf } from "../shared/audit.js";
import { h } from "../shared/dom.js";

/** @typedef {import("../shared/words.js").Words} Words */

/** @param {any} state @param {Words} words */
export function audit(state, words) {
  const now = /** @type {import("../shared/audit.js").Audit | null} */ (state.audit);
  const one = now?.chain.startsWith("account:") ? now.chain : null;
  return h("div", { class: "list" },
    h("p", { class: "quiet" }, words.say("admin.audit.lead")),
    now && one ? h("div", { class: "row apart" }, h("b", {}, words.say("admin.audit.account", { account: calledOf(now, one) })),
      h("button", { type: "button", "data-town": "", onclick: { t: "ui.audit", chain: "town" } }, words.say("admin.audit.town"))) : null,
    now ? auditTable(now, words, (actor) => who(actor, now, words)) : null);
}

/** Role and name; a press shows only their entries. @param {string} actor @param {import("../shared/audit.js").Audit} now @param {Words} words */
function who(actor, now, words) {
  const [role] = actor.split(":");
  const name = words.has(`admin.role.${role}`) ? words.say(`admin.role.${role}`) : words.say("admin.audit.service");
  const said = `${name} ${calledOf(now, actor)}`.trim();
  const chain = `account:${now.people[actor]?.account ?? actor.split(":")[1]}`; // an officer is called by another id
  return !actor.includes(":") || chain === now.chain ? said
    : h("button", { type: "button", class: "plain", "aria-label": words.say("admin.audit.only", { who: said }), onclick: { t: "ui.audit", chain } }, said);
}
