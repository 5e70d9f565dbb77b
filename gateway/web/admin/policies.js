/** Policies of each category, with what the simulator measured of three of them and what this town's history says. */

import { h } from "../shared/dom.js";
import { form, modeName, mayChange, nameOf } from "./form.js";
import { stationOf } from "./lists.js";

/** @typedef {import("../shared/words.js").Words} Words */

const MEASURES = ["wait_p50_s", "wait_p90_s", "wait_p99_s", "fallback_percent", "fairness", "way_p50_km", "phones_rung"];
const DIGITS = /** @type {Record<string, number>} */ ({ fairness: 3, way_p50_km: 2 });

/** @param {any} state @param {Words} words */
export function policies(state, words) {
  const { defaults } = state.town;
  const own = (/** @type {any} */ value, /** @type {any} */ rule, /** @type {(v: any) => string} */ say) => (value === null ? h("span", { class: "quiet" }, say(rule)) : say(value));
  const seconds = (/** @type {number} */ ms) => words.say("admin.seconds", { n: ms / 1000 });
  const heads = ["category", "mode", "window", "rings", "wave", "head_start", "turn"];
  return h("div", { class: `beside ${state.opened ? "has-form" : ""}` },
    h("div", { key: "list", class: "list" },
      h("p", { class: "quiet" }, words.say("admin.policies.lead")),
      h("div", { class: "scroll", role: "region", "aria-label": words.say("admin.tab.policies"), tabindex: "0" },
        h("table", {},
          h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, words.say(`admin.head.${head}`))))),
          h("tbody", {}, state.town.categories.map((/** @type {any} */ one) => {
            const open = state.opened?.kind === "policy" && state.opened.id === one.id;
            const hours = Object.keys(one.hours).length;
            return h("tr", { key: one.id, "data-row": one.id, class: open ? "open" : "" },
              h("th", { scope: "row" }, h("button", { class: "plain", "aria-current": open ? "true" : null, onclick: { t: "ui.open", kind: "policy", id: one.id } }, nameOf("category", one, words))),
              h("td", { "data-head": words.say("admin.head.mode") }, words.say(`admin.mode.short.${one.mode}`), " ", hours ? h("span", { class: "badge blue" }, words.say("admin.hours_else", { n: hours })) : null),
              h("td", { "data-head": words.say("admin.head.window") }, own(one.window_ms, defaults.window_ms, seconds)),
              h("td", { "data-head": words.say("admin.head.rings") }, own(one.rings_m, defaults.rings_m, (rings) => rings.join(" / "))),
              h("td", { "data-head": words.say("admin.head.wave") }, own(one.wave_ms, defaults.wave_ms, seconds)),
              h("td", { "data-head": words.say("admin.head.head_start") }, own(one.head_start_ms, defaults.head_start_ms, seconds)),
              h("td", { "data-head": words.say("admin.head.turn") }, own(one.turn_ms, defaults.turn_ms, seconds)));
          })))),
      simulated(state, words), figures(state, words)),
    state.opened ? h("div", { key: "side", class: "side" }, form(state, words)) : null);
}

/** @param {any} state @param {Words} words */
function simulated(state, words) {
  const found = state.simulated;
  const names = Object.keys(found?.compared?.wait_p50_s?.policies ?? {});
  const asked = found?.asked;
  const seeds = new Set((found?.runs ?? []).map((/** @type {any} */ run) => run.seed)).size || found?.seeds?.length || 0;
  return h("section", { key: "simulated", class: "card" },
    h("h2", {}, words.say("admin.simulated")),
    found === undefined ? h("p", { class: "quiet", role: "status" }, words.say("loading")) : null,
    found !== undefined && !names.length ? h("p", { class: "quiet" }, words.say("admin.simulated.none")) : null,
    names.length ? [
      h("p", { class: "quiet small" }, words.say("admin.simulated.of", { n: asked?.count ?? "?", officers: asked?.officers ?? "?", minutes: asked?.minutes ?? "?", seeds })),
      h("div", { class: "scroll", role: "region", "aria-label": words.say("admin.simulated"), tabindex: "0" },
        h("table", { class: "numbers" },
          h("thead", {}, h("tr", {}, h("td", {}), names.map((name) => h("th", { scope: "col" }, policyName(name, words),
            asked?.policies?.[name] ? h("span", { class: "quiet small block" }, policySays(asked.policies[name], words)) : null)), h("th", { scope: "col" }, words.say("admin.simulated.differs")))),
          h("tbody", {}, MEASURES.filter((one) => found.compared[one]).map((measure) => h("tr", {},
            h("th", { scope: "row" }, words.say(`admin.measure.${measure}`)),
            names.map((name) => h("td", {}, spread(found.compared[measure].policies[name], DIGITS[measure] ?? 1))),
            h("td", {}, differs(found.compared[measure], words))))))),
      state.opened?.kind === "policy" && mayChange(state) && asked?.policies ? h("p", { class: "row" }, h("span", {}, words.say("admin.simulated.use")),
        names.filter((name) => asked.policies[name]).map((name) => h("button", { key: name, "data-policy": name, onclick: { t: "ui.policy", name } }, policyName(name, words)))) : null,
    ] : null);
}

