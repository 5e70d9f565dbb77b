/**
 * The audit as people read it: who read what, who came and went. The service enters every look into it too, and says
 * which chains somebody may see: an admin the town and accounts, a supervisor the readers of a case.
 *
 * @typedef {{seq: number, at: string, actor: string, act: string, body: Record<string, any>, hash: string}} Entry
 * @typedef {{actor: string, account: string, login: string, call_sign: string | null}} Person
 * @typedef {{chain: string, entries: Entry[], people: Record<string, Person>, more: boolean, going: boolean, refused: import("./second.js").Refusal | null}} Audit the latest first; people by what the entries call them
 */

import { h } from "./dom.js";
import { call, sentenceOf } from "./http.js";

/** @typedef {import("./words.js").Words} Words */

export const AUDIT = { audit: /** @type {Audit | null} */ (null) };
const ENTRIES_MAX = 1_000; // shown at once; older ones take the place of the first

/** @template {typeof AUDIT} S @param {S} state @param {import("./dom.js").Message} m @returns {S} */
export function reduceAudit(state, m) {
  if (m.t === "ui.audit") return { ...state, audit: { chain: m.chain, entries: [], people: state.audit?.people ?? {}, more: false, going: true, refused: null } };
  const now = state.audit;
  if (!now) return state;
  switch (m.t) {
    case "ui.audit_older":
      return now.more && !now.going ? { ...state, audit: { ...now, going: true, refused: null } } : state;
    case "audit":
      if (m.page.chain !== now.chain) return state;
      return { ...state, audit: { ...now, going: false, entries: [...now.entries, ...m.page.entries].slice(-ENTRIES_MAX), more: m.page.more,
        people: { ...now.people, ...Object.fromEntries(m.page.people.map((/** @type {Person} */ one) => [one.actor, one])) } } };
    case "audit_refused":
      return m.chain === now.chain ? { ...state, audit: { ...now, going: false, refused: m.refused } } : state;
    case "ui.audit_shut":
      return { ...state, audit: null };
    default:
      return state;
  }
}

/** Call sign or login, else how the id begins: of who is nobody here any more. @param {Audit} now @param {string} actor or the chain of an account */
export const calledOf = (now, actor) => {
  const id = actor.split(":")[1] ?? "";
  const one = now.people[actor] ?? Object.values(now.people).find((other) => other.account === id);
  return one ? one.call_sign ?? one.login : id.slice(0, 8);
};

/** @param {any} page */
async function load(page) {
  const { chain, entries } = page.state.audit;
  const before = entries.length ? `&before=${entries.at(-1).seq}` : "";
  try {
    page.send({ t: "audit", page: await call("GET", `/v1/audit?chain=${encodeURIComponent(chain)}${before}`), veiled: true });
  } catch (thrown) {
    const { code, detail } = /** @type {any} */ (thrown);
    page.send({ t: "audit_refused", chain, refused: { code, detail } });
  }
}

/** @type {Record<string, (m: any, page: any, before: any) => any>} */
export const auditEffects = {
  "ui.audit": (_m, page) => load(page),
  "ui.audit_older": (_m, page, before) => (page.state.audit?.going && !before.audit?.going ? load(page) : undefined),
};

/**
 * @param {Audit} now @param {Words} words
 * @param {(actor: string) => import("./dom.js").Given} who an actor as the page knows them
 */
export function auditTable(now, words, who) {
  const time = new Intl.DateTimeFormat(words.lang, { dateStyle: "medium", timeStyle: "medium" });
  return [
    h("div", { key: "refused", role: "alert" }, now.refused ? h("p", { class: "say bad", "data-refused": now.refused.code }, sentenceOf(now.refused, words)) : null),
    now.entries.length ? h("div", { key: "entries", class: "scroll", tabindex: 0, role: "region", "aria-label": words.say("staff.audit.title") }, h("table", { class: "table small", "data-audit": now.chain },
      h("caption", { class: "unseen" }, words.say("staff.audit.title")),
      h("thead", {}, h("tr", {}, ["at", "who", "did"].map((one) => h("th", { key: one, scope: "col" }, words.say(`staff.audit.${one}`))))),
      h("tbody", {}, now.entries.map((one) => h("tr", { key: one.seq, "data-entry": one.act },
        h("td", {}, h("time", { datetime: one.at }, time.format(new Date(one.at)))),
        h("td", {}, who(one.actor)),
        h("td", {}, words.has(`staff.audit.act.${one.act}`) ? words.say(`staff.audit.act.${one.act}`) : one.act, more(one.body))))))) : null,
    !now.entries.length && !now.going && !now.refused ? h("p", { key: "none", class: "quiet" }, words.say("staff.audit.none")) : null,
    now.going ? h("p", { key: "going", class: "quiet", role: "status" }, words.say("loading")) : null,
    now.more ? h("button", { key: "older", type: "button", "data-audit-older": "", onclick: { t: "ui.audit_older" } }, words.say("staff.audit.older")) : null,
  ];
}

/** What the entry says besides: a reason, a name, a chain. @param {Record<string, any>} body */
function more(body) {
  const said = ["reason", "name", "subject", "chain"].map((key) => body[key]).filter((one) => typeof one === "string" && one);
  return said.length ? h("span", { class: "quiet" }, ` ${said.join(" · ")}`) : null;
}
