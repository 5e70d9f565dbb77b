/** The form of one act: its fields in the order in which they are asked, Enter sends, Esc leaves. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { shape } from "../shared/pieces.js";
import { categoryName, distanceSay, stationName } from "../shared/places.js";
import { nameOf, surnameIn } from "../shared/surnames.js";
import { capital } from "../shared/words.js";
import { BY_NAME, dispositionsOf, pullable } from "./acts.js";
import { labelOf } from "./card_view.js";
import { valuesOf } from "./form.js";
import { candidates, mergeable } from "./queue.js";
import { ago, clockOf } from "./said.js";
import { wallOf } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Case} Case */
/** @typedef {import("./state.js").Form} Form */
/** @typedef {import("../shared/words.js").Words} Words */

const HOLD_MIN = [10, 30, 60, 120, 240];
const LASTS_MIN = [15, 30, 60, 120, 240];
const BODIES = ["hotline", "urban", "water", "power", "traffic", "court"];
const MIN_MS = 60_000;

/** @param {Form} form @param {Case} it @param {State} state @param {Words} words */
export function formView(form, it, state, words) {
  const act = BY_NAME[form.act];
  const going = Boolean(state.going[form.case]);
  return h("form", { key: `form:${form.act}`, class: "act-form", novalidate: true, "data-form": form.act, "aria-labelledby": "form-title", onsubmit: { t: "ui.send" } },
    h("h3", { id: "form-title" }, labelOf(act, it, words)),
    h("p", { class: "quiet small" }, words.say(`desk.act_hint.${form.act === "assign" && it.status !== "at_station" ? "reassign" : form.act}`)),
    act.fields.map((field) => FIELDS[field]({ form, it, state, words, needed: act.needs.includes(field) })),
    h("p", { id: "form-wrong", role: "alert", class: "wrong-say" }, form.wrong ? words.say(`desk.wrong.${form.wrong}`) : state.refused?.case === it.case ? sentenceOf(state.refused, words) : null),
    h("div", { class: "row" },
      h("button", { type: "submit", class: "main fill", "data-do": "send", "aria-disabled": going ? "true" : null }, going ? words.say("desk.going") : labelOf(act, it, words), h("kbd", { "aria-hidden": "true" }, "Enter")),
      h("button", { type: "button", onclick: { t: "ui.shut" } }, words.say("desk.leave"), h("kbd", { "aria-hidden": "true" }, "Esc"))));
}

/** @typedef {{form: Form, it: Case, state: State, words: Words, needed: boolean}} Parts */

/** @param {Parts} parts @param {string} field @param {any} input @param {any[]} more */
const labelled = ({ form, words, needed }, field, input, ...more) => h("div", { key: field, class: `field${form.wrong === field ? " wrong" : ""}` },
  h("label", { for: `f-${field}` }, words.say(`desk.field.${field}`), needed ? null : h("span", { class: "quiet" }, ` ${words.say("desk.optional")}`)), input, ...more);

/** @param {Parts} parts @param {string} field */
const common = ({ form }, field) => ({ id: `f-${field}`, "aria-invalid": form.wrong === field ? "true" : null, "aria-describedby": form.wrong === field ? "form-wrong" : null });

/** @param {Parts} parts @param {string} field @param {[string, string][]} options */
const choice = (parts, field, options) => labelled(parts, field, h("select", { ...common(parts, field), value: parts.form.values[field] ?? "", onchange: { t: "ui.set", field } },
  options.length === 1 && parts.form.values[field] ? null : h("option", { value: "" }, parts.words.say("desk.pick")),
  options.map(([value, said]) => h("option", { key: value, value }, said))));

/** @param {Parts} parts @param {string} field @param {Record<string, any>} attrs @param {any[]} more */
const text = (parts, field, attrs, ...more) => labelled(parts, field, h("input", { ...common(parts, field), autocomplete: "off", value: parts.form.values[field] ?? "", oninput: { t: "ui.set", field }, ...attrs }), ...more);

/** Type to narrow, arrows to choose, Enter to send. @param {Parts} parts */
function officer(parts) {
  const { form, it, state, words } = parts;
  const list = candidates(state, it, form.values.typed);
  const chosen = valuesOf(state).officer;
  const options = list.map((one) => h("li", { key: one.officer, id: `o-${one.officer}`, role: "option", class: "option", "data-officer-option": one.call_sign, "aria-selected": one.officer === chosen ? "true" : "false",
    onclick: { t: "ui.set", field: "officer", value: one.officer } },
  h("span", { class: `badge ${one.on_case ? "amber" : "blue"}` }, shape(one.on_case ? "circle" : "dot")), h("b", {}, one.call_sign), h("span", {}, surnameIn(one.surname, words)),
  h("span", { class: "push quiet small" }, one.on_case ? `${words.say("desk.busy")} · ` : "", one.metres === null ? words.say("desk.no_place") : distanceSay(one.metres, words))));
  return labelled(parts, "officer",
    h("input", { ...common(parts, "officer"), role: "combobox", "aria-expanded": "true", "aria-controls": "officers-list", "aria-autocomplete": "list", "aria-activedescendant": chosen ? `o-${chosen}` : null,
      autocomplete: "off", placeholder: words.say("desk.officer_hint"), value: form.values.typed ?? "", oninput: { t: "ui.set", field: "typed" }, onkeydown: { t: "ui.pick", keys: { ArrowDown: "down", ArrowUp: "up" } } }),
    list.length ? h("ul", { id: "officers-list", role: "listbox", class: "options", "aria-label": words.say("desk.field.officer") }, options)
      : h("p", { id: "officers-list", class: "quiet small" }, words.say("desk.none_free")));
}

