/** The officer's page put together: what the messages cause beside the picture. */

import { call } from "../shared/http.js";
import { keepPage } from "../shared/installed.js";
import { Line } from "../shared/line.js";
import { languageEffect } from "../shared/pieces.js";
import { loadPlaces } from "../shared/places.js";
import { withRinging } from "../shared/push.js";
import { asksAhead, firstFor, restored, session, signInEffects } from "../shared/sign_in.js";
import { open } from "../shared/store.js";
import { loadWords } from "../shared/words.js";
import { actOf } from "./acting.js";
import { Call } from "./calling.js";
import { HOLD_MS, ownHelp } from "./helping.js";
import { placeInAddress, watch } from "./here.js";
import { FIRST, PREFS, reduce } from "./reducer.js";
import { Signals, once } from "./signals.js";
import { lastSeq, talkOf } from "./talking.js";
import { view } from "./view.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {{state: State, send: import("../shared/dom.js").Send, draw: () => void, focus: (selector: string) => boolean}} Page
 */

const PLACE_AGAIN_MS = 15_000;
const AGE_MS_MAX = 3_600_000;

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const kept = session("officer");
asksAhead(kept);
const places = loadPlaces();
const line = new Line({ name: "officer", send: (m) => page.send(m) });
const help = new Call({ line, send: (m) => page.send(m), live: () => page.state.line === "live", post: (body) => call("POST", "/v1/panics", { body: { t: "panic", ...body } }) });
let told_ms = 0;
let got_wall_ms = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let hold;
const asked_ms = new Map(); // case -> when its place was asked for
const read = new Map(); // case -> up to where was said to be read

/** Sends an act once: the reducer marked it as going, unless it was already on its way. @param {any} m @param {Page} page @param {State} before */
const act = (m, { state }, before) => {
  const kind = m.t === "ui.take" || m.t === "ui.not_now" ? "offers" : "held";
  if (before[kind][m.case] && !before[kind][m.case].going && state[kind][m.case]?.going) line.act(actOf(state, m));
};

/** A fix at least every `fix_interval_s`, while on duty or calling for help: an older one than 30 s ranks nobody. @param {Page} page @param {number} now_ms */
function tellPlace(page, now_ms, at_once = false) {
  const { fix, on_duty, fix_interval_s } = page.state;
  if (!fix || !(on_duty || ownHelp(page.state)) || (!at_once && now_ms - told_ms < fix_interval_s * 1000)) return;
  const age_ms = fix.source === "gps" ? Math.max(0, Math.round(Date.now() - got_wall_ms)) : 0;
  const { lat, lon, accuracy_m } = fix;
  if (line.tell({ t: "fix", lat, lon, accuracy_m, age_ms: Math.min(age_ms, AGE_MS_MAX) })) told_ms = now_ms;
}

/** Hazards and earlier cases of a held case's place: fetched, and asked again until they came. @param {Page} page @param {string} id */
async function learnPlace(page, id) {
  const now_ms = performance.now();
  if (now_ms - (asked_ms.get(id) ?? -Infinity) < PLACE_AGAIN_MS) return;
  asked_ms.set(id, now_ms);
  const known = await call("GET", `/v1/cases/${id}/place`).catch(() => null);
  page.send({ t: "place_known", case: id, known });
}

/** What is on the screen is read. @param {Page} page */
function readTalk(page) {
  const { sheet, held, line: where } = page.state;
  if (sheet?.kind !== "talk" || document.hidden || where !== "live" || !held[sheet.case ?? ""]) return;
  const id = sheet.case ?? "";
  const talk = talkOf(page.state, id);
  const upto = lastSeq(talk);
  if (upto <= Math.max(talk.upto, read.get(id) ?? 0)) return;
  read.set(id, upto);
  line.act({ t: "read", case: id, fence: held[id].fence, upto });
}

/** The focus on what has opened, or on what had opened it; the talk at its end. @param {any} m @param {Page} page @param {State} before */
function looks(m, page, before) {
  const { sheet, prefs } = page.state;
  if (sheet?.kind && sheet.kind !== before.sheet?.kind) {
    scrollTo(0, 0);
    page.focus("#sheet-title");
  }
  if (!sheet && before.sheet) page.focus(m.t === "ui.back" ? `[data-sheet="${before.sheet.kind}"]` : "[data-take], [data-step], [data-act]");
  if (page.state.panic.ask && !before.panic.ask) page.focus("#panic-yes");
  if (sheet?.kind === "talk" && (page.state.talks !== before.talks || !before.sheet)) {
    page.draw();
    document.getElementById("talk")?.scrollTo(0, 1e6);
  }
  if (prefs !== before.prefs) document.documentElement.toggleAttribute("data-sun", prefs.sun);
}

