/** The lists: people, stations, categories, policies with their figures, and what was changed. */

import { h } from "../shared/dom.js";
import { shape } from "../shared/pieces.js";
import { nameOf as personOf } from "../shared/surnames.js";
import { FIELDS } from "./fields.js";
import { form, mayChange, modeName, nameOf, why } from "./form.js";
import { rowOf } from "./reducer.js";

/** @typedef {import("../shared/words.js").Words} Words */

/** @param {any} state @param {string} id @param {Words} words */
export function stationOf(state, id, words) {
  const found = state.town?.stations.find((/** @type {any} */ one) => one.id === id);
  return found ? nameOf("station", found, words) : id;
}

/**
 * A table whose first cell opens its row.
 * @param {{label: string, heads: string[], rows: {key: string, press: any, open: boolean, cells: any[]}[], empty: any}} parts
 */
function table({ label, heads, rows, empty }) {
  if (!rows.length) return h("div", { class: "empty" }, empty);
  return h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" },
    h("table", {},
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", { key: row.key, "data-row": row.key, class: row.open ? "open" : "" },
        h("th", { scope: "row" }, row.press ? h("button", { class: "plain", "aria-current": row.open ? "true" : null, onclick: row.press }, row.cells[0]) : row.cells[0]),
        row.cells.slice(1).map((cell, at) => h("td", { "data-head": heads[at + 1], class: cell === "" ? "none" : null }, cell)))))));
}

/** @param {string} name @param {string} colour @param {string} word */
const sign = (name, colour, word) => h("span", { class: `badge ${colour}` }, shape(/** @type {any} */ (name)), word);
/** @param {boolean} yes @param {Words} words */
const yesNo = (yes, words) => (yes ? sign("tick", "green", words.say("admin.yes")) : h("span", { class: "quiet" }, words.say("admin.no")));
/** @param {any} state @param {string} kind @param {string} id */
const isOpen = (state, kind, id) => state.opened?.kind === kind && state.opened.id === id;
/** @param {string} kind @param {any} state @param {Words} words */
const making = (kind, state, words) => (mayChange(state) ? h("button", { class: "main", "data-do": `new-${kind}`, onclick: { t: "ui.fresh", kind } }, words.say(`admin.new.${kind}`)) : null);

/** List and form side by side. @param {any} state @param {Words} words @param {any[]} list @param {any[]} more */
function beside(state, words, list, ...more) {
  return h("div", { class: `beside ${state.opened ? "has-form" : ""}` },
    h("div", { key: "list", class: "list" }, list),
    state.opened ? h("div", { key: "side", class: "side" }, form(state, words), more) : null);
}

/** @param {any} one @param {Words} words */
function standing(one, words) {
  if (one.suspended) return sign("cross", "", words.say("admin.suspended"));
  if (one.role === "officer") return one.on_duty ? sign("dot", "green", words.say(one.held ? "admin.on_duty_with" : "admin.on_duty", { n: one.held })) : sign("circle", "", words.say("admin.off_duty"));
  return one.sessions ? sign("dot", "green", words.say("admin.signed_in")) : sign("circle", "", words.say("admin.signed_out"));
}

/** @param {any} state @param {Words} words */
export function people(state, words) {
  const field = (/** @type {string} */ name, /** @type {any} */ inner) => h("div", { class: "field" }, h("label", { for: `find-${name}` }, words.say(`admin.find.${name}`)), inner);
  const list = [
    h("div", { class: "tools" },
      field("q", h("input", { id: "find-q", type: "search", value: state.find.q, autocomplete: "off", oninput: { t: "ui.find", field: "q" } })),
      field("role", h("select", { id: "find-role", value: state.find.role, onchange: { t: "ui.find", field: "role" } },
        h("option", { value: "" }, words.say("admin.all")), ["officer", "desk", "supervisor", "admin"].map((role) => h("option", { value: role }, words.say(`admin.role.${role}`))))),
      field("station", h("select", { id: "find-station", value: state.find.station, onchange: { t: "ui.find", field: "station" } },
        h("option", { value: "" }, words.say("admin.all")), state.town.stations.map((/** @type {any} */ s) => h("option", { value: s.id }, nameOf("station", s, words))))),
      making("person", state, words)),
    table({
      label: words.say("admin.tab.people"),
      heads: ["login", "name", "role", "station", "state", "skills"].map((name) => words.say(`admin.head.${name}`)),
      empty: [h("p", { class: "large" }, words.say("admin.nobody_found")), h("p", { class: "quiet" }, words.say("admin.nobody_found_next"))],
      rows: state.people.map((/** @type {any} */ one) => ({ key: one.login, press: { t: "ui.open", kind: "person", id: one.login }, open: isOpen(state, "person", one.login),
        cells: [one.login, one.call_sign ? personOf(one, words) : "", words.say(`admin.role.${one.role}`), one.station ? stationOf(state, one.station, words) : "",
          standing(one, words), (one.skills ?? []).join(", ")] })),
    }),
    state.more ? h("button", { "data-do": "more", onclick: { t: "ui.more" } }, words.say("admin.more")) : null,
  ];
  const row = state.opened?.kind === "person" ? rowOf(state, "person", state.opened.id) : null;
  return beside(state, words, list, row ? access(row, state, words) : null);
}