/** @param {string} name @param {Words} words */
const policyName = (name, words) => (words.has(`admin.policy.${name}`) ? words.say(`admin.policy.${name}`) : name);
/** @param {any} policy @param {Words} words */
const policySays = (policy, words) => [modeName(policy.mode ?? "snatch", words), (policy.rings_m ?? []).join(" / "),
  policy.head_start_s ? words.say("admin.policy.head", { n: policy.head_start_s }) : ""].filter(Boolean).join(" · ");

/** The mean, and between which seeds it lies. @param {any} one @param {number} digits */
const spread = (one, digits) => (one ? [h("b", {}, one.mean.toFixed(digits)), h("span", { class: "quiet small" }, ` ${one.least.toFixed(digits)}–${one.greatest.toFixed(digits)}`)] : "–");

/** @param {any} one @param {Words} words */
function differs(one, words) {
  const pairs = one.differences.filter((/** @type {any} */ pair) => pair.larger);
  if (!pairs.length) return h("span", { class: "quiet" }, words.say("admin.simulated.no"));
  if (pairs.length === one.differences.length && pairs.length > 1) return words.say("admin.simulated.every");
  return pairs.map((/** @type {any} */ pair) => pair.of.map((/** @type {string} */ name) => policyName(name, words)).join(" / ")).join(words.say("list"));
}

/** @param {any} state @param {Words} words */
function figures(state, words) {
  const found = state.figures;
  const rows = found ? [...found.groups, { ...found.whole, key: "" }] : [];
  const seconds = (/** @type {number | null} */ ms) => (ms == null ? "–" : (ms / 1000).toFixed(1));
  const share = (/** @type {number | null} */ part) => (part == null ? "–" : `${(part * 100).toFixed(1)} %`);
  return h("section", { key: "figures", class: "card" },
    h("h2", {}, words.say("admin.figures")),
    found === undefined ? h("p", { class: "quiet", role: "status" }, words.say("loading")) : null,
    found !== undefined && !found?.whole.cases ? h("p", { class: "quiet" }, words.say("admin.figures.none")) : null,
    found?.whole.cases ? h("div", { class: "scroll", role: "region", "aria-label": words.say("admin.figures"), tabindex: "0" },
      h("table", { class: "numbers" },
        h("thead", {}, h("tr", {}, ["station", "cases", "claim_p50", "claim_p90", "claim_p99", "fallback", "fairness"].map((head) => h("th", { scope: "col" }, words.say(`admin.head.${head}`))))),
        h("tbody", {}, rows.map((one) => h("tr", { key: one.key || "whole" },
          h("th", { scope: "row" }, one.key ? stationOf(state, one.key, words) : words.say("admin.whole")), h("td", {}, one.cases),
          h("td", {}, seconds(one.received_to_claim_ms?.p50)), h("td", {}, seconds(one.received_to_claim_ms?.p90)), h("td", {}, seconds(one.received_to_claim_ms?.p99)),
          h("td", {}, share(one.fallback_share)), h("td", {}, one.fairness == null ? "–" : one.fairness.toFixed(3))))))) : null);
}
