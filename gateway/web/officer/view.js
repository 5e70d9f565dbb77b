/** What the officer sees, from the state alone. */

import { h } from "../shared/dom.js";
import { sentenceOf } from "../shared/http.js";
import { map } from "../shared/map.js";
import { badge, lineBar, lineRefused, nameOf, ring, shape, skeleton, top } from "../shared/pieces.js";
import { categoryName, distanceSay, metresBetween, stationName } from "../shared/places.js";
import { signInView } from "../shared/sign_in.js";
import { RATIO, STEP } from "./reducer.js";

/** Door to door in town, m/s; only a hint on a card, the service ranks by its own. */
const TOWN_M_S = 5.5;
export const DISPOSITIONS = ["report_taken", "advice_given", "founded", "unfounded", "gone_on_arrival", "referred", "duplicate", "hoax"];

export function view(state, words) {
  const out = state.signed ? h("button", { class: "plain", onclick: { t: "ui.sign_out" } }, words.say("sign_in.out")) : null;
  return [lineBar(state, words), top(words, "officer", out), body(state, words)];
}

function body(state, words) {
  if (!state.signed) return signInView(state, words, "officer");
  if (state.line === "refused") return h("main", { key: "main", id: "main", class: "column" }, lineRefused(state, words));
  if (!state.ready) return skeleton(words);
  const held = Object.values(state.held);
  const offers = nearestFirst(state);
  return h("main", { key: "officer", id: "main", class: "column officer" },
    h("p", { key: "say", class: "unseen", role: "status", "aria-live": "assertive" }, spoken(offers, state, words)),
    dutyCard(state, words),
    notices(state, words),
    held.map((one) => heldCard(one, state, words)),
    offers.map((one) => offerCard(one, state, words)),
    !held.length && !offers.length ? idle(state, words) : null,
    placeCard(state, words));
}

const spoken = (offers, state, words) =>
  offers.length ? words.say("officer.spoken", { n: offers.length, category: categoryName(offers[0].category, state.categories, words) }) : "";

export function nearestFirst(state) {
  const far = (one) => (state.fix ? metresBetween(state.fix, one.place) : 0);
  return Object.values(state.offers).sort((a, b) => far(a) - far(b) || a.ends_ms - b.ends_ms);
}

function dutyCard(state, words) {
  const on = state.on_duty === true;
  return h("section", { key: "duty", class: `card duty ${on ? "on" : ""}` },
    h("div", { class: "row apart" },
      h("div", {},
        h("h1", {}, words.say("officer.you", { call_sign: state.me?.call_sign ?? "" })),
        h("p", { class: "quiet small" }, stationName(state.me?.station ?? "", state.areas, words))),
      h("button", { class: on ? "" : "main", role: "switch", "aria-checked": on ? "true" : "false", "data-duty": on ? "on" : "off",
        "aria-disabled": state.duty_going ? "true" : null, onclick: { t: "ui.duty", on: !on } },
      words.say(state.duty_going ? "officer.duty.going" : on ? "officer.duty.go_off" : "officer.duty.go_on"))),
    h("p", { class: `badge ${on ? "green" : ""}`, role: "status" }, shape(on ? "dot" : "circle"), words.say(on ? "officer.duty.on" : "officer.duty.off")));
}

function notices(state, words) {
  return h("div", { key: "notices", class: "column bare", "aria-live": "polite" }, state.notices.map((one) =>
    h("div", { key: one.case, class: `say row apart ${one.kind === "lost" || one.kind === "refused" ? "wait" : ""}`, "data-notice": one.reason },
      h("p", {}, noticeSay(one, state, words)),
      h("button", { class: "plain", "aria-label": words.say("dismiss.this"), onclick: { t: "ui.dismiss", case: one.case } }, words.say("dismiss")))));
}

export function noticeSay(notice, state, words) {
  const category = notice.category ? categoryName(notice.category, state.categories, words) : "";
  const sentence = notice.by && notice.reason === "taken"
    ? words.say(notice.kind === "lost" ? "officer.lost.by" : "officer.taken.by", { call_sign: notice.by.call_sign })
    : notice.kind === "ended" || notice.kind === "gone"
      ? words.say(`officer.gone.${notice.reason}`)
      : sentenceOf({ reason: notice.reason, say: notice.say }, words);
  return category ? words.say("officer.about", { category, sentence }) : sentence;
}

