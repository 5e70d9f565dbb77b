/** What stands in the map's place when it is asked for: figures, the hand-over list, a supervisor's stations, the keys. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { shape } from "../shared/pieces.js";
import { categoryName, stationName } from "../shared/places.js";
import { nameOf, surnameIn } from "../shared/surnames.js";
import { ACTS } from "./acts.js";
import { ago, clockOf, lasted } from "./said.js";
import { stationOf } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../shared/words.js").Words} Words */

export const PERIODS = ["shift", "day", "week"];
export const GROUPINGS = ["hour", "category"];

/** @param {any} asked @param {Words} words */
const loading = (asked, words) => (asked?.refused ? h("p", { class: "say bad", role: "alert" }, sentenceOf(asked.refused, words)) : h("p", { class: "quiet", role: "status", "aria-busy": "true" }, words.say("loading")));

/** @param {State} state @param {Words} words */
export function figuresPanel(state, words) {
  const asked = state.figures;
  const pick = (/** @type {string} */ name, /** @type {string[]} */ all) => h("div", { class: "segments", role: "radiogroup", "aria-label": words.say(`desk.figures.${name}`) }, all.map((one) => h("label", { key: one, class: "segment" },
    h("input", { type: "radio", name, value: one, checked: asked?.[name] === one, onchange: { t: "ui.load", what: "figures", asks: { [name]: one } } }), h("span", {}, words.say(`desk.figures.${name}.${one}`)))));
  const whole = asked?.answer?.whole;
  return [h("div", { class: "row apart" }, pick("period", PERIODS), pick("by", GROUPINGS)),
    whole ? [tiles(whole, words), table(asked, state, words)] : loading(asked, words)];
}

/** @param {number | null | undefined} share @param {Words} words */
const percent = (share, words) => (share == null ? words.say("desk.none") : new Intl.NumberFormat(words.lang, { style: "percent", maximumFractionDigits: 1 }).format(share));

const TIMES = new Set(["to_claim", "to_arrival"]); // two figures each

/** @param {any} whole @param {Words} words */
function tiles(whole, words) {
  const two = (/** @type {any} */ times) => (times.n ? `${lasted(times.p50, words)} / ${lasted(times.p90, words)}` : words.say("desk.none"));
  const all = [["cases", whole.cases], ["claimed", whole.claimed], ["fallback", percent(whole.fallback_share, words)], ["to_claim", two(whole.received_to_claim_ms)], ["to_arrival", two(whole.claim_to_arrival_ms)],
    ["sent_to_desk", whole.sent_to_desk], ["handed_back", whole.handed_back], ["declined", whole.declined], ["silent", whole.silent], ["reopened", whole.reopened]];
  return h("dl", { class: "tiles" }, all.map(([name, said]) => h("div", { key: name, class: `tile${TIMES.has(name) ? " wide" : ""}`, "data-figure": name }, h("dt", {}, words.say(`desk.figures.${name}`)), h("dd", {}, said))));
}

/** @param {any} asked @param {State} state @param {Words} words */
function table(asked, state, words) {
  const { groups } = asked.answer;
  const named = (/** @type {string} */ key) => (asked.answer.by === "category" ? categoryName(key, state.categories, words) : asked.answer.by === "hour" ? words.say("desk.figures.at", { hour: key }) : key);
  if (!groups.length) return h("p", { class: "quiet" }, words.say("desk.figures.empty"));
  return h("table", { class: "table small" }, h("caption", { class: "unseen" }, words.say("desk.panel.figures")),
    h("thead", {}, h("tr", {}, ["by", "cases", "claimed", "fallback", "to_claim_p50", "to_claim_p90"].map((one) => h("th", { scope: "col" }, words.say(`desk.figures.col.${one}`))))),
    h("tbody", {}, groups.map((/** @type {any} */ one) => h("tr", { key: one.key }, h("th", { scope: "row" }, named(one.key)), h("td", {}, one.cases), h("td", {}, one.claimed), h("td", {}, percent(one.fallback_share, words)),
      h("td", {}, lasted(one.received_to_claim_ms.p50, words)), h("td", {}, lasted(one.received_to_claim_ms.p90, words))))));
}