/** Password and suspension: each says what follows, and asks why. @param {any} row @param {any} state @param {Words} words */
function access(row, state, words) {
  const { reset, factors, identity, subject, out, mistakes } = state.opened;
  const may = mayChange(state);
  const stop = may || (!row.suspended && ["officer", "desk"].includes(row.role));
  const going = state.going ? "true" : null;
  return h("section", { key: "access", class: "card access" },
    h("h3", {}, words.say("admin.access")),
    h("p", { class: "quiet small" }, words.say("admin.sessions", { n: row.sessions ?? 0 })),
    may ? h("details", { key: "reset" }, h("summary", {}, words.say("admin.reset")),
      h("form", { onsubmit: { t: "ui.reset" }, novalidate: true }, h("p", { class: "small" }, words.say("admin.reset.follows")),
        why("reset", reset, mistakes.reset, words, { t: "ui.why", field: "reset" }),
        h("button", { type: "submit", "data-do": "reset", "aria-disabled": going }, words.say("admin.reset.go")))) : null,
    may ? h("details", { key: "factors" }, h("summary", {}, words.say("admin.factors")),
      h("form", { onsubmit: { t: "ui.factors" }, novalidate: true }, h("p", { class: "small" }, words.say("admin.factors.follows")),
        why("factors", factors, mistakes.factors, words, { t: "ui.why", field: "factors" }),
        h("button", { type: "submit", "data-do": "factors", "aria-disabled": going }, words.say("admin.factors.go")))) : null,
    may && state.provider ? h("details", { key: "identity" }, h("summary", {}, words.say("admin.pair", { name: words.say("admin.identity"), said: state.provider })),
      h("form", { onsubmit: { t: "ui.identity" }, novalidate: true }, h("p", { class: "small" }, words.say("admin.identity.follows")),
        h("div", { class: "field" }, h("label", { for: "f-subject" }, words.say("admin.identity.subject")),
          h("input", { id: "f-subject", name: "subject", type: "text", value: subject, maxlength: 255, autocomplete: "off", autocapitalize: "off", spellcheck: "false", oninput: { t: "ui.why", field: "subject" } })),
        why("identity", identity, mistakes.identity, words, { t: "ui.why", field: "identity" }),
        h("button", { type: "submit", "data-do": "identity", "aria-disabled": going }, words.say("admin.identity.go")))) : null,
    stop ? h("details", { key: "out" }, h("summary", {}, words.say(row.suspended ? "admin.let_in" : "admin.suspend")),
      h("form", { onsubmit: { t: "ui.suspend" }, novalidate: true }, h("p", { class: "small" }, words.say(row.suspended ? "admin.let_in.follows" : "admin.suspend.follows")),
        why("out", out, mistakes.out, words, { t: "ui.why", field: "out" }),
        h("button", { type: "submit", "data-do": "suspend", "aria-disabled": going }, words.say(row.suspended ? "admin.let_in.go" : "admin.suspend.go")))) : null);
}

/** @param {any} state @param {Words} words */
export function stations(state, words) {
  const heads = ["station", "duty", "desk", "falls_to", "cross_border", "lends", "head_start"];
  return beside(state, words, [
    h("div", { class: "tools" }, h("p", { class: "quiet" }, words.say("admin.stations.lead")), making("station", state, words)),
    table({
      label: words.say("admin.tab.stations"),
      heads: heads.map((name) => words.say(`admin.head.${name}`)),
      empty: h("p", {}, words.say("admin.none")),
      rows: state.town.stations.map((/** @type {any} */ one) => ({ key: one.id, press: { t: "ui.open", kind: "station", id: one.id }, open: isOpen(state, "station", one.id),
        cells: [nameOf("station", one, words), words.say("admin.of_all", { n: one.on_duty, all: one.officers }),
          one.staffed ? sign("dot", "green", words.say("admin.staffed", { n: one.staffed, all: one.desks })) : sign("circle", "", words.say("admin.unstaffed", { all: one.desks })),
          one.falls_to ? stationOf(state, one.falls_to, words) : h("span", { class: "quiet" }, words.say("admin.nobody")), words.say(`admin.cross_border.short.${one.cross_border}`),
          yesNo(one.lends, words), [one.head_start_ms === null ? h("span", { class: "quiet" }, words.say("admin.as_category")) : words.say("admin.seconds", { n: one.head_start_ms / 1000 }),
            one.catch_all ? h("span", { class: "badge amber" }, shape("house"), words.say("admin.takes_rest")) : null]] })),
    }),
  ]);
}

