/** The officer's page: (state, message) -> state. Pure: the clock, the line and the server speak through messages. */

import { cameraFor, cameraForAreas, meant, nudged, zoomed } from "../shared/map.js";
import { SIGN_IN, reduceSignIn } from "../shared/sign_in.js";
import { SHARED, endsAt, reduceShared } from "../shared/store.js";

export const RATIO = 0.6;
const NOTICES_MAX = 3;
/** After these the card stays: the officer can mend it, or try again. */
const MENDABLE = new Set(["off_duty", "no_slot", "busy", "not_received"]);

export const FIRST = {
  ...SHARED,
  ...SIGN_IN,
  me: null, // {call_sign, station, officer}
  on_duty: null, // null until the server said
  duty_going: false,
  fix_interval_s: 5,
  offers: {}, // case -> offer with ends_ms and `going` (claim, decline)
  held: {}, // case -> held with `going`
  notices: [], // {case, kind, reason, by, category}
  fix: null, // {lat, lon, accuracy_m, source}
  by_hand: false,
  no_fix: false,
  disposition: "",
  areas: [],
  categories: [],
  camera: null,
};

export function reduce(state, m) {
  const next = reduceSignIn(reduceShared(state, m), m);
  if (m.t.startsWith("ui.")) return reduceUi(next, m);
  switch (m.t) {
    case "places":
      return { ...next, areas: m.areas, categories: m.categories, camera: next.camera ?? cameraForAreas(m.areas, RATIO) };
    case "welcome":
      return { ...next, on_duty: m.on_duty ?? next.on_duty, fix_interval_s: m.fix_interval_s ?? next.fix_interval_s,
        me: { call_sign: m.call_sign, station: m.station, officer: m.officer } };
    case "snapshot":
      return snapshot(next, m);
    case "offer":
      return { ...next, offers: { ...next.offers, [m.case]: offered(m, m.heard_ms) }, notices: without(next.notices, m.case) };
    case "held":
      return seated(next, m);
    case "gone":
      return gone(next, m);
    case "result":
      return judged(next, m);
    case "fix":
      return { ...next, no_fix: false, fix: m.fix, camera: next.fix ? next.camera : { ...m.fix, wide_m: 3_000 } };
    case "no_fix":
      return { ...next, no_fix: true };
    default:
      return next;
  }
}

function reduceUi(state, m) {
  switch (m.t) {
    case "ui.sign_out":
      return { ...FIRST, now_ms: state.now_ms, areas: state.areas, categories: state.categories };
    case "ui.duty":
      return { ...state, duty_going: true };
    case "ui.take":
      return going(state, "offers", m.case, "claim");
    case "ui.not_now":
      return going(state, "offers", m.case, "decline");
    case "ui.step":
      return m.act === "cleared" && !state.disposition ? state : going(state, "held", m.case, m.act);
    case "ui.hand_back":
      return going(state, "held", m.case, "hand_back");
    case "ui.disposition":
      return { ...state, disposition: m.value };
    case "ui.dismiss":
      return { ...state, notices: without(state.notices, m.case) };
    case "ui.by_hand":
      return { ...state, by_hand: !state.by_hand, camera: state.camera ?? cameraForAreas(state.areas, RATIO) };
    case "ui.map":
      return state.camera ? placed(state, meant(state.camera, m)) : state;
    case "ui.map_key":
      return state.camera ? placed(state, nudged(state.camera, state.fix ?? state.camera, m.did)) : state;
    case "ui.zoom":
      return state.camera ? { ...state, camera: { ...zoomed(state.camera, m.did), ...(m.did === "in" && state.fix ? point(state.fix) : {}) } } : state;
    default:
      return state;
  }
}

const offered = (m, heard_ms) => ({ ...m, ends_ms: endsAt(m, heard_ms), going: null });
const point = ({ lat, lon }) => ({ lat, lon });
const without = (notices, id) => notices.filter((one) => one.case !== id);
const drop = (kept, id) => Object.fromEntries(Object.entries(kept).filter(([key]) => key !== id));

/** Everything that may be seen now; what this page is in the middle of sending stays marked. */
function snapshot(state, m) {
  const offers = (m.offers ?? []).map((one) => [one.case, { ...offered(one, m.heard_ms), going: state.offers[one.case]?.going ?? null }]);
  const held = (m.held ?? []).map((one) => [one.case, { ...one, going: state.held[one.case]?.going ?? null }]);
  return { ...state, offers: Object.fromEntries(offers), held: Object.fromEntries(held) };
}

