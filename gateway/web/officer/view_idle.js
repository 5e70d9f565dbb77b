/** Without a case: duty, the beat, where the officer is; and the settings of this phone. */

import { accountButton } from "../shared/account_view.js";
import { h } from "../shared/dom.js";
import { map } from "../shared/live_map.js";
import { cameraFor } from "../shared/map.js";
import { shape } from "../shared/pieces.js";
import { nameIn, pointsOf, stationName } from "../shared/places.js";
import { pushView } from "../shared/push.js";
import { RATIO } from "./placing.js";
import { sheet } from "./view_sheets.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 */

/** @param {string} path */
const icon = (path) => h("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, h("path", { d: path }));
const SUN = "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM12 1v3M12 20v3M1 12h3M20 12h3M4.2 4.2l2.1 2.1M17.7 17.7l2.1 2.1M4.2 19.8l2.1-2.1M17.7 6.3l2.1-2.1";
const SLIDERS = "M3 6h10M19 6h2M3 12h2M11 12h10M3 18h8M17 18h4M16 3v6M8 9v6M14 15v6";

/** @param {State} state @param {Words} words */
export function head(state, words) {
  const { sun } = state.prefs;
  return h("header", { key: "top", class: "top" },
    h("a", { class: "skip", href: "#main" }, words.say("skip")),
    h("div", { class: "who" },
      h("h1", {}, called(state, words)),
      onDuty(state, words)),
    h("span", { class: "push row nowrap" },
      h("button", { class: "square", "aria-label": words.say("officer.sun"), "aria-pressed": sun ? "true" : "false", "data-pref": "sun", onclick: { t: "ui.pref", name: "sun", on: !sun } }, icon(SUN)),
      h("button", { class: "square", "aria-label": words.say("officer.settings"), "data-sheet": "settings",
        onclick: state.sheet?.kind === "settings" ? { t: "ui.back" } : { t: "ui.sheet", kind: "settings" } }, icon(SLIDERS))));
}

/** By call sign as soon as that is known. @param {State} state @param {Words} words */
function called(state, words) {
  const call_sign = state.me?.call_sign ?? state.signed.call_sign;
  return call_sign ? words.say("officer.you", { call_sign }) : words.say("officer.title");
}

/** @param {State} state @param {Words} words */
function onDuty(state, words) {
  const on = state.on_duty === true;
  if (state.on_duty === null) return null;
  return h("p", { class: `badge ${on ? "green" : ""}`, role: "status", "data-on-duty": on ? "on" : "off" }, shape(on ? "dot" : "circle"), words.say(on ? "officer.duty.on" : "officer.duty.off"));
}

/** The switch stands where no case is before the officer, and always in the settings. @param {State} state @param {Words} words */
export function dutyRow(state, words) {
  const on = state.on_duty === true;
  return h("section", { key: "duty", class: `duty row apart nowrap${on ? " on" : ""}`, "aria-label": words.say("officer.duty") },
    h("p", {}, stationName(state.me?.station ?? "", state.areas, words)),
    h("button", { class: on ? "" : "main", role: "switch", "aria-checked": on ? "true" : "false", "data-duty": on ? "on" : "off",
      "aria-disabled": state.duty_going ? "true" : null, onclick: { t: "ui.duty", on: !on } },
    words.say(state.duty_going ? "officer.duty.going" : on ? "officer.duty.go_off" : "officer.duty.go_on")));
}

/** @param {State} state @param {Words} words */
export function idle(state, words) {
  const key = state.on_duty ? (state.fix ? "waiting" : "no_place") : "off";
  return h("section", { key: "idle", class: "card idle", "data-idle": key },
    h("p", { class: "large" }, words.say(`officer.idle.${key}`)),
    h("p", { class: "quiet" }, words.say(`officer.idle.${key}_next`)),
    h("div", { class: "pick" }, ownMap(state, words)),
    h("p", { class: "quiet small" }, beatSay(state, words), placeSay(state, words)),
    state.fix ? null : h("button", { "data-sheet": "settings", onclick: { t: "ui.sheet", kind: "settings" } }, words.say("officer.place.by_hand")),
    state.ring === "on" ? null : pushView(state, words));
}

/** @param {State} state @param {Words} words */
function beatSay(state, words) {
  const beat = state.areas.find((one) => one.kind === "beat" && one.id === state.me?.beat);
  return beat ? words.say("officer.beat", { name: nameIn(beat, words) }) : null;
}

/** @param {State} state @param {Words} words */
function placeSay(state, words) {
  if (state.fix) return words.say(`officer.place.${state.fix.source}`, { n: Math.round(state.fix.accuracy_m) });
  return words.say(state.no_fix ? "officer.place.none" : "officer.place.looking");
}

/** The beat and who patrols it; without a beat what the map looked at last. @param {State} state */
function ownCamera(state) {
  const beat = state.areas.filter((one) => one.kind === "beat" && one.id === state.me?.beat);
  if (!beat.length) return state.camera;
  return cameraFor([...pointsOf(beat), ...(state.fix ? [state.fix] : [])], RATIO);
}

/** @param {State} state @param {Words} words */
const ownMap = (state, words, placing = false) => map({ camera: placing ? state.camera : ownCamera(state), ratio: RATIO, areas: state.areas,
  mine: state.me?.beat ?? null, words, upgrade: "touch", place: placing, zoom: placing, label: words.say(placing ? "officer.place_map" : "officer.map"),
  marks: state.fix ? [{ key: "me", kind: /** @type {const} */ ("unit"), ...state.fix, within_m: state.fix.accuracy_m, sign: state.me?.call_sign }] : [] });

const SHIFTS_H = [0, 1, 2, 4, 6, 8, 10, 12];

/** @param {State} state @param {Words} words */
export function settings(state, words) {
  const other = words.lang === "en" ? "zh-CN" : "en";
  const toggle = (/** @type {keyof State["prefs"]} */ name, /** @type {string | null} */ said) => h("div", { key: name, class: "field" },
    h("button", { class: "toggle", role: "switch", "aria-checked": state.prefs[name] ? "true" : "false", "data-pref": name, onclick: { t: "ui.pref", name, on: !state.prefs[name] } },
      h("span", {}, words.say(`officer.pref.${name}`)), h("span", { class: "knob" }, words.say(state.prefs[name] ? "officer.pref.on" : "officer.pref.off"))),
    said ? h("p", { class: "quiet small" }, said) : null);
  const { sound, vibration, awake } = state.can;
  return sheet(words.say("officer.settings"), words,
    dutyRow(state, words),
    toggle("sound", words.say(`officer.can.sound.${sound}`)),
    toggle("vibration", vibration ? null : words.say("officer.can.no_vibration")),
    toggle("awake", words.say(`officer.can.awake.${awake}`)),
    pushView(state, words),
    toggle("sun", words.say("officer.pref.sun_hint")),
    h("button", { "data-try": "", onclick: { t: "ui.try" } }, words.say("officer.pref.try")),
    h("div", { class: "field" },
      h("label", { for: "shift" }, words.say("officer.shift")),
      h("select", { id: "shift", value: String(state.shift_min), onchange: { t: "ui.shift" } },
        SHIFTS_H.map((hours) => h("option", { value: String(hours * 60) }, words.say(hours ? "officer.shift.in" : "officer.shift.open", { n: hours })))),
      h("p", { class: "quiet small" }, words.say("officer.shift.hint"))),
    h("h3", {}, words.say("officer.place")),
    h("p", { class: "quiet small", role: "status" }, placeSay(state, words)),
    h("p", { class: "quiet small" }, words.say("officer.place.locked")),
    h("div", { class: "pick" }, ownMap(state, words, state.by_hand)),
    h("button", { "aria-pressed": state.by_hand ? "true" : "false", "data-by-hand": "", onclick: { t: "ui.by_hand" } },
      words.say(state.by_hand ? "officer.place.by_gps" : "officer.place.by_hand")),
    state.by_hand ? h("p", { class: "quiet small" }, words.say("officer.place.hint")) : null,
    accountButton(words),
    h("div", { class: "row two" },
      h("button", { class: "fill", lang: other, onclick: { t: "ui.language", lang: other } }, words.say("language.other")),
      h("button", { class: "fill", "data-sign-out": "", onclick: { t: "ui.sign_out" } }, words.say("sign_in.out"))));
}