/** @param {any} state @param {Words} words */
export function categories(state, words) {
  const heads = ["category", "open", "priority", "seats", "skill", "check_in"];
  return beside(state, words, [
    h("div", { class: "tools" }, h("p", { class: "quiet" }, words.say("admin.categories.lead")), making("category", state, words)),
    table({
      label: words.say("admin.tab.categories"),
      heads: heads.map((name) => words.say(`admin.head.${name}`)),
      empty: h("p", {}, words.say("admin.none")),
      rows: state.town.categories.map((/** @type {any} */ one) => ({ key: one.id, press: { t: "ui.open", kind: "category", id: one.id }, open: isOpen(state, "category", one.id),
        cells: [nameOf("category", one, words), one.open ? sign("dot", "green", words.say("admin.open")) : sign("cross", "", words.say("admin.closed")), one.priority, one.seats,
          one.skill ? [one.skill, " ", h("span", { class: one.able ? "quiet small" : "badge amber" }, one.able ? null : shape("warn"), words.say("admin.able", { n: one.able ?? 0 }))] : "",
          one.check_in_s ? words.say("admin.minutes", { n: one.check_in_s / 60 }) : h("span", { class: "quiet" }, words.say("admin.never"))] })),
    }),
  ]);
}

/** @param {any} state @param {Words} words */
export function changes(state, words) {
  const time = new Intl.DateTimeFormat(words.lang, { dateStyle: "medium", timeStyle: "short" });
  return h("div", { class: "list" },
    h("p", { class: "quiet" }, words.say("admin.changes.lead")),
    state.changes.length ? null : h("div", { class: "empty" }, h("p", { class: "large" }, words.say("admin.changes.none"))),
    h("ol", { class: "changes" }, state.changes.map((/** @type {any} */ one) => h("li", { key: one.id, class: "card", "data-change": one.id },
      h("div", { class: "row apart" }, h("b", {}, words.say(`admin.verb.${one.verb}`, { kind: words.say(`admin.kind.${one.kind}`), subject: one.subject })),
        h("time", { class: "quiet small", datetime: one.at }, time.format(new Date(one.at)))),
      h("p", {}, one.reason),
      h("p", { class: "quiet small" }, words.say("admin.by", { who: one.by ?? one.actor })),
      one.cut ? h("p", { class: "quiet small" }, words.say("admin.cut")) : differences(one, words)))),
    state.older ? h("button", { "data-do": "older", onclick: { t: "ui.older" } }, words.say("admin.more")) : null);
}

/** Field by field, what it was and what it is. @param {any} one @param {Words} words */
function differences(one, words) {
  if (one.kind === "areas") {
    const ids = Object.keys({ ...one.before, ...one.after }).sort();
    return h("p", { class: "small" }, words.say("admin.areas_moved", { n: ids.length, ids: ids.join(", ") }));
  }
  if (!one.before || !one.after) return null;
  const same = (/** @type {any} */ a, /** @type {any} */ b) => JSON.stringify(a) === JSON.stringify(b);
  const names = Object.keys({ ...one.before, ...one.after }).filter((name) => name !== "version" && !same(one.before[name], one.after[name]));
  const family = one.kind;
  return names.length ? h("dl", { class: "facts small" }, names.map((name) => [
    h("dt", {}, words.has(`admin.${family}.${name}`) ? words.say(`admin.${family}.${name}`) : name),
    h("dd", {}, h("del", {}, plain(name, one.before[name], words)), " → ", h("ins", {}, plain(name, one.after[name], words)))])) : null;
}

/** What is counted in other units than it is shown in, by name. */
const COUNTED = new Map(Object.values(FIELDS).flat().filter((one) => one.per).map((one) => [one.name, one]));

/** A value of the record as a form would show it. @param {string} name @param {any} value @param {Words} words */
function plain(name, value, words) {
  const counted = COUNTED.get(name);
  if (counted && typeof value === "number") return words.say(`admin.${counted.unit}`, { n: value / (counted.per ?? 1) });
  if (typeof value === "string" && words.has(`admin.${name}.${value}`)) return words.say(`admin.${name}.${value}`);
  if (value === null || value === undefined || value === "") return words.say("admin.nothing");
  if (typeof value === "boolean") return words.say(value ? "admin.yes" : "admin.no");
  if (Array.isArray(value)) return value.join(", ") || words.say("admin.nothing");
  if (typeof value === "object") return Object.entries(value).map(([hour, mode]) => `${hour}: ${words.has(`admin.mode.${mode}`) ? modeName(mode, words) : mode}`).join(", ") || words.say("admin.nothing");
  return String(value);
}
