/** The right column: the open case with everything that is known of it and may be done to it. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { MARKS, badge, ring, shape } from "../shared/pieces.js";
import { categoryName, distanceSay, metresBetween, stationName } from "../shared/places.js";
import { nameOf, surnameIn } from "../shared/surnames.js";
import { CLOSED, allowed, mayTalk, priorityOf } from "./acts.js";
import { formView } from "./form_view.js";
import { identityView } from "./identity.js";
import { nameOfAccount, unseen } from "./queue.js";
import { ago, clockOf, entrySaid, reasonSaid, whySaid } from "./said.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Case} Case */
/** @typedef {import("../shared/words.js").Words} Words */

/** What is done most, as large buttons; the rest stands small beneath. */
const REPORTERS = new Set(["anonymous", "named"]); // as a history names who reported
const FIRST_ACTS = new Set(["take", "acknowledge", "assign", "add"]);

/** @param {State} state @param {Words} words */
export function card(state, words) {
  const it = state.open ? state.cases[state.open] : null;
  if (!it) return h("div", { key: "none", class: "card none" }, h("p", { class: "quiet" }, words.say("desk.choose")), h("p", { class: "quiet small" }, words.say("desk.choose_next")));
  return h("article", { key: it.case, class: "card the-card", "data-card": it.case },
    header(it, state, words),
    h("div", { key: "refused", role: "alert" }, state.refused?.case === it.case && !state.sheet ? h("p", { class: "say bad", "data-refused": state.refused.reason }, sentenceOf(state.refused, words)) : null),
    state.sheet?.case === it.case ? formView(state.sheet, it, state, words) : acts(it, state, words),
    twins(it, state, words),
    warnings(it, state, words),
    people(it, state, words),
    facts(it, state, words),
    identityView(it, state, words),
    chat(it, state, words),
    timeLine(it, state, words));
}

/** @param {Case} it @param {State} state @param {Words} words */
function header(it, state, words) {
  const priority = priorityOf(it.category, state.categories);
  return h("header", { key: "head", class: "card-head" },
    h("div", { class: "row apart nowrap" },
      h("h2", { class: "large", id: "card-title", tabindex: -1, "data-keep": `title:${it.case}` }, categoryName(it.category, state.categories, words)),
      it.ends_ms ? ring(it.ends_ms, state.now_ms, words) : h("p", { class: "clock", "aria-label": words.say("desk.fact.age") }, ago(state.now_ms - it.received_ms, words))),
    h("p", { class: "row tight", role: "status" }, badge(it.status, words), unseen(it) ? h("span", { class: "badge amber strong" }, words.say("desk.unseen")) : null,
      priority < 3 ? h("span", { class: "priority" }, words.say("desk.priority", { n: priority })) : null,
      it.objected ? h("span", { class: "badge amber" }, shape("warn"), words.say("desk.objected")) : null,
      it.exercise ? h("span", { class: "badge exercise" }, words.say("desk.exercise")) : null,
      it.channel === "web" ? null : h("span", { class: "badge" }, words.say(`desk.channel.${it.channel}`))),
    h("p", { class: "words" }, it.words));
}

/** @param {Case} it @param {State} state @param {Words} words */
function acts(it, state, words) {
  const all = allowed(it, state);
  const going = state.going[it.case];
  if (!all.length) return it.objected && !CLOSED.has(it.status) ? h("p", { key: "acts", class: "say wait" }, words.say("refused.supervisor_only")) : null;
  const button = (/** @type {import("./acts.js").Act} */ act, /** @type {string} */ look) => h("button", { key: act.name, type: "button", class: look, "data-do": act.name, "data-keep": `act:${act.name}`, "aria-disabled": going ? "true" : null,
    "aria-keyshortcuts": state.keys ? act.key : null, onclick: { t: "ui.act", name: act.name } }, labelOf(act, it, words), h("kbd", { "aria-hidden": "true" }, act.key));
  const large = all.filter((act) => FIRST_ACTS.has(act.name));
  const small = all.filter((act) => !FIRST_ACTS.has(act.name));
  return h("div", { key: "acts", class: "acts", role: "group", "aria-label": words.say("desk.acts") },
    large.length ? h("div", { class: "acts-large" }, large.map((act, n) => button(act, n === 0 ? "main" : ""))) : null,
    small.length ? h("div", { class: "acts-small" }, small.map((act) => button(act, "chip"))) : null,
    going ? h("p", { class: "quiet small", role: "status" }, words.say("desk.going")) : null);
}

/** @param {import("./acts.js").Act} act @param {Case} it @param {Words} words */
export const labelOf = (act, it, words) => words.say(act.name === "assign" && it.status !== "at_station" ? "desk.act.reassign" : `desk.act.${act.name}`);

