/** Areas: the map as it is, a file that is looked at first, its repair report, the map as it would be, and the import. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { map } from "../shared/map.js";
import { shape } from "../shared/pieces.js";
import { areasOf, nameIn } from "../shared/places.js";
import { mayChange } from "./form.js";
import { RATIO } from "./reducer.js";

/** @typedef {import("../shared/words.js").Words} Words */

const SHOWN = 50;

/** @param {any} state @param {Words} words */
export function areas(state, words) {
  const { file, areas: now } = state;
  const looked = file.report && !file.report.applied;
  const after = looked ? [...now.filter((/** @type {any} */ one) => one.kind !== file.kind), ...areasOf({ features: file.report.after })] : null;
  return h("div", { class: "list" },
    h("p", { class: "quiet" }, words.say("admin.areas.lead", { stations: count(now, "station"), beats: count(now, "beat") })),
    h("div", { class: `maps ${after ? "two" : ""}` },
      picture(now, file, state, words, after ? "admin.areas.before" : "admin.areas.now"),
      after ? picture(after, file, state, words, "admin.areas.after") : null),
    mayChange(state) ? upload(state, words) : h("p", { class: "say" }, words.say("admin.look_only")),
    file.report ? report(state, words) : null);
}

/** @param {any[]} all @param {string} kind */
const count = (all, kind) => all.filter((one) => one.kind === kind).length;

/** @param {any[]} all @param {any} file @param {any} state @param {Words} words @param {string} title */
function picture(all, file, state, words, title) {
  const chosen = file.chosen ? all.find((one) => one.kind === file.kind && one.id === file.chosen) : null;
  const shown = [...all.filter((one) => one !== chosen), ...(chosen ? [{ ...chosen, kind: "beat", id: "chosen" }] : [])];
  return h("figure", { key: title, class: "picture" },
    h("figcaption", {}, h("h2", {}, words.say(title)), chosen ? h("span", { class: "quiet small" }, nameIn(chosen, words)) : null),
    map({ camera: state.camera, ratio: RATIO, areas: shown, mine: chosen ? "chosen" : null, marks: [], words, across_px: 560,
      label: words.say("admin.areas.map", { stations: count(all, "station"), beats: count(all, "beat") }) }));
}

/** @param {any} state @param {Words} words */
function upload(state, words) {
  const { file } = state;
  const busy = file.busy !== null;
  return h("section", { key: "upload", class: "card" },
    h("h2", {}, words.say("admin.upload")),
    h("p", { class: "quiet" }, words.say("admin.upload.lead")),
    h("fieldset", {}, h("legend", {}, words.say("admin.upload.kind")),
      h("div", { class: "choices" }, ["station", "beat"].map((kind) => h("label", { class: "choice" },
        h("input", { type: "radio", name: "kind", value: kind, checked: file.kind === kind, disabled: busy, onchange: { t: "ui.kind" } }), h("span", {}, words.say(`admin.upload.${kind}`)))))),
    h("div", { class: "field" }, h("label", { for: "geojson" }, words.say("admin.upload.file")),
      h("input", { id: "geojson", key: `file:${file.kind}`, type: "file", accept: ".geojson,.json,application/geo+json", disabled: busy, onchange: { t: "ui.file" } })),
    h("div", { role: "status" }, file.busy === "check" ? h("p", {}, words.say("admin.upload.checking", { name: file.name })) : null),
    h("div", { role: "alert" }, file.refused ? [h("p", { class: "say bad" }, sentenceOf(file.refused, words)), refusedFeatures(file.refused, words)] : null,
      state.told?.did === "import" ? h("p", { class: "say good" }, words.say("admin.done.import", { n: state.told.n })) : null));
}

/** @param {any} refused @param {Words} words */
function refusedFeatures(refused, words) {
  const errors = (refused.errors ?? []).filter((/** @type {any} */ one) => one.feature);
  return errors.length ? h("ul", { class: "faults" }, errors.slice(0, SHOWN).map((/** @type {any} */ one) => h("li", {}, h("b", {}, one.feature), " ", one.detail))) : null;
}

