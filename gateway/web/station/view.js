/** What the desk sees, from the state alone: queue, map, card. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { map } from "../shared/live_map.js";
import { MARKS, badge, lineBar, lineRefused, ring, shape, skeleton, top } from "../shared/pieces.js";
import { categoryName, distanceSay, metresBetween, stationName } from "../shared/places.js";
import { signInView } from "../shared/sign_in.js";
import { RATIO, alarms, groups, may, roster } from "./reducer.js";

const DISPOSITIONS = ["advice_given", "referred", "report_taken", "unfounded", "duplicate", "hoax"];
const ALARMS_SHOWN = 2;

export function view(state, words) {
  const more = state.signed ? [
    h("button", { class: "plain", onclick: { t: "ui.help" } }, words.say("desk.help")),
    h("button", { class: "plain", onclick: { t: "ui.sign_out" } }, words.say("sign_in.out"))] : [];
  return [lineBar(state, words), top(words, "desk", more), body(state, words)];
}

function body(state, words) {
  if (!state.signed) return signInView(state, words, "desk");
  if (state.line === "refused") return h("main", { key: "main", id: "main", class: "column" }, lineRefused(state, words));
  if (!state.ready) return skeleton(words);
  return h("main", { key: "desk", id: "main", class: "desk" },
    h("h1", { class: "unseen" }, words.say("desk.title")),
    alarmBar(state, words),
    h("section", { class: "queue", "aria-label": words.say("desk.queue") }, queue(state, words)),
    h("section", { class: "middle", "aria-label": words.say("desk.map") }, picture(state, words), officers(state, words)),
    h("section", { class: "side", "aria-label": words.say("desk.card") }, state.help ? help(state, words) : null, card(state, words)));
}

function alarmBar(state, words) {
  const rung = alarms(state);
  return h("div", { class: "alarms", role: "alert" }, rung.slice(0, ALARMS_SHOWN).map((one) =>
    h("p", { key: one.case, class: "say bad row apart" },
      h("span", {}, words.say("desk.alarm", { category: categoryName(one.category, state.categories, words),
        station: stationName(one.station, state.areas, words), minutes: age(one, state) })),
      h("button", { onclick: { t: "ui.open", case: one.case } }, words.say("desk.open")))),
  rung.length > ALARMS_SHOWN ? h("p", { class: "small" }, words.say("desk.more_alarms", { n: rung.length - ALARMS_SHOWN })) : null);
}

const age = (it, state) => Math.max(0, Math.floor((state.now_ms - it.received_ms) / 60_000));

function queue(state, words) {
  const shown = groups(state).filter((group) => group.cases.length);
  if (!shown.length) return h("div", { class: "empty" }, h("p", { class: "large" }, words.say("desk.empty")), h("p", { class: "quiet" }, words.say("desk.empty_next")));
  return shown.map((group) => h("div", { key: group.name, class: "group" },
    h("h2", {}, words.say(`desk.group.${group.name}`), h("span", { class: "quiet" }, ` ${group.cases.length}`)),
    h("ul", {}, group.cases.map((one) => row(one, state, words)))));
}

function row(it, state, words) {
  const urgent = it.status === "at_station" && !it.acknowledged;
  return h("li", { key: it.case },
    h("button", { class: `item ${urgent ? "urgent" : ""}`, "data-case": it.case, "data-status": it.status,
      "aria-current": state.open === it.case ? "true" : null, onclick: { t: "ui.open", case: it.case } },
    h("span", { class: "fill" },
      h("span", { class: "row apart" }, h("b", {}, categoryName(it.category, state.categories, words)), h("span", { class: "quiet small" }, words.say("desk.age", { minutes: age(it, state) }))),
      h("span", { class: "line-1 quiet" }, it.words),
      h("span", { class: "row" }, badge(it.status, words), it.holders.map((seat) => h("span", { class: "small" }, seat.call_sign)),
        urgent ? h("span", { class: "badge amber" }, words.say("desk.unseen")) : null)),
    it.ends_ms ? ring(it.ends_ms, state.now_ms, words, { small: true }) : null));
}

function picture(state, words) {
  const open_cases = Object.values(state.cases).filter((one) => !["cleared", "withdrawn"].includes(one.status));
  const marks = [
    ...open_cases.map((one) => ({ key: `case:${one.case}`, kind: "case", lat: one.place.lat, lon: one.place.lon, colour: MARKS[one.status][1],
      open: one.case === state.open, press: { t: "ui.open", case: one.case } })),
    ...roster(state).filter((one) => one.on && one.place).map((one) => ({ key: one.officer, kind: "unit", lat: one.place.lat, lon: one.place.lon,
      sign: one.call_sign, busy: Boolean(one.on_case) }))];
  return h("div", { class: "picture" },
    map({ camera: state.camera, ratio: RATIO, areas: state.areas, marks, words, across_px: 620, label: words.say("desk.map_label", { cases: open_cases.length }) }),
    h("p", { class: "legend small quiet" },
      h("span", { class: "badge blue" }, shape("dot"), words.say("desk.free")),
      h("span", { class: "badge amber" }, shape("dot"), words.say("desk.busy")),
      h("span", { class: "badge blue" }, shape("diamond"), words.say("desk.a_case")),
      h("span", { class: "badge amber" }, shape("house"), words.say("desk.needs"))));
}

function officers(state, words) {
  const all = roster(state).filter((one) => one.on);
  return h("div", { class: "roster" },
    h("h2", {}, words.say("desk.officers"), h("span", { class: "quiet" }, ` ${all.length}`)),
    all.length ? h("ul", {}, all.map((one) => h("li", { key: one.officer, class: "row", "data-officer": one.call_sign },
      h("span", { class: `badge ${one.on_case ? "amber" : "green"}` }, shape(one.on_case ? "triangle" : "dot"), words.say(one.on_case ? "desk.busy" : "desk.free")),
      h("b", {}, one.call_sign), h("span", {}, one.surname),
      one.place ? null : h("span", { class: "quiet small" }, words.say("desk.no_place"))))) : h("p", { class: "quiet" }, words.say("desk.no_officers")));
}

function card(state, words) {
  const it = state.cases[state.open];
  if (!it) return h("div", { key: "none", class: "card" }, h("p", { class: "quiet" }, words.say("desk.choose")));
  const allowed = may(it);
  const going = Boolean(state.going[it.case]);
  return h("article", { key: it.case, class: "card", "data-card": it.case },
    h("div", { class: "row apart" }, h("h2", { class: "large" }, categoryName(it.category, state.categories, words)),
      it.ends_ms ? ring(it.ends_ms, state.now_ms, words) : null),
    h("p", { role: "status" }, badge(it.status, words), it.exercise ? h("span", { class: "badge" }, words.say("desk.exercise")) : null),
    h("p", {}, it.words),
    facts(it, state, words),
    h("div", { role: "alert" }, state.refused?.case === it.case ? h("p", { class: "say bad" }, sentenceOf(state.refused, words)) : null),
    allowed.acknowledge ? h("button", { class: "main", "data-do": "acknowledge", "aria-disabled": going ? "true" : null, onclick: { t: "ui.acknowledge" } },
      words.say("desk.acknowledge"), h("kbd", { "aria-hidden": "true" }, "t")) : null,
    allowed.assign ? assign(it, state, words, going) : null,
    allowed.clear ? clear(state, words, going) : null);
}

function facts(it, state, words) {
  const pair = (key, said) => (said ? [h("dt", {}, words.say(key)), h("dd", {}, said)] : null);
  return h("dl", { class: "facts small" },
    pair("desk.fact.age", words.say("desk.age", { minutes: age(it, state) })),
    pair("desk.fact.station", stationName(it.station, state.areas, words)),
    pair("desk.fact.why", it.status === "at_station" && it.desk_reason ? words.say(`desk.why.${it.desk_reason}`) : null),
    pair("desk.fact.seen", it.status === "at_station" ? words.say(it.acknowledged ? "desk.seen" : "desk.unseen") : null),
    pair("desk.fact.round", it.round ? words.say("desk.round", { n: it.round }) : null),
    pair("desk.fact.officers", it.holders.map((one) => `${one.call_sign} ${one.surname} · ${words.say(`status.${one.state}`)}`).join(" / ")),
    pair("desk.fact.place", `${it.place.lat.toFixed(5)}, ${it.place.lon.toFixed(5)}`),
    pair("desk.fact.ended", it.disposition ? words.say(`disposition.${it.disposition}`) : null));
}

function assign(it, state, words, going) {
  const free = roster(state).filter((one) => one.on && !one.on_case)
    .map((one) => ({ ...one, metres: one.place ? metresBetween(one.place, it.place) : Infinity }))
    .sort((a, b) => a.metres - b.metres || a.call_sign.localeCompare(b.call_sign));
  return h("form", { key: "assign", class: "field", onsubmit: { t: "ui.assign" } },
    h("label", { for: "assign" }, words.say(it.holders.length ? "desk.reassign" : "desk.assign")),
    free.length ? h("div", { class: "row" },
      h("select", { id: "assign", class: "fill", value: state.officer, onchange: { t: "ui.officer" } },
        h("option", { value: "" }, words.say("desk.choose_officer")),
        free.map((one) => h("option", { value: one.officer }, `${one.call_sign} ${one.surname}`
          + (Number.isFinite(one.metres) ? ` · ${distanceSay(one.metres, words)}` : "")))),
      h("button", { type: "submit", "data-do": "assign", "aria-disabled": going || !state.officer ? "true" : null }, words.say("desk.send"))) :
      h("p", { class: "quiet" }, words.say("desk.none_free")));
}

const clear = (state, words, going) =>
  h("form", { class: "field", onsubmit: { t: "ui.clear" } },
    h("label", { for: "ending" }, words.say("desk.clear")),
    h("div", { class: "row" },
      h("select", { id: "ending", class: "fill", value: state.disposition, onchange: { t: "ui.disposition" } },
        h("option", { value: "" }, words.say("disposition.choose")),
        DISPOSITIONS.map((one) => h("option", { value: one }, words.say(`disposition.${one}`)))),
      h("button", { type: "submit", "data-do": "clear", "aria-disabled": going || !state.disposition ? "true" : null }, words.say("desk.close"))));

function help(state, words) {
  const lines = [["j k", "move"], ["t", "take"], ["a", "assign"], ["Esc", "shut"], ["?", "help"]];
  return h("aside", { key: "help", class: "card" },
    h("h2", {}, words.say("desk.help.title")),
    h("dl", { class: "facts" }, lines.map(([keys, does]) => [h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, words.say(`desk.help.${does}`))])),
    h("button", { "aria-pressed": state.keys ? "true" : "false", onclick: { t: "ui.keys" } }, words.say(state.keys ? "desk.keys.off" : "desk.keys.on")));
}