function offerCard(offer, state, words) {
  const metres = state.fix ? metresBetween(state.fix, offer.place) : null;
  const over = offer.ends_ms <= state.now_ms;
  const going = offer.going;
  return h("article", { key: `offer:${offer.case}`, class: "card offer slides", "data-offer": offer.case, "aria-label": categoryName(offer.category, state.categories, words) },
    h("div", { class: "row apart offer-top" },
      h("div", { class: "fill" },
        h("h2", { class: "large" }, categoryName(offer.category, state.categories, words)),
        metres === null ? null : h("p", { class: "far" }, words.say("officer.far", {
          distance: distanceSay(metres, words), minutes: Math.max(1, Math.round(metres / TOWN_M_S / 60)) }))),
      ring(offer.ends_ms, state.now_ms, words)),
    h("p", { class: "two-lines" }, offer.words),
    offer.seats > 1 ? h("p", { class: "quiet" }, words.say("officer.seats", { n: offer.seats })) : null,
    h("button", { class: "main take", "data-take": "", "aria-disabled": going || over ? "true" : null, onclick: { t: "ui.take", case: offer.case } },
      words.say(over && !going ? "officer.over" : going === "claim" ? "officer.taking" : "officer.take")),
    h("button", { class: "wide", "aria-disabled": going ? "true" : null, onclick: { t: "ui.not_now", case: offer.case } }, words.say("officer.not_now")));
}

function heldCard(held, state, words) {
  const step = STEP[held.state] ?? "set_out";
  const metres = state.fix ? metresBetween(state.fix, held.place) : null;
  const { lat, lon } = held.place;
  return h("article", { key: `held:${held.case}`, class: "card held", "data-held": held.case },
    h("div", { class: "row apart" }, h("h2", { class: "large" }, categoryName(held.category, state.categories, words)), badge(held.state, words)),
    h("p", {}, held.words),
    h("div", { class: "row apart" },
      h("p", {}, metres === null ? "" : distanceSay(metres, words)),
      h("a", { class: "way", href: `geo:${lat},${lon}?q=${lat},${lon}` }, words.say("officer.way"))),
    h("div", { class: "pick" }, map({ camera: state.camera, ratio: RATIO, areas: state.areas, words, label: words.say("officer.case_map"),
      marks: [{ key: "case", kind: "pin", ...held.place }, ...(state.fix ? [{ key: "me", kind: "unit", ...state.fix, sign: state.me?.call_sign }] : [])] })),
    held.others?.length ? h("p", {}, words.say("officer.with", { who: held.others.map((one) => nameOf(one, words)).join(words.say("list")) })) : null,
    h("p", { class: "quiet small" }, words.say(`officer.seen.${held.state}`, { call_sign: state.me?.call_sign ?? "" })),
    step === "cleared" ? ending(state, words) : null,
    h("button", { class: "main take", "data-step": step, "aria-disabled": held.going || (step === "cleared" && !state.disposition) ? "true" : null,
      onclick: { t: "ui.step", case: held.case, act: step } }, words.say(held.going ? "officer.going" : `officer.step.${step}`)),
    step === "cleared" ? null : h("details", {},
      h("summary", {}, words.say("officer.more")),
      h("button", { class: "wide", "aria-disabled": held.going ? "true" : null, onclick: { t: "ui.hand_back", case: held.case } }, words.say("officer.hand_back")),
      h("p", { class: "quiet small" }, words.say("officer.hand_back_hint"))));
}

const ending = (state, words) =>
  h("div", { class: "field" },
    h("label", { for: "disposition" }, words.say("disposition.label")),
    h("select", { id: "disposition", value: state.disposition, onchange: { t: "ui.disposition" } },
      h("option", { value: "" }, words.say("disposition.choose")),
      DISPOSITIONS.map((one) => h("option", { value: one }, words.say(`disposition.${one}`)))));

function idle(state, words) {
  const key = state.on_duty ? (state.fix ? "waiting" : "no_place") : "off";
  return h("section", { key: "idle", class: "card idle" },
    h("p", { class: "large" }, words.say(`officer.idle.${key}`)),
    h("p", { class: "quiet" }, words.say(`officer.idle.${key}_next`)));
}

function placeCard(state, words) {
  const on_case = Object.keys(state.held).length > 0 && !state.by_hand;
  const say = state.fix
    ? words.say(`officer.place.${state.fix.source}`, { n: Math.round(state.fix.accuracy_m) })
    : words.say(state.no_fix ? "officer.place.none" : "officer.place.looking");
  return h("section", { key: "place", class: "card" },
    h("div", { class: "row apart" }, h("h2", {}, words.say("officer.place")), h("p", { class: "quiet small", role: "status" }, say)),
    on_case ? null : h("div", { class: "pick" }, map({ camera: state.camera, ratio: RATIO, areas: state.areas, words, place: state.by_hand,
      label: words.say(state.by_hand ? "officer.place_map" : "officer.map"),
      marks: state.fix ? [{ key: "me", kind: "unit", ...state.fix, within_m: state.fix.accuracy_m, sign: state.me?.call_sign }] : [] })),
    h("button", { "aria-pressed": state.by_hand ? "true" : "false", onclick: { t: "ui.by_hand" } },
      words.say(state.by_hand ? "officer.place.by_gps" : "officer.place.by_hand")),
    state.by_hand ? h("p", { class: "quiet small" }, words.say("officer.place.hint")) : null);
}