/** @param {any} state @param {Words} words */
function report(state, words) {
  const { file } = state;
  const told = file.report;
  const looked = !told.applied;
  const whole = told.repaired.length + told.overlaps.length + told.gaps.length + told.outside.length === 0;
  const group = (/** @type {string} */ name, /** @type {any[]} */ items, /** @type {(one: any) => any} */ say) => (items.length ? h("section", { key: name },
    h("h3", {}, words.say(`admin.report.${name}`, { n: items.length })), h("p", { class: "quiet small" }, words.say(`admin.report.${name}.means`)),
    h("ul", { class: "faults" }, items.slice(0, SHOWN).map((one) => h("li", {}, say(one)))),
    items.length > SHOWN ? h("p", { class: "quiet small" }, words.say("admin.report.rest", { n: items.length - SHOWN })) : null) : null);
  const area = (/** @type {string} */ id) => h("button", { class: "plain", "data-area": id, "aria-pressed": file.chosen === id ? "true" : "false", onclick: { t: "ui.area", id } }, named(id, state, words));
  const ground = (/** @type {number} */ m2) => (m2 >= 10_000 ? words.say("admin.hectares", { n: (m2 / 10_000).toFixed(1) }) : words.say("admin.square_metres", { n: Math.round(m2) }));
  return h("section", { key: "report", class: "card", "aria-label": words.say("admin.report") },
    h("h2", { id: "report", tabindex: "-1" }, words.say(looked ? "admin.report" : "admin.report.done")),
    h("p", { class: "row" },
      h("span", { class: "badge blue" }, shape("dot"), words.say("admin.report.areas", { n: told.areas })),
      ["added", "moved", "dropped"].map((name) => h("span", { class: `badge ${name === "dropped" && told[name].length ? "amber" : ""}` }, shape(name === "dropped" ? "warn" : "circle"),
        words.say(`admin.report.count.${name}`, { n: told[name].length })))),
    whole ? h("p", { class: "say good" }, words.say("admin.report.whole")) : null,
    group("moved", told.moved, area), group("added", told.added, area), group("dropped", told.dropped, area),
    group("repaired", told.repaired, (one) => [area(one.id), " ", one.fault, " ", h("span", { class: "quiet" }, words.say("admin.report.share", { n: (one.share * 100).toPrecision(2) }))]),
    group("overlaps", told.overlaps, (one) => [area(one.a), " / ", area(one.b), " ", h("span", { class: "quiet" }, ground(one.m2))]),
    group("gaps", told.gaps, (one) => [one.what, " ", h("span", { class: "quiet" }, ground(one.m2))]),
    group("outside", told.outside, (one) => [one.what, " ", h("span", { class: "quiet" }, ground(one.m2))]),
    looked ? h("form", { class: "fields", onsubmit: { t: "ui.import" }, novalidate: true },
      h("div", { class: "field" }, h("label", { for: "f-import" }, words.say("admin.why")), h("span", { id: "f-import-hint", class: "quiet small" }, words.say("admin.why.hint")),
        h("input", { id: "f-import", type: "text", value: file.reason, maxlength: 500, autocomplete: "off", required: true, "aria-describedby": "f-import-hint", oninput: { t: "ui.reason" } })),
      h("button", { class: "main", type: "submit", "data-do": "import", "aria-disabled": file.busy || !file.reason.trim() ? "true" : null },
        words.say(file.busy === "import" ? "admin.saving" : `admin.import.${file.kind}`, { n: told.areas }))) : null);
}

/** @param {string} id @param {any} state @param {Words} words */
function named(id, state, words) {
  const { kind, report: told } = state.file;
  const found = (told.after ?? []).find((/** @type {any} */ one) => one.properties.id === id)?.properties ?? state.areas.find((/** @type {any} */ one) => one.kind === kind && one.id === id);
  const name = found?.name ? nameIn({ ...found, id }, words) : id;
  return name === id ? id : `${name} (${id})`;
}