/** @param {State} state @param {Words} words */
export function handoverPanel(state, words) {
  const found = state.handover?.answer;
  if (!found) return loading(state.handover, words);
  return [
    h("p", { class: "quiet small" }, words.say("desk.handover.lead", { time: words.clock(state.handover.at_ms ?? 0), n: found.cases.length })),
    h("section", { "aria-label": words.say("desk.handover.desks") }, h("h3", {}, words.say("desk.handover.desks")), h("ul", { class: "row" }, found.desks.map((/** @type {import("./state.js").AtDesk} */ one) =>
      h("li", { key: one.account, class: "badge" }, shape(one.on_shift_ms === null ? "circle" : "tick"), one.login, h("span", { class: "quiet" }, one.on_shift_ms === null ? words.say("desk.handover.off") : ago(one.on_shift_ms, words)))))),
    found.cases.length ? h("table", { class: "table small" }, h("caption", { class: "unseen" }, words.say("desk.panel.handover")),
      h("thead", {}, h("tr", {}, ["case", "status", "age", "officers", "next"].map((one) => h("th", { scope: "col" }, words.say(`desk.handover.${one}`))))),
      h("tbody", {}, found.cases.map((/** @type {any} */ one) => h("tr", { key: one.case, "data-handover": one.case },
        h("th", { scope: "row" }, h("button", { type: "button", class: "plain small", onclick: { t: "ui.open", case: one.case } }, categoryName(one.category, state.categories, words)), h("span", { class: "line-1 quiet" }, one.words)),
        h("td", {}, words.say(`status.${one.status}`), one.desk_reason && one.status === "at_station" ? h("span", { class: "quiet" }, ` · ${words.say(`desk.why.${one.desk_reason}`)}`) : null,
          one.alarms ? [" ", h("span", { class: "badge amber" }, words.say("desk.handover.alarms", { n: one.alarms }))] : null),
        h("td", { class: "nowrap-cell" }, ago(one.received_ago_ms, words)),
        h("td", {}, one.holders.map((/** @type {any} */ who) => nameOf(who, words)).join(words.say("list")) || words.say("desk.none")),
        h("td", {}, one.pending.map((/** @type {any} */ due) => `${words.say(words.has(`desk.due.${due.kind}`) ? `desk.due.${due.kind}` : "desk.due.other")} ${due.due_in_ms > 0 ? ago(due.due_in_ms, words) : words.say("desk.due.now")}`).join(words.say("list")) || words.say("desk.none"))))))
      : h("p", { class: "quiet" }, words.say("desk.handover.empty")),
    h("section", { "aria-label": words.say("desk.officers") }, h("h3", {}, words.say("desk.officers"), h("span", { class: "quiet" }, ` ${found.officers.length}`)),
      h("ul", { class: "columns small" }, found.officers.map((/** @type {any} */ one) => h("li", { key: one.officer }, h("b", {}, one.call_sign), ` ${surnameIn(one.surname, words)} `,
        h("span", { class: "quiet" }, one.shift_ends_in_ms === null ? words.say("desk.handover.open_end") : words.say("desk.handover.ends", { time: clockOf(state.now_ms + one.shift_ends_in_ms, state, words) })))))),
    h("div", { class: "row" }, h("button", { type: "button", onclick: { t: "ui.load", what: "handover", asks: {} } }, words.say("desk.again")), h("button", { type: "button", onclick: { t: "ui.print" } }, words.say("desk.print"))),
  ];
}

/** @param {State} state @param {Words} words */
export function stationsPanel(state, words) {
  const all = stationIds(state);
  const here = stationOf(state);
  const objected = Object.values(state.stations).flatMap((one) => one.objected ?? []).sort((a, b) => a.received_ms - b.received_ms);
  const rung = (/** @type {string} */ id) => Object.values(state.rung).filter((one) => one.station === id).length;
  return [
    h("table", { class: "table" }, h("caption", { class: "unseen" }, words.say("desk.panel.stations")),
      h("thead", {}, h("tr", {}, ["station", "alarms", "unseen", "hand", "offered", "under_way", "officers"].map((one) => h("th", { scope: "col" }, words.say(`desk.stations.${one}`))))),
      h("tbody", {}, all.map((id, n) => {
        const told = state.stations[id] ?? {};
        return h("tr", { key: id, class: rung(id) ? "rung" : "", "data-station": id, "aria-current": id === here ? "true" : null },
          h("th", { scope: "row" }, h("button", { type: "button", class: id === here ? "main" : "", onclick: { t: "ui.follow", station: id } }, stationName(id, state.areas, words), n < 9 ? h("kbd", { "aria-hidden": "true" }, n + 1) : null)),
          h("td", {}, rung(id) ? h("span", { class: "badge amber strong" }, shape("warn"), rung(id)) : 0), [told.unseen, told.hand, told.offered, told.under_way, told.officers].map((said, at) => h("td", { key: at }, said ?? "…")));
      }))),
    h("section", { "aria-label": words.say("desk.objections") }, h("h3", {}, words.say("desk.objections"), h("span", { class: "quiet" }, ` ${objected.length}`)),
      objected.length ? h("ul", { class: "stack" }, objected.map((one) => h("li", { key: one.case }, h("button", { type: "button", class: "item", "data-objection": one.case, onclick: { t: "ui.follow", station: one.station, case: one.case } },
        h("span", { class: "fill" }, h("b", {}, categoryName(one.category, state.categories, words)), h("span", { class: "line-1 quiet" }, one.words)), h("span", { class: "quiet small" }, ago(state.now_ms - one.received_ms, words))))))
        : h("p", { class: "quiet small" }, words.say("desk.objections_none"))),
  ];
}

/** Every station with an area, and the catch-all desk. @param {State} state */
export const stationIds = (state) => [...new Set(state.areas.filter((one) => one.kind === "station").map((one) => one.station)), "other"];

/** @param {State} state @param {Words} words */
export function helpPanel(state, words) {
  const general = [["j k", "move"], ["Enter", "card"], ["n", "new"], ["/", "search"], ["i", "chat"], ["z", "panic"], ["g", "figures"], ["l", "handover"], [".", "stations"], ["q", "sound"], ["Esc", "shut"], ["?", "help"]]
    .filter(([key]) => key !== "." || state.me?.role === "supervisor");
  const acts = ACTS.filter((act) => !act.supervisor || state.me?.role === "supervisor");
  const list = (/** @type {[string, string][]} */ lines) => h("dl", { class: "keys" }, lines.map(([keys, said]) => h("div", { key: keys, class: "key" }, h("dt", {}, keys.split(" ").map((key) => h("kbd", { key }, key))), h("dd", {}, said))));
  return [
    h("h3", {}, words.say("desk.help.everywhere")), list(general.map(([keys, does]) => [keys, words.say(`desk.help.${does}`)])),
    h("h3", {}, words.say("desk.help.on_case")), list(acts.map((act) => [act.key, words.say(`desk.act.${act.name}`)])),
    h("p", { class: "quiet small" }, words.say("desk.help.drag")),
    h("p", { class: "quiet small" }, words.say("desk.help.sounds")),
    h("button", { type: "button", "aria-pressed": state.keys ? "true" : "false", onclick: { t: "ui.keys" } }, words.say(state.keys ? "desk.keys.off" : "desk.keys.on")),
  ];
}