/** @param {Case} it @param {State} state @param {Words} words */
function twins(it, state, words) {
  const list = state.twins?.case === it.case ? state.twins.list : [];
  if (!list.length || state.sheet) return null;
  return h("p", { key: "twins", class: "say wait small row apart", "data-twins": list.length }, h("span", {}, words.say("desk.twins", { n: list.length })),
    allowed(it, state).some((act) => act.name === "merge") ? h("button", { type: "button", onclick: { t: "ui.act", name: "merge" } }, words.say("desk.twins_look"), h("kbd", { "aria-hidden": "true" }, "m")) : null);
}

/** @param {Case} it @param {State} state @param {Words} words */
function warnings(it, state, words) {
  const known = state.known?.case === it.case ? state.known : null;
  if (!known || (!known.hazards.length && !known.earlier.length)) return null;
  return h("section", { key: "known", class: "known", "aria-label": words.say("desk.known") },
    known.hazards.map((one) => h("p", { key: one.hazard, class: "say bad small" }, h("b", {}, words.say("desk.hazard")), " ", one.words)),
    known.earlier.length ? h("details", {}, h("summary", { class: "small" }, words.say("desk.earlier", { n: known.earlier.length })),
      h("ul", { class: "small" }, known.earlier.map((one, n) => h("li", { key: n }, `${one.on} · ${categoryName(one.category, state.categories, words)}`
        + (one.disposition ? ` · ${words.say(`disposition.${one.disposition}`)}` : ""))))) : null);
}

/** @param {Case} it @param {State} state @param {Words} words */
function people(it, state, words) {
  if (!it.holders.length && !it.owner) return null;
  return h("section", { key: "people", class: "people", "aria-label": words.say("desk.people") },
    h("h3", {}, words.say("desk.people")),
    h("ul", {}, it.owner ? h("li", { class: "row tight" }, shape("house"), words.say("desk.owner", { who: nameOfAccount(it.owner, state, words) })) : null,
      it.holders.map((seat) => {
        const at = state.at[seat.officer];
        const [mark, colour] = MARKS[seat.state] ?? ["dot", ""];
        return h("li", { key: seat.officer, class: "row tight" }, h("span", { class: `badge ${colour}` }, shape(mark)), h("b", {}, seat.call_sign), h("span", {}, surnameIn(seat.surname, words)),
          h("span", { class: "quiet small" }, words.say(`status.${seat.state}`), at && seat.state !== "on_scene" ? ` · ${distanceSay(metresBetween(at, it.place), words)}` : ""),
          seat.check_in ? h("span", { class: "badge amber strong" }, words.say(`desk.check_in.${seat.check_in}`)) : null,
          seat.watch ? h("span", { class: "badge amber strong" }, words.say(`desk.watch.${seat.watch}`)) : null);
      }),
      it.holders.length && it.seats > it.holders.length ? h("li", { class: "quiet small" }, words.say("desk.seats_free", { n: it.seats - it.holders.length })) : null));
}

/** @param {Case} it @param {State} state @param {Words} words */
function facts(it, state, words) {
  const pair = (/** @type {string} */ key, /** @type {any} */ said) => (said ? [h("dt", {}, words.say(key)), h("dd", {}, said)] : null);
  const agreed = it.appointment;
  return h("dl", { key: "facts", class: "facts small" },
    pair("desk.fact.received", clockOf(it.received_ms, state, words)),
    pair("desk.fact.station", stationName(it.station, state.areas, words)),
    pair("desk.fact.why", it.status === "at_station" && it.desk_reason ? whySaid(it.desk_reason, toldOf(it, state), words) : null),
    pair("desk.fact.trust", trustSaid(it, state, words)),
    pair("desk.fact.seen", it.status === "at_station" ? words.say(it.acknowledged ? "desk.seen" : "desk.unseen") : null),
    pair("desk.fact.held", it.quiet_until_ms ? clockOf(it.quiet_until_ms, state, words) : null),
    pair("desk.fact.appointment", agreed ? words.say("desk.appointment", { begins: dayClock(agreed.begins, words), ends: words.clock(Date.parse(agreed.ends)), answer: words.say(`desk.appointment.${agreed.answer}`) }) : null),
    pair("desk.fact.round", it.round ? words.say("desk.round", { n: it.round }) : null),
    pair("desk.fact.place", `${it.place.lat.toFixed(5)}, ${it.place.lon.toFixed(5)}${it.place.within_m ? ` · ${words.say("desk.within", { n: Math.round(it.place.within_m) })}` : ""}`),
    pair("desk.fact.reports", it.reports.length ? words.say("desk.reports", { n: it.reports.length + 1 }) : null),
    pair("desk.fact.merged", it.merged_into ? words.say("status.merged") : null),
    pair("desk.fact.ended", it.disposition ? words.say(`disposition.${it.disposition}`) + (it.referred_to ? ` · ${it.referred_to}` : "") : null),
    pair("desk.fact.stars", it.stars ? words.say("desk.stars", { n: it.stars }) : null),
    pair("desk.fact.case", it.case.slice(0, 8)));
}

