/** What the citizen sees, from the state alone. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { map } from "../shared/live_map.js";
import { badge, lineBar, lineRefused, nameOf, ring, secondsLeft, shape, skeleton, top } from "../shared/pieces.js";
import { categoryName, stationName } from "../shared/places.js";
import { RATIO, etaOf, liveCamera, mayWithdraw } from "./reducer.js";

const CLOSED = ["cleared", "withdrawn"];

export function viewFor(emergency) {
  return (state, words) => [
    lineBar(state, words),
    top(words, "citizen"),
    urgent(emergency, words),
    body(state, words),
  ];
}

function body(state, words) {
  if (!state.places) return skeleton(words);
  if (state.line === "refused") return h("main", { key: "main", id: "main", class: "column" }, lineRefused(state, words));
  if (state.signed) return live(state, words);
  return form(state, words);
}

const urgent = (number, words) =>
  h("aside", { key: "urgent", class: "urgent" },
    h("p", {}, words.say("citizen.urgent", { number })),
    h("a", { class: "button", href: `tel:${number}` }, words.say("citizen.call", { number })));

function form(state, words) {
  return h("main", { key: "form", id: "main", class: "column" },
    h("h1", { class: "large" }, words.say("citizen.ask")),
    problems(state, words),
    h("form", { class: "report", onsubmit: { t: "ui.report" }, novalidate: true },
      where(state, words), what(state, words), tell(state, words),
      h("p", { class: "quiet small" }, words.say("citizen.anonymous")),
      h("div", { class: "bottom" },
        h("button", { class: "red wide", type: "submit", "aria-disabled": state.sending === "no" ? null : "true" },
          words.say(`citizen.send.${state.sending}`)))),
    old(state, words));
}

/** Every mistake in one place, each a link to its field. */
function problems(state, words) {
  const wrong = Object.entries(state.wrong);
  const to = { place: "pin", category: "what", words: "words" };
  return h("div", { role: "alert" },
    wrong.length ? h("div", { class: "say bad" },
      h("h2", { class: "small" }, words.say("citizen.wrong.title")),
      h("ul", {}, wrong.map(([field, key]) => h("li", {}, h("a", { href: `#${to[field]}` }, words.say(key)))))) : null,
    state.refused ? h("p", { class: "say bad" }, sentenceOf(state.refused, words)) : null,
    state.sending === "waiting" ? h("p", { class: "say wait" }, words.say("citizen.waiting")) : null);
}

const wrongSay = (state, field, words) =>
  state.wrong[field] ? h("p", { class: "wrong-say", id: `${field}-wrong` }, words.say(state.wrong[field])) : null;

function where(state, words) {
  const { draft } = state;
  const marks = draft.pin ? [{ key: "pin", kind: "pin", ...draft.pin, within_m: draft.accuracy_m }] : [];
  return h("fieldset", { class: `card${state.wrong.place ? " is-wrong" : ""}`, id: "pin" },
    h("legend", { class: "unseen" }, words.say("citizen.where")),
    h("h2", {}, words.say("citizen.where")),
    wrongSay(state, "place", words),
    h("div", { class: "pick" },
      map({ camera: state.camera, ratio: RATIO, areas: state.areas, marks, label: words.say("citizen.map"), words, place: true, upgrade: "touch" })),
    h("div", { class: "row apart" },
      h("button", { type: "button", onclick: { t: "ui.locate" }, "aria-disabled": state.locating ? "true" : null },
        words.say(state.locating ? "citizen.locating" : "citizen.locate")),
      h("p", { class: "quiet small", role: "status" }, placeSay(state, words))),
    h("details", {},
      h("summary", {}, words.say("citizen.type_place")),
      h("div", { class: "field" },
        h("label", { for: "typed" }, words.say("citizen.coordinates")),
        h("input", { id: "typed", inputmode: "text", autocomplete: "off", placeholder: "32.0603, 118.7969", value: draft.typed,
          oninput: { t: "ui.typed", field: "typed" } }))));
}

function placeSay(state, words) {
  const { pin, accuracy_m } = state.draft;
  if (state.located_wrong && !pin) return words.say("citizen.not_located");
  if (!pin) return words.say("citizen.no_pin");
  return accuracy_m ? words.say("citizen.within", { n: Math.round(accuracy_m) }) : words.say("citizen.pinned");
}

function what(state, words) {
  const choices = state.categories.filter((one) => one.open !== false);
  return h("fieldset", { class: `card${state.wrong.category ? " is-wrong" : ""}`, id: "what", tabindex: -1 },
    h("legend", { class: "unseen" }, words.say("citizen.what")),
    h("h2", {}, words.say("citizen.what")),
    wrongSay(state, "category", words),
    choices.length === 0 ? h("p", { class: "say bad" }, words.say("citizen.no_categories")) : null,
    h("div", { class: "choices" }, choices.map((one) =>
      h("label", { class: "choice", key: one.id },
        h("input", { type: "radio", name: "category", value: one.id, checked: state.draft.category === one.id,
          onchange: { t: "ui.typed", field: "category" } }),
        h("span", {}, categoryName(one.id, choices, words))))));
}

function tell(state, words) {
  return h("div", { class: `card${state.wrong.words ? " is-wrong" : ""}` },
    h("h2", {}, h("label", { for: "words" }, words.say("citizen.tell"))),
    wrongSay(state, "words", words),
    h("p", { class: "quiet small", id: "words-hint" }, words.say("citizen.tell_hint")),
    h("textarea", { id: "words", rows: 3, maxlength: 2000, value: state.draft.words, "aria-describedby": "words-hint",
      oninput: { t: "ui.typed", field: "words" } }));
}