/** @param {any} m @param {Page} page @param {State} before */
function after(m, page, before) {
  const { state } = page;
  signals.follow(state, performance.now());
  const sound = once(before, state, m);
  if (sound) signals.play(sound);
  looks(m, page, before);
  readTalk(page);
  for (const id of Object.keys(state.held)) if (!state.places[id] || state.places[id].failed) learnPlace(page, id);
  if (state.off_wish && !Object.keys(state.held).length && state.on_duty && !state.duty_going) page.send({ t: "ui.duty", on: false });
}

/** @param {any} _m @param {Page} page */
const soon = (_m, page) => tellPlace(page, performance.now(), true);
const letGo = () => clearTimeout(hold);

/** @type {Record<string, (m: any, page: Page, before: State) => any>} */
const effects = {
  ...signInEffects({ name: "officer", roles: ["officer"], open: begin, close: () => { help.stop(); line.close(); }, again: () => line.anew() }),
  "ui.language": languageEffect,
  "ui.duty": (m, page, before) => before.duty_going || line.act(actOf(page.state, m)),
  "ui.shift": (m, page) => page.state.on_duty && page.state.shift_min && line.act(actOf(page.state, { t: "ui.duty", on: true })),
  "ui.off_wish": (_m, page) => Object.keys(page.state.held).forEach((id) => page.send({ t: "ui.transfer", case: id })),
  "ui.take": act,
  "ui.not_now": act,
  "ui.step": act,
  "ui.choose": (_m, page) => page.focus("[data-ending] input"),
  "ui.hand_back": act,
  "ui.well": act,
  "ui.second": act,
  "ui.transfer": act,
  "ui.met": act,
  "ui.say": (m, page) => {
    // What was typed is read from the state: the picture may be a key behind.
    const words = m.words ?? talkOf(page.state, m.case).draft.trim();
    if (!words || !page.state.held[m.case]) return;
    page.send({ t: "say_kept", case: m.case, words, typed: !m.words, key: line.act(actOf(page.state, { ...m, words })) });
  },
  "ui.earlier": async (m, page) => {
    const found = await call("GET", `/v1/cases/${m.case}/talk?before=${m.before ?? 0}`).catch(() => null);
    page.send({ t: "earlier", case: m.case, lines: found?.lines, more: found?.more });
  },
  "ui.come_back": () => line.open(),
  "ui.map": soon,
  "ui.map_key": soon,
  "ui.pref": (_m, page) => localStorage.setItem("onbeat.officer.prefs", JSON.stringify(page.state.prefs)),
  "ui.try": () => signals.play("offer"),
  "ui.panic_down": (m, page, before) => {
    if (m.repeat || before.panic.phase === "holding" || page.state.panic.phase !== "holding") return;
    navigator.vibrate?.(30);
    hold = setTimeout(() => page.send({ t: "panic.go" }), HOLD_MS);
  },
  "ui.panic_up": letGo,
  "panic.go": (_m, page, before) => {
    letGo();
    if (before.panic.phase !== "sending") help.start(page.state.fix);
  },
  fix: soon,
  welcome: soon,
  help: (m, page) => {
    if (m.officer === page.state.me?.officer) help.stop();
    soon(m, page);
  },
  result: (m, page) => {
    if (m.act?.t === "duty") soon(m, page);
    if (m.act?.t === "panic" && m.ok) {
      help.stop();
      line.acts.settle(m.act.key);
    }
  },
  tick: (m, page) => tellPlace(page, m.now_ms),
};

function keptPrefs() {
  try {
    return { ...PREFS, ...JSON.parse(localStorage.getItem("onbeat.officer.prefs") ?? "{}") };
  } catch {
    return PREFS;
  }
}

/** Opens the line. What was said in this tab and is not judged yet is shown again as not sent; a call for help goes on. */
function begin() {
  line.open();
  for (const { act: one } of line.acts.all()) {
    if (one.t === "say") page.send({ t: "say_kept", case: one.case, words: one.words, key: one.key });
    if (one.t === "panic") page.send({ t: "panic.go" });
  }
}

/** @type {Pick<Signals, "follow" | "play">} */
let signals = { follow() {}, play() {} };
const page = open({ root, state: firstFor(kept, { ...FIRST, emergency: root.dataset.emergency }), reduce, view, words: await loadWords(), effects: withRinging(effects), after });
signals = new Signals((m) => page.send(m));
page.send({ t: "prefs", prefs: keptPrefs() });

keepPage("/officer", (m) => page.send(m));
places.then((found) => page.send(found));
const at = placeInAddress(location.search);
if (at) {
  page.send({ t: "ui.by_hand" });
  page.send({ t: "fix", fix: at });
}
watch(
  (fix, at_ms) => {
    if (page.state.by_hand) return;
    got_wall_ms = at_ms;
    page.send({ t: "fix", fix });
  },
  () => page.send({ t: "no_fix" }),
);
restored(kept, page);