/** Ticks before other open cases. @param {Parts} parts */
function reports(parts) {
  const { form, it, state, words } = parts;
  const list = mergeable(state, it);
  const chosen = form.values.reports ?? [];
  return h("fieldset", { key: "reports", class: `field${form.wrong === "reports" ? " wrong" : ""}` }, h("legend", {}, words.say("desk.field.reports")),
    list.length ? h("ul", { class: "ticks" }, list.map((one, n) => h("li", { key: one.case }, h("label", { class: "tick" },
      h("input", { type: "checkbox", id: n ? null : "f-reports", "data-report": one.case, checked: chosen.includes(one.case), onchange: { t: "ui.tick", field: "reports", id: one.case } }),
      h("span", { class: "fill" }, h("b", {}, categoryName(one.category, state.categories, words)), " ", h("span", { class: "quiet small" },
        `${distanceSay(one.metres, words)} · ${ago(one.seconds * 1000, words)} · ${words.say(`status.${one.status}`)}`, one.likeness === null ? "" : ` · ${words.say("desk.likeness", { n: Math.round(one.likeness * 100) })}`),
      h("span", { class: "line-1 small" }, one.words || words.say("desk.words_elsewhere"))))))) : h("p", { class: "quiet small" }, words.say("desk.none_alike")));
}

/** @param {Parts} parts */
function ownReports(parts) {
  const { form, it, words } = parts;
  if (!it.reports.length) return null;
  const chosen = form.values.own_reports ?? [];
  return h("fieldset", { key: "own_reports", class: "field" }, h("legend", {}, words.say("desk.field.own_reports")),
    h("ul", { class: "ticks" }, it.reports.map((id) => h("li", { key: id }, h("label", { class: "tick" },
      h("input", { type: "checkbox", checked: chosen.includes(id), onchange: { t: "ui.tick", field: "own_reports", id } }), h("span", {}, words.say("desk.report_nr", { id: id.slice(0, 8) })))))));
}

/** @param {Parts} parts */
function stations(parts) {
  const { it, state, words } = parts;
  const all = [...new Set(state.areas.filter((one) => one.kind === "station").map((one) => one.station))];
  return choice(parts, "to_station", [...all, "other"].filter((one) => one !== it.station).map((one) => [one, stationName(one, state.areas, words)]));
}

/** Minutes until a time, with that time beside it. @param {Parts} parts */
function hold(parts) {
  const { form, state, words } = parts;
  const minutes = Number(form.values.hold_min);
  return text(parts, "hold_min", { type: "number", min: 1, max: 720, list: "hold-list", inputmode: "numeric" },
    h("datalist", { id: "hold-list" }, HOLD_MIN.map((n) => h("option", { value: n }))),
    minutes > 0 ? h("p", { class: "quiet small" }, words.say("desk.until", { time: clockOf(state.now_ms + minutes * MIN_MS, state, words) })) : null);
}

/** A local date and time of the desk's own clock. @param {number} at_ms */
export function localTime(at_ms) {
  const at = new Date(at_ms);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** @param {Parts} parts */
const begins = (parts) => text(parts, "begins", { type: "datetime-local", min: localTime(wallOf(parts.state)) });

/** @param {Parts} parts */
function disposition(parts) {
  return choice(parts, "disposition", dispositionsOf(parts.state).map((one) => [one, capital(parts.words.say(`disposition.${one}`))]));
}

/** @param {Parts} parts */
const referredTo = (parts) => text(parts, "referred_to", { maxlength: 120, list: "bodies-list" },
  h("datalist", { id: "bodies-list" }, BODIES.map((one) => h("option", { value: parts.words.say(`desk.body.${one}`) }))));

/** @param {Parts} parts */
const splitWords = (parts) => labelled(parts, "words", h("textarea", { ...common(parts, "words"), maxlength: 2000, rows: 3, value: parts.form.values.words ?? "", oninput: { t: "ui.set", field: "words" } }));

/** @type {Record<string, (parts: Parts) => any>} */
const FIELDS = {
  officer,
  reports,
  own_reports: ownReports,
  to_station: stations,
  hold_min: hold,
  begins,
  disposition,
  referred_to: referredTo,
  words: splitWords,
  holder: (parts) => choice(parts, "holder", parts.it.holders.map((one) => [one.officer, nameOf(one, parts.words)])),
  busy: (parts) => choice(parts, "busy", pullable(parts.it, parts.state).map((/** @type {any} */ one) => [one.officer,
    `${nameOf(one, parts.words)} · ${categoryName(parts.state.cases[one.from_case].category, parts.state.categories, parts.words)}`])),
  lasts_min: (parts) => choice(parts, "lasts_min", LASTS_MIN.map((n) => [String(n), parts.words.say("desk.age", { minutes: n })])),
  manner: (parts) => choice(parts, "manner", ["telephone", "written"].map((one) => [one, parts.words.say(`desk.manner.${one}`)])),
  reason: (parts) => text(parts, "reason", { maxlength: 500 }),
};
