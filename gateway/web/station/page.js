/** The desk's page put together: what the messages cause beside the picture. */

import { newKey } from "../shared/acts.js";
import { auditEffects } from "../shared/audit.js";
import { keepPage } from "../shared/installed.js";
import { Line } from "../shared/line.js";
import { languageEffect } from "../shared/pieces.js";
import { loadPlaces } from "../shared/places.js";
import { asksAhead, firstFor, restored, session, signInEffects } from "../shared/sign_in.js";
import { open } from "../shared/store.js";
import { loadWords } from "../shared/words.js";
import { Asking } from "./asking.js";
import { dragging } from "./drag.js";
import { actOf } from "./form.js";
import { identityEffects } from "./identity.js";
import { focusAfter, meaning } from "./keys.js";
import { rings } from "./queue.js";
import { FIRST, RATIO, reduce } from "./reducer.js";
import { Bell } from "./sounds.js";
import { view } from "./view.js";

/** @typedef {import("./state.js").State} State */

const KEYS_OFF = "onbeat.desk.keys_off";
const MUTED = "onbeat.desk.muted";
const FOLLOWED = "onbeat.desk.follow";
const OVERVIEW_MS = 15_000;

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const kept = session("desk");
asksAhead(kept);
const places = loadPlaces();
const bell = new Bell();
const line = new Line({ name: "desk", send: (/** @type {any} */ m) => page.send(m), hello: () => (page.state.follow ? { follow: page.state.follow } : {}) });
const asking = new Asking({ send: (m) => page.send(m), state: () => page.state, act: (m) => line.act(m) });

/** Sends an act once: the reducer has marked it as going, or it may not be done now. @type {Effect} */
const act = (m, { state }, before) => {
  const message = actOf(before, state, m);
  if (message) line.act(message);
};
/** @typedef {(message: any, page: any, before: State) => void} Effect */

/** @type {Record<string, Effect>} */
const effects = {
  ...signInEffects({ name: "desk", roles: ["desk", "supervisor"], open: () => line.open(), close: () => line.close(), again: () => line.anew() }),
  ...auditEffects,
  ...identityEffects,
  "ui.language": languageEffect,
  "ui.come_back": () => line.open(),
  "ui.act": act,
  "ui.send": act,
  "ui.say": act,
  "ui.shift": act,
  "ui.dropped": act,
  "ui.clear_send": act,
  "ui.keys": (_m, { state }) => (state.keys ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")),
  "ui.mute": (_m, { state }) => (state.muted ? localStorage.setItem(MUTED, "1") : localStorage.removeItem(MUTED)),
  "ui.follow": (_m, { state }, before) => {
    if (state.follow === before.follow) return;
    sessionStorage.setItem(FOLLOWED, state.follow);
    line.restart();
  },
  "ui.panel": (_m, { state }, before) => {
    if (state.panel === before.panel) return;
    if (state.panel === "figures") page.send({ t: "ui.load", what: "figures", asks: { period: state.figures?.period ?? "shift", by: state.figures?.by ?? "hour" } });
    if (state.panel === "handover") page.send({ t: "ui.load", what: "handover", asks: {} });
    if (state.panel === "stations") asking.overview();
  },
  "ui.load": (m) => asking.load(m.what),
  "ui.print": () => print(),
  "ui.entry": (_m, { state }) => (state.entry?.key ? null : page.send({ t: "entry_key", key: newKey() })),
  "ui.entry_send": (_m, { state }, before) => (state.entry?.sending && !before.entry?.sending ? asking.entry() : null),
  "ui.search_go": (_m, { state }) => {
    const said = state.search.trim().toLowerCase();
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(said)) asking.find(said);
    else page.send({ t: "ui.move", by: 1 });
  },
  "ui.open": (m, { state }, before) => (state.open !== before.open ? asking.details(true) : null),
  "ui.move": (m, { state }, before) => (state.open !== before.open ? asking.details(true) : null),
  desk_case: (m, { state }) => (m.case === state.open ? asking.details(false) : null),
  said: (m, { state }) => (m.case === state.open ? asking.details(false) : null),
  welcome: () => asking.people(),
  snapshot: (_m, { state }) => {
    if (state.open) asking.details(true);
    if (state.me?.role === "supervisor") asking.overview();
  },
  result: (m) => (m.ok && m.act?.t === "desk_shift" ? asking.people() : null),
};

const words = await loadWords();
const page = open({ root, state: begun(), reduce, view, words, effects, after: followed });

/** With what this person chose on this machine before. @returns {State} */
function begun() {
  return { ...firstFor(kept, FIRST), keys: !localStorage.getItem(KEYS_OFF), muted: Boolean(localStorage.getItem(MUTED)), follow: sessionStorage.getItem(FOLLOWED) };
}

/** The focus where the hand expects it, and what should be heard. @type {Effect} */
function followed(_m, { state }, before) {
  if (state === before) return;
  const wanted = focusAfter(before, state);
  if (wanted) focus(wanted);
  const allowed = bell.hear(rings(state), performance.now());
  if (allowed !== state.heard_sound) page.send({ t: "sound", heard: allowed });
}

/** @param {string} selector */
const focus = (selector) => page.focus(selector) || page.focus("#card-title");

// A row that moves to another group is made anew: whoever had the focus gets it back there.
let held = /** @type {string | null} */ (null);
root.addEventListener("focusin", (event) => (held = /** @type {Element} */ (event.target).getAttribute("data-keep")));
new MutationObserver(() => {
  if (held && document.activeElement === document.body) focus(`[data-keep="${CSS.escape(held)}"]`);
}).observe(root, { childList: true, subtree: true });

const TYPING = "input:not([type=checkbox], [type=radio]), select, textarea";
addEventListener("keydown", (event) => {
  bell.wake();
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === "Enter" && target instanceof HTMLSelectElement && target.form) {
    event.preventDefault(); // a list of choices is as good a place to send from as any other field
    target.form.requestSubmit();
    return;
  }
  const meant = meaning({ key: event.key, modified: event.ctrlKey || event.metaKey || event.altKey, typing: Boolean(target.closest?.(TYPING)), on_button: Boolean(target.closest?.("button:not([data-case]), a, summary")) }, page.state);
  if (!meant) return;
  event.preventDefault();
  if (meant.focus) focus(meant.focus);
  if (meant.message) page.send(meant.message);
});
addEventListener("pointerdown", () => bell.wake());
addEventListener("visibilitychange", () => asking.readTalk());
dragging({ root, state: () => page.state, ratio: RATIO, dropped: (officer, id) => page.send({ t: "ui.dropped", officer, case: id }) });

setInterval(() => {
  if (page.state.ready && page.state.me?.role === "supervisor" && !document.hidden) asking.overview();
}, OVERVIEW_MS);

keepPage("/desk", (/** @type {any} */ m) => page.send(m));
places.then((found) => page.send(found));
restored(kept, page);