/** A mark that something is on its way; a second press while it stands changes nothing. */
function going(state, kind, id, what) {
  const one = state[kind][id];
  return !one || one.going ? state : { ...state, [kind]: { ...state[kind], [id]: { ...one, going: what } } };
}

function seated(state, m) {
  const before = state.held[m.case];
  const camera = before || !m.place ? state.camera : cameraFor([m.place, state.fix].filter(Boolean), RATIO);
  const same = before?.state === m.state && before?.fence === m.fence;
  return {
    ...state,
    camera: camera ?? state.camera,
    offers: drop(state.offers, m.case),
    held: { ...state.held, [m.case]: { ...m, going: same ? before.going : null } },
    notices: without(state.notices, m.case),
    disposition: before ? state.disposition : "",
  };
}

/** What was on the screen goes from it, and one line says why; nothing for what the officer did on purpose. */
function gone(state, m) {
  const was = state.offers[m.case] ?? state.held[m.case];
  const mine = m.case in state.held;
  const next = { ...state, offers: drop(state.offers, m.case), held: drop(state.held, m.case) };
  const meant_so = ["decline", "hand_back", "cleared"].includes(was?.going) && ["declined", "handed_back", "closed"].includes(m.reason);
  const earlier = state.notices.find((one) => one.case === m.case);
  if ((!was && !earlier) || meant_so) return next;
  const kind = earlier?.kind ?? (was.going === "claim" ? "lost" : mine ? "ended" : "gone");
  return noticed(next, { case: m.case, kind, reason: m.reason, by: m.by ?? earlier?.by ?? null, category: was?.category ?? earlier?.category });
}

function noticed(state, notice) {
  return { ...state, notices: [notice, ...without(state.notices, notice.case)].slice(0, NOTICES_MAX) };
}

function judged(state, m) {
  const act = m.act;
  if (!act) return state;
  if (act.t === "duty") return duty(state, m, act);
  if (act.t === "claim") return m.ok ? { ...state, notices: without(state.notices, act.case) } : lost(state, m, act);
  if (act.t === "decline") {
    return { ...state, offers: drop(state.offers, act.case) };
  }
  const unmarked = state.held[act.case] ? { ...state.held[act.case], going: null } : null;
  if (!m.ok) {
    const held = unmarked && m.reason !== "stale_fence" ? { ...state.held, [act.case]: unmarked } : drop(state.held, act.case);
    return noticed({ ...state, held }, { case: act.case, kind: "refused", reason: m.reason, say: m.say, by: null, category: unmarked?.category });
  }
  if (act.t === "cleared" || act.t === "hand_back") {
    return { ...state, held: drop(state.held, act.case), disposition: "", notices: without(state.notices, act.case) };
  }
  return { ...state, notices: without(state.notices, act.case) };
}

function duty(state, m, act) {
  const next = { ...state, duty_going: false, on_duty: m.ok ? act.on : state.on_duty, notices: without(state.notices, "duty") };
  const off = m.ok && !act.on ? { ...next, offers: {} } : next;
  return m.ok ? off : noticed(off, { case: "duty", kind: "refused", reason: m.reason, say: m.say, by: null, category: null });
}

/** Not this officer's: the card goes, except where the officer can mend the reason. */
function lost(state, m, act) {
  const offer = state.offers[act.case];
  const earlier = state.notices.find((one) => one.case === act.case);
  const offers = offer && MENDABLE.has(m.reason) ? { ...state.offers, [act.case]: { ...offer, going: null } } : drop(state.offers, act.case);
  const by = m.more?.by ?? earlier?.by ?? null;
  return noticed({ ...state, offers }, { case: act.case, kind: "lost", reason: m.reason, say: m.say, by, category: offer?.category ?? earlier?.category });
}

function placed(state, { lat, lon }) {
  if (!state.by_hand) return state;
  return { ...state, fix: { lat: Number(lat.toFixed(6)), lon: Number(lon.toFixed(6)), accuracy_m: 10, source: "hand" }, no_fix: false };
}

/** The one button of a held case: its next step. */
export const STEP = { claimed: "set_out", en_route: "arrived", on_scene: "cleared" };

/** The act that a press sends: what the wire calls for, without its key. */
export function actOf(state, m) {
  if (m.t === "ui.take") return { t: "claim", case: m.case, round: state.offers[m.case].round };
  if (m.t === "ui.not_now") return { t: "decline", case: m.case, round: state.offers[m.case].round };
  const held = state.held[m.case];
  if (m.t === "ui.hand_back") return { t: "hand_back", case: m.case, fence: held.fence };
  const act = { t: m.act, case: m.case, fence: held.fence };
  return m.act === "cleared" ? { ...act, disposition: state.disposition } : act;
}
