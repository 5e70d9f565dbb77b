/** The form beside a list: fields from their table, what is wrong with them, and why something is changed. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { nameOf as personOf } from "../shared/surnames.js";
import { nameIn } from "../shared/places.js";
import { MODES, fieldsOf } from "./fields.js";
import { overtaken, rowOf } from "./reducer.js";

/** @typedef {import("../shared/words.js").Words} Words */
/** @typedef {import("./fields.js").Field} Field */

export const modeName = (/** @type {string} */ mode, /** @type {Words} */ words) => words.say(`admin.mode.${mode}`);

/** May this person change what is set, or only look at it? @param {any} state */
export const mayChange = (state) => state.signed?.role === "admin";

/** @param {any} state @param {Words} words */
export function form(state, words) {
  const { kind, id, draft, mistakes } = state.opened;
  const row = rowOf(state, kind, id);
  const may = mayChange(state);
  const title = id === null ? words.say(`admin.new.${kind}`) : row ? words.say(`admin.of.${kind}`, { name: nameOf(kind, row, words) }) : id;
  return h("section", { key: `form:${kind}:${id}`, class: "card form", "aria-label": title },
    h("div", { class: "row apart" }, h("h2", { id: "form-title", tabindex: "-1" }, title),
      h("button", { class: "plain", onclick: { t: "ui.shut" } }, words.say("admin.shut"))),
    said(state, words),
    may ? null : h("p", { class: "say" }, words.say("admin.look_only")),
    summary(kind, mistakes, words),
    h("form", { key: "fields", class: "fields", onsubmit: { t: "ui.save" }, novalidate: true },
      fieldsOf(kind, draft).map((one) => field(one, state, row, words, !may)),
      may ? why("reason", draft.reason ?? "", mistakes.reason, words, { t: "ui.set", field: "reason" }) : null,
      may ? h("button", { class: "main", type: "submit", "data-do": "save", "aria-disabled": state.going ? "true" : null },
        words.say(state.going === "save" ? "admin.saving" : id === null ? "admin.make" : "admin.save")) : null));
}

/** @param {string} kind @param {any} row @param {Words} words */
export function nameOf(kind, row, words) {
  if (kind === "person") return row.call_sign ? personOf(row, words) : row.login;
  return words.lang === "en" ? row.name_en || row.name : row.name;
}

/** What became of the last act, and whether somebody else was faster. @param {any} state @param {Words} words */
function said(state, words) {
  const { refused, told } = state;
  const stale = refused?.code === "stale_version" || overtaken(state);
  return h("div", { key: "said", role: "alert", class: "said" },
    refused && refused.code !== "stale_version" ? h("p", { class: "say bad" }, sentenceOf(refused, words)) : null,
    stale ? h("p", { class: "say wait row apart" }, h("span", {}, words.say("refused.stale_version")),
      h("button", { onclick: { t: "ui.again" } }, words.say("admin.again"))) : null,
    told && !told.password ? h("p", { class: "say good" }, words.say(`admin.done.${told.did}`)) : null,
    told?.holding?.length ? h("p", { class: "say wait" }, words.say("admin.holding", { n: told.holding.length })) : null);
}

/** A password that is told this once stands above everything until somebody says that it is noted. @param {any} state @param {Words} words */
export function password(state, words) {
  if (!state.told?.password) return null;
  return h("section", { key: "password", class: "card once", role: "alertdialog", "aria-label": words.say("admin.password.title") },
    h("h2", {}, words.say("admin.password.title")),
    h("p", {}, words.say("admin.password.of", { login: state.told.id })),
    h("p", { class: "code", id: "password-once" }, state.told.password),
    h("p", { class: "quiet" }, words.say("admin.password.once")),
    h("button", { class: "main", "data-do": "noted", onclick: { t: "ui.heard" } }, words.say("admin.password.noted")));
}

/** @param {string} kind @param {Record<string, string>} mistakes @param {Words} words */
function summary(kind, mistakes, words) {
  const names = Object.keys(mistakes).filter((name) => !["reset", "factors", "identity", "out"].includes(name));
  if (!names.length) return null;
  return h("div", { key: "summary", class: "say bad", role: "alert", id: "summary" },
    h("p", {}, h("b", {}, words.say("admin.mistakes", { n: names.length }))),
    h("ul", {}, names.map((name) => h("li", {}, h("a", { href: `#f-${name}` },
      words.say("admin.pair", { name: words.say(name === "reason" ? "admin.why" : `admin.${kind === "policy" ? "category" : kind}.${name}`), said: words.say(`admin.wrong.${mistakes[name]}`) }))))));
}