/** @param {string} at @param {Words} words */
export const dayClock = (at, words) => new Intl.DateTimeFormat(words.lang, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(at));

/** @param {Case} it @param {State} state @param {Words} words */
function chat(it, state, words) {
  const talk = state.talks[it.case];
  if (!mayTalk(it) && !talk?.lines.length) return null;
  const lines = talk?.lines ?? [];
  return h("section", { key: "chat", class: "chat", "aria-label": words.say("desk.chat") },
    h("h3", { class: "row tight" }, words.say("desk.chat"), talk?.unread ? h("span", { class: "badge blue" }, words.say("desk.unread", { n: talk.unread })) : null),
    talk?.more ? h("p", { class: "quiet small" }, words.say("desk.chat_earlier")) : null,
    lines.length ? h("div", { class: "lines", role: "log", tabindex: 0, "aria-label": words.say("desk.chat") }, h("ol", {}, lines.map((line) => h("li", { key: line.seq, class: `line ${line.by}` },
      h("span", { class: "quiet small" }, line.by === "officer" && line.officer ? nameOf(line.officer, words) : words.say(`desk.by.${line.by}`), " ", words.clock(Date.parse(line.at))),
      h("span", {}, line.words || h("i", { class: "quiet" }, words.say("desk.erased"))))))) : h("p", { class: "quiet small" }, words.say("desk.chat_empty")),
    mayTalk(it) ? h("form", { class: "row nowrap", onsubmit: { t: "ui.say" } },
      h("label", { class: "unseen", for: "say" }, words.say("desk.chat_write")),
      h("input", { id: "say", class: "fill", maxlength: 1000, autocomplete: "off", placeholder: words.say("desk.chat_write"), value: state.drafts[it.case] ?? "", oninput: { t: "ui.draft" } }),
      h("button", { type: "submit", "data-do": "say", "aria-disabled": state.going[it.case] || !state.drafts[it.case]?.trim() ? "true" : null }, words.say("desk.chat_send"))) : null);
}

/** The open case's history, as far as it has come. @param {Case} it @param {State} state */
const toldOf = (it, state) => (state.told?.case === it.case ? state.told.entries : []);

/** What was known of who reports when the report came, as its first entry says. @param {Case} it @param {State} state @param {Words} words */
function trustSaid(it, state, words) {
  const first = toldOf(it, state)[0];
  if (first?.kind !== "received" || !REPORTERS.has(first.actor)) return null; // a clerk's entry, or an exercise
  return words.say(`desk.trust.${first.actor === "anonymous" ? "anonymous" : first.body.trust ?? "confirmed"}`);
}

/** The whole history, the latest first. @param {Case} it @param {State} state @param {Words} words */
function timeLine(it, state, words) {
  const entries = state.told?.case === it.case ? state.told.entries : null;
  return h("section", { key: "history", class: "history", "aria-label": words.say("desk.history") },
    h("h3", {}, words.say("desk.history")),
    entries ? h("ol", {}, folded(entries).toReversed().map(({ entry, times }) => {
      const reason = reasonSaid(entry, entries, words);
      return h("li", { key: entry.seq, "data-told": entry.kind }, h("time", { class: "quiet", datetime: entry.at }, timeOf(entry.at, words)),
        h("span", {}, entrySaid(entry, state, words), times > 1 ? h("b", {}, ` × ${times}`) : null, reason ? h("span", { class: "quiet" }, ` “${reason}”`) : null));
    })) : h("p", { class: "quiet small", "aria-busy": "true" }, words.say("loading")));
}

/**
 * What the service repeats while nobody answers stands once, with how often, at the time of the last.
 * @param {import("./state.js").Told[]} entries
 */
export function folded(entries) {
  /** @type {{entry: import("./state.js").Told, times: number}[]} */
  const found = [];
  for (const entry of entries) {
    const last = found.at(-1);
    if (last && last.entry.kind === "alarm_raised" && entry.kind === "alarm_raised") found[found.length - 1] = { entry, times: last.times + 1 };
    else found.push({ entry, times: 1 });
  }
  return found;
}

/** @param {string} at @param {Words} words */
const timeOf = (at, words) => new Intl.DateTimeFormat(words.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(new Date(at));

