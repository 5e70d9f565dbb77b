/**
 * Who reported, opened by the desk for a reason that is kept: known to the page only while its card is open, and never
 * part of the page's log.
 *
 * @typedef {{case: string, reason: string, going: boolean, refused: {code: string, detail?: string} | null, found: {number: string | null, name: string | null} | null}} Identity
 * @typedef {import("./state.js").State} State
 */

import { auditTable, calledOf } from "../shared/audit.js";
import { h } from "../shared/dom.js";
import { call, sentenceOf } from "../shared/http.js";

const REASON_CHARS = [10, 500]; // as the service takes it

/** @param {State} state @param {any} m @returns {State} */
export function reduceIdentity(state, m) {
  const now = state.identity;
  switch (m.t) {
    case "ui.identity":
      return state.open ? { ...state, identity: { case: state.open, reason: "", going: false, refused: null, found: null } } : state;
    case "ui.identity_shut":
      return { ...state, identity: null };
    case "ui.identity_reason":
      return now ? { ...state, identity: { ...now, reason: m.value, refused: null } } : state;
    case "ui.identity_go":
      if (!now || now.going) return state;
      return { ...state, identity: now.reason.trim().length < REASON_CHARS[0] ? { ...now, refused: { code: "reason_short" } } : { ...now, going: true, refused: null } };
    case "identity":
      return now && now.case === m.case ? { ...state, identity: { ...now, going: false, found: m.found } } : state;
    case "identity_refused":
      return now && now.case === m.case ? { ...state, identity: { ...now, going: false, refused: m.refused } } : state;
    default:
      return state;
  }
}

/** What belongs to a card goes with it. @param {State} state @returns {State} */
export function forgotten(state) {
  const identity = state.identity && state.identity.case !== state.open;
  const audit = state.audit && state.audit.chain !== `read:${state.open}`;
  return identity || audit ? { ...state, identity: identity ? null : state.identity, audit: audit ? null : state.audit } : state;
}

/** @type {Record<string, (m: any, page: any, before: State) => any>} */
export const identityEffects = {
  "ui.identity_go": async (_m, page, before) => {
    const now = page.state.identity;
    if (!now?.going || before.identity?.going) return;
    try {
      const found = await call("POST", `/v1/cases/${now.case}/identity`, { body: { reason: now.reason.trim() } });
      page.send({ t: "identity", case: now.case, found, veiled: true });
    } catch (thrown) {
      const { code, detail } = /** @type {any} */ (thrown);
      page.send({ t: "identity_refused", case: now.case, refused: { code, detail } });
    }
  },
};

/** @param {import("./state.js").Case} it @param {State} state @param {import("../shared/words.js").Words} words */
export function identityView(it, state, words) {
  const now = state.identity;
  const readers = state.audit;
  const supervisor = state.me?.role === "supervisor";
  return h("section", { key: "identity", class: "stack", "aria-label": words.say("desk.identity") },
    h("div", { class: "row" },
      h("button", { type: "button", class: "chip", "data-identity": "", "aria-expanded": now ? "true" : "false", onclick: { t: now ? "ui.identity_shut" : "ui.identity" } }, words.say("desk.identity")),
      supervisor ? h("button", { type: "button", class: "chip", "data-readers": "", "aria-expanded": readers ? "true" : "false",
        onclick: readers ? { t: "ui.audit_shut" } : { t: "ui.audit", chain: `read:${it.case}` } }, words.say("desk.readers")) : null),
    now ? opening(now, words) : null,
    supervisor && readers ? auditTable(readers, words, (actor) => {
      const [role] = actor.split(":");
      return words.say("desk.readers.who", { role: words.has(`desk.by.${role}`) ? words.say(`desk.by.${role}`) : role, name: calledOf(readers, actor) });
    }) : null);
}

/** @param {Identity} now @param {import("../shared/words.js").Words} words */
function opening(now, words) {
  if (now.found) {
    const { number, name } = now.found;
    if (!number && !name) return h("p", { class: "say wait", role: "status", "data-found": "none" }, words.say("desk.identity.none"));
    return h("div", { class: "card", role: "status", "data-found": "" },
      name ? h("p", {}, h("b", {}, name)) : null,
      number ? h("p", {}, h("a", { class: "button", href: `tel:${number}` }, number)) : null,
      h("p", { class: "quiet small" }, words.say("desk.identity.found")));
  }
  return h("form", { class: "card", onsubmit: { t: "ui.identity_go" }, novalidate: true },
    h("p", { class: "quiet small", id: "identity-means" }, words.say("desk.identity.means")),
    h("div", { class: "field" },
      h("label", { for: "identity-reason" }, words.say("desk.identity.reason")),
      h("input", { id: "identity-reason", value: now.reason, maxlength: REASON_CHARS[1], autocomplete: "off", required: true, "aria-describedby": "identity-means",
        "aria-invalid": now.refused ? "true" : null, oninput: { t: "ui.identity_reason" } })),
    h("div", { role: "alert" }, now.refused ? h("p", { class: "say bad", "data-refused": now.refused.code }, sentenceOf(now.refused, words)) : null),
    h("div", { class: "row" },
      h("button", { type: "submit", class: "main", "data-identity-go": "", "aria-disabled": now.going ? "true" : null }, words.say("desk.identity.go")),
      h("button", { type: "button", class: "plain", onclick: { t: "ui.identity_shut" } }, words.say("desk.identity.leave"))));
}