/** @param {Field} one @param {any} state @param {any} row @param {Words} words @param {boolean} closed */
function field(one, state, row, words, closed) {
  const { kind, draft, mistakes } = state.opened;
  const family = kind === "policy" ? "category" : kind;
  const id = `f-${one.name}`;
  const wrong = mistakes[one.name] ?? (state.refused?.pointer === `/${one.name}` ? "refused" : null);
  const shut = closed || (one.fixed && row !== null);
  const label = words.say(`admin.${family}.${one.name}`);
  const hint = hintOf(one, family, state, words);
  const named = [hint ? `${id}-hint` : "", wrong && wrong !== "refused" ? `${id}-wrong` : ""].filter(Boolean).join(" ") || null;
  const given = { key: id, id, name: one.name, disabled: shut, "aria-invalid": wrong ? "true" : null, "aria-describedby": named };
  if (one.as === "check") {
    return h("div", { key: one.name, class: `field check ${wrong ? "wrong" : ""}` },
      h("label", {}, h("input", { ...given, type: "checkbox", checked: draft[one.name], onchange: { t: "ui.toggle", field: one.name } }), h("span", {}, label)),
      hint ? h("span", { id: `${id}-hint`, class: "quiet small" }, hint) : null);
  }
  return h("div", { key: one.name, class: `field ${wrong ? "wrong" : ""} as-${one.as}` },
    h(one.as === "hours" ? "span" : "label", one.as === "hours" ? { id: `${id}-label`, class: "label" } : { for: id }, label,
      one.unit ? h("span", { class: "quiet small" }, ` ${words.say(`admin.unit.${one.unit}`)}`) : null),
    hint ? h("span", { id: `${id}-hint`, class: "quiet small" }, hint) : null,
    wrong && wrong !== "refused" ? h("span", { id: `${id}-wrong`, class: "wrong-say small" }, words.say(`admin.wrong.${wrong}`)) : null,
    control(one, given, state, words));
}

/** @param {Field} one @param {string} family @param {any} state @param {Words} words */
function hintOf(one, family, state, words) {
  const key = `admin.hint.${family}.${one.name}`;
  if (one.base && one.base !== "never" && one.base !== "category") {
    const own = state.town?.defaults?.[one.base];
    const shown = Array.isArray(own) ? own.join(", ") : own / (one.per ?? 1);
    return words.say("admin.hint.default", { value: shown });
  }
  return words.has(key) ? words.say(key) : null;
}

/** @param {Field} one @param {any} given @param {any} state @param {Words} words */
function control(one, given, state, words) {
  const { draft } = state.opened;
  const value = draft[one.name] ?? "";
  const set = { t: "ui.set", field: one.name };
  const option = (/** @type {string} */ worth, /** @type {string} */ name) => h("option", { value: worth }, name);
  if (one.as === "choice") {
    return h("select", { ...given, value, onchange: set }, one.of?.map((worth) => option(worth, words.say(`admin.${one.name}.${worth}`))));
  }
  if (one.as === "place") {
    const others = state.town.stations.filter((/** @type {any} */ s) => one.name !== "falls_to" || s.id !== state.opened.id);
    return h("select", { ...given, value, onchange: set }, option("", words.say(one.name === "falls_to" ? "admin.nobody" : "admin.choose")),
      others.map((/** @type {any} */ s) => option(s.id, nameOf("station", s, words))));
  }
  if (one.as === "beat") {
    const beats = state.town.stations.find((/** @type {any} */ s) => s.id === draft.station)?.beats ?? [];
    return h("select", { ...given, value, onchange: set }, option("", words.say("admin.no_beat")), beats.map((/** @type {any} */ b) => option(b.id, nameIn(b, words))));
  }
  if (one.as === "hours") return hours(value, given, state, words);
  const kinds = /** @type {Record<string, string>} */ ({ time: "datetime-local" });
  const numeric = one.as === "whole" ? { inputmode: "decimal" } : {};
  return h("input", { ...given, ...numeric, type: kinds[one.as] ?? "text", value, autocomplete: "off", maxlength: one.chars ?? null, required: one.needed ?? null,
    list: one.as === "words" || one.name === "skill" ? "skills" : null, oninput: set });
}

/** The day's hours, painted with a mode. @param {Record<string, string>} held @param {any} given @param {any} state @param {Words} words */
function hours(held, given, state, words) {
  return h("div", { key: given.key, class: "hours", role: "group", "aria-labelledby": `${given.id}-label` },
    h("div", { class: "brushes" }, ["", ...MODES].map((mode) => h("label", { class: "brush" },
      h("input", { type: "radio", name: "brush", value: mode, checked: state.brush === mode, disabled: given.disabled, onchange: { t: "ui.brush" } }),
      h("span", {}, mode ? words.say(`admin.mode.short.${mode}`) : words.say("admin.mode.rule"))))),
    h("div", { class: "day" }, Array.from({ length: 24 }, (_none, hour) => {
      const mode = held[hour] ?? "";
      return h("button", { type: "button", class: `hour ${mode}`, "data-hour": hour, disabled: given.disabled, onclick: { t: "ui.hour", hour } },
      h("b", {}, String(hour)), mode ? h("span", { class: "small" }, words.say(`admin.mode.short.${mode}`)) : h("span", { "aria-hidden": "true", class: "small" }, "·"),
      // What is seen stands in the name too, so that it can be said to a machine that listens.
      h("span", { class: "unseen" }, words.say("admin.hour", { from: `${hour}:00`, to: `${hour + 1}:00`, mode: mode ? modeName(mode, words) : words.say("admin.mode.rule") })));
    })));
}

/** @param {string} name @param {string} value @param {string | undefined} wrong @param {Words} words @param {import("../shared/dom.js").Message} send */
export function why(name, value, wrong, words, send) {
  const id = `f-${name}`;
  return h("div", { key: name, class: `field why ${wrong ? "wrong" : ""}` },
    h("label", { for: id }, words.say("admin.why")),
    h("span", { id: `${id}-hint`, class: "quiet small" }, words.say("admin.why.hint")),
    wrong ? h("span", { id: `${id}-wrong`, class: "wrong-say small" }, words.say(`admin.wrong.${wrong}`)) : null,
    h("input", { key: id, id, name, type: "text", value, maxlength: 500, autocomplete: "off", required: true, "aria-invalid": wrong ? "true" : null,
      "aria-describedby": wrong ? `${id}-hint ${id}-wrong` : `${id}-hint`, oninput: send }));
}