function old(state, words) {
  return h("details", { class: "card" },
    h("summary", {}, words.say("citizen.have_code")),
    h("form", { class: "row", onsubmit: { t: "ui.open" } },
      h("div", { class: "field fill" },
        h("label", { for: "code" }, words.say("citizen.code")),
        h("input", { id: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", value: state.code, oninput: { t: "ui.code" } })),
      h("button", { class: "main", type: "submit", "aria-disabled": state.opening ? "true" : null }, words.say("citizen.open"))),
    h("div", { role: "alert" }, state.code_refused ? h("p", { class: "say bad" }, sentenceOf(state.code_refused, words)) : null));
}

function live(state, words) {
  return h("main", { key: "live", id: "main", class: "column" },
    state.receipt ? receipt(state, words) : null,
    state.case ? caseCard(state, words) : h("div", { key: "wait", class: "card" }, h("p", { role: "status" }, words.say("citizen.opening"))),
    state.case ? after(state, words) : null);
}

function receipt(state, words) {
  return h("section", { key: "receipt", class: "card" },
    h("h2", {}, words.say("citizen.receipt")),
    h("p", { class: "code", "data-receipt": "" }, state.receipt),
    h("p", {}, words.say("citizen.keep_code")),
    h("div", { class: "row" },
      h("button", { onclick: { t: "ui.copy", code: state.receipt } }, words.say(state.copied ? "citizen.copied" : "citizen.copy")),
      h("button", { class: "main", onclick: { t: "ui.kept" } }, words.say("citizen.kept"))));
}

function caseCard(state, words) {
  const it = state.case;
  const coming = ["claimed", "en_route"].includes(it.status);
  return h("section", { key: "case", class: "card" },
    h("div", { class: "row apart" }, h("h1", {}, categoryName(it.category, state.categories, words)), badge(it.status, words)),
    h("div", { class: "row status-line" },
      h("p", { class: "large fill", role: "status", "aria-live": "polite", "data-status": it.status }, statusSay(state, words)),
      it.ends_ms ? ring(it.ends_ms, state.now_ms, words) : null),
    it.ends_ms ? h("p", { class: "quiet" }, untilSay(state, words)) : null,
    coming && state.draft.pin ? h("div", { class: "pick" }, map({
      camera: liveCamera(state), ratio: RATIO, areas: state.areas, zoom: false, words, label: words.say("citizen.coming_map"),
      marks: [{ key: "pin", kind: "pin", ...state.draft.pin },
        ...Object.values(state.movers).filter((one) => one.place).map((one) => ({ key: one.call_sign, kind: "unit", lat: one.place.lat, lon: one.place.lon,
          within_m: one.place.within_m, sign: one.call_sign }))] })) : null,
    steps(it, words));
}

/** The sentence of the moment: true now, with what happens next. */
export function statusSay(state, words) {
  const it = state.case;
  const station = stationName(it.station, state.areas, words);
  const who = it.officers.map((one) => nameOf(one, words)).join(words.say("list"));
  const eta = etaOf(state);
  if (it.status === "at_station") {
    const key = it.acknowledged ? "seen" : it.desk_reason === "handed_back" ? "handed_back" : "nobody";
    return words.say(`citizen.say.at_station.${key}`, { station });
  }
  if (it.status === "cleared") return words.say("citizen.say.cleared", { how: words.say(`disposition.${it.disposition ?? "none"}`) });
  const key = eta ? `citizen.say.${it.status}.eta` : `citizen.say.${it.status}`;
  return words.say(key, { who, station, time: words.clock(it.received_wall_ms), ...eta });
}

function untilSay(state, words) {
  const seconds = secondsLeft(state.case.ends_ms, state.now_ms);
  const station = stationName(state.case.station, state.areas, words);
  return words.say(seconds ? "citizen.until" : "citizen.until_now", { seconds, station });
}

/** Five steps; the third is an officer's or the station's. */
function steps(it, words) {
  const desk = it.status === "at_station";
  const line = ["received", "offered", desk ? "at_station" : "claimed", "en_route", "on_scene"];
  const reached = { received: 0, offered: 1, claimed: 2, at_station: 2, en_route: 3, on_scene: 4, cleared: 5, withdrawn: -1 }[it.status];
  if (reached < 0) return null;
  return h("ol", { class: "steps", "aria-label": words.say("citizen.steps") }, line.map((name, at) => {
    const kind = at < reached ? "done" : at === reached ? "now" : "later";
    return h("li", { class: kind, "aria-current": kind === "now" ? "step" : null },
      shape({ done: "tick", now: "dot", later: "circle" }[kind]), h("span", {}, words.say(`citizen.step.${name}`)));
  }));
}

function after(state, words) {
  const { status } = state.case;
  return h("section", { key: "after", class: "column bare" },
    h("div", { role: "alert" }, state.act_refused ? h("p", { class: "say bad" }, sentenceOf(state.act_refused, words)) : null),
    mayWithdraw(status) && !state.sure
      ? h("button", { onclick: { t: "ui.withdraw" } }, words.say("citizen.withdraw")) : null,
    mayWithdraw(status) && state.sure ? h("div", { class: "card" },
      h("p", {}, words.say("citizen.withdraw_ask")),
      h("div", { class: "row" },
        h("button", { onclick: { t: "ui.withdraw_sure" }, "aria-disabled": state.withdrawing ? "true" : null }, words.say("citizen.withdraw_sure")),
        h("button", { class: "main", onclick: { t: "ui.keep_it" } }, words.say("citizen.keep_it")))) : null,
    CLOSED.includes(status) || !state.receipt
      ? h("button", { class: "plain", onclick: { t: "ui.another" } }, words.say(CLOSED.includes(status) ? "citizen.another" : "citizen.leave")) : null);
}
