/** The audit on the admin's page: the town's, or one account's. */

import { auditTable } from "../shared/audit.js";
import { h } from "../shared/dom.js";

/** @typedef {import("../shared/words.js").Words} Words */

/** @param {any} state @param {Words} words */
export function audit(state, words) {
  const now = /** @type {import("../shared/audit.js").Audit | null} */ (state.audit);
  const one = now?.chain.startsWith("account:") ? now.chain.slice("account:".length) : null;
  return h("div", { class: "list" },
    h("p", { class: "quiet" }, words.say("admin.audit.lead")),
    one ? h("div", { class: "row apart" }, h("b", {}, words.say("admin.audit.account", { account: one.slice(0, 8) })),
      h("button", { type: "button", "data-town": "", onclick: { t: "ui.audit", chain: "town" } }, words.say("admin.audit.town"))) : null,
    now ? auditTable(now, words, (actor) => who(actor, one, words)) : null);
}

/** Role and the beginning of the account; a press shows only their entries. @param {string} actor @param {string | null} shown @param {Words} words */
function who(actor, shown, words) {
  const [role, account] = actor.split(":");
  const name = words.has(`admin.role.${role}`) ? words.say(`admin.role.${role}`) : words.say("admin.audit.service");
  if (!account) return name;
  const said = `${name} ${account.slice(0, 8)}`;
  return account === shown ? said
    : h("button", { type: "button", class: "plain", "aria-label": words.say("admin.audit.only", { who: said }), onclick: { t: "ui.audit", chain: `account:${account}` } }, said);
}
