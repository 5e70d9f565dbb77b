/** The citizen's page put together: what the messages cause beside the picture. */

import { newKey } from "../shared/acts.js";
import { toWgs84 } from "../shared/datum.js";
import { call } from "../shared/http.js";
import { inTab } from "../shared/kept.js";
import { keepPage } from "../shared/installed.js";
import { Line } from "../shared/line.js";
import { languageEffect } from "../shared/pieces.js";
import { loadPlaces } from "../shared/places.js";
import { session } from "../shared/session.js";
import { open } from "../shared/store.js";
import { loadWords } from "../shared/words.js";
import { copied, locate, onEscapeTwice, openedWith, signal } from "./around.js";
import { adviceAsked } from "./draft.js";
import { closed } from "./following.js";
import { digits } from "./naming.js";
import { FIRST, reduce } from "./reducer.js";
import { Sending } from "./sending.js";
import { lastSeq, maySay, unreadOf } from "./talking.js";
import { titleOf, viewFor } from "./view.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {{state: State, send: import("../shared/dom.js").Send, focus: (selector: string) => boolean}} Page
 */

const SILENT = "onbeat.silent";
const TYPING_MS = 450; // how long nothing is typed before the words are looked at
const READ_MS = 1_200; // how long lines stand in sight before they count as read
const LATER_MS = 3_000; // until what shows a case is asked for again, where it did not come
const RELOADED = "onbeat.reloaded"; // how often in a row that made us load the page again: each time waits twice as long
const RELOADED_MAX = 5; // ... up to a minute and a half
const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const kept = session("reporter", sessionStorage); // of this tab: whoever opens the browser next sees no case
/** What shows a case: no part of the first view, and here long before there is one. */
const fetched = () => import("./view_live.js").catch(() => null);
if (kept.marked()) {
  kept.ahead();
  fetched();
}
const places = loadPlaces();
const words = await loadWords();

const line = new Line({ name: "reporter", send: (m) => page.send(m) });
const sending = new Sending({ tell: (m) => page.send(m), opened: openCode });

// --- what shows a case
/** @type {import("./view.js").Shows | null} */
let live = null;
let fetching = false;

/** With the first press of whoever reports. Focus goes where it would have gone. */
async function fetchLive() {
  if (fetching) return;
  fetching = true;
  for (;;) {
    const found = await fetched();
    const reloaded = Number(inTab.read(RELOADED) ?? 0);
    if (found) {
      if (reloaded) inTab.forget(RELOADED);
      live = found.live;
      if (page.state.signed && document.activeElement === document.body) page.focus(page.state.receipt ? "#receipt-title" : "#case-title");
      return page.draw();
    }
    await new Promise((go) => setTimeout(go, LATER_MS * 2 ** reloaded));
    // A browser may remember of a script that it failed, until the page is loaded again: code, session and draft outlive that.
    if (page.state.signed && (await fetch("/healthz").catch(() => null))?.ok && !(await fetched())) {
      if (inTab.write(RELOADED, Math.min(reloaded + 1, RELOADED_MAX))) location.reload();
    }
  }
}

/** @param {string} code */
async function openCode(code) {
  const signed = await call("POST", "/v1/receipts", { body: { code } });
  kept.write(signed);
  page.send({ t: "signed", case: signed.case });
}

// --- is it an emergency?
let asking = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;

async function ask() {
  clearTimeout(typing);
  const body = adviceAsked(page.state.draft);
  if (!body || page.state.signed) return;
  asking += 1;
  const mine = asking;
  const advice = await call("POST", "/v1/advice", { body }).catch(() => null);
  if (advice && mine === asking && !page.state.signed) page.send({ t: "advice", advice });
}

function askSoon() {
  clearTimeout(typing);
  typing = setTimeout(ask, TYPING_MS);
}

// --- the case
/** @param {string} id */
async function readEntries(id) {
  const entries = await call("GET", `/v1/cases/${id}/entries`).catch(() => null);
  if (entries && page.state.case?.case === id) page.send({ t: "entries", entries });
}

/** @param {string} id @param {number} before */
async function readTalk(id, before) {
  const query = before ? `?before=${before}` : "";
  const found = await call("GET", `/v1/cases/${id}/talk${query}`).catch(() => null);
  if (found && page.state.case?.case === id) page.send({ t: "earlier", lines: found.lines, more: found.more });
}

/** @param {any} _m @param {Page} page @param {State} before */
function followed(_m, { state }, before) {
  const [now, then] = [state.case, before.case];
  if (!now || (then && then.status === now.status && then.officers.length === now.officers.length)) return;
  readEntries(now.case);
  if (!then && !state.receipt) page.focus("#case-title");
  if (closed(now.status) && !state.lines.length) readTalk(now.case, 0);
  if (then && !state.silent) signal();
}

/** @param {import("../shared/dom.js").Message} message */
const act = (message) => line.act({ ...message, case: page.state.case?.case });
/** @param {any} _m @param {Page} page */
const keepDraft = (_m, { state }) => sending.keepDraft(state);

/** @type {Record<string, (m: any, page: Page, before: State) => any>} */
const effects = {
  "ui.language": languageEffect,
  "ui.typed": (m, { state }) => {
    sending.keepDraft(state);
    if (m.field === "words") askSoon();
    if (m.field === "category") ask();
    if (m.field === "how" && m.value === "number") page.focus("#number");
  },
  "ui.answer": (_m, { state }) => {
    sending.keepDraft(state);
    ask();
  },
  "ui.map": keepDraft,
  "ui.map_key": keepDraft,
  located: keepDraft,
  "ui.locate": (_m, { send }) => locate({
    at: ({ datum, accuracy_m, ...point }) => send({ t: "located", ...toWgs84(point, datum), accuracy_m }),
    not: () => send({ t: "not_located" }),
  }),
  "ui.report": (_m, { state }) => {
    if (Object.keys(state.wrong).length) return page.focus("#problems");
    if (state.advice) return page.focus("#emergency-title");
    if (state.sending === "no") sending.begin(state);
    return undefined;
  },
  advice: (m, { state }, before) => {
    if (state.advice && !before.advice && m.late) page.focus("#emergency-title");
  },
  report_refused: (_m, { state }) => page.focus(state.advice ? "#emergency-title" : "[data-refused]"),
  "ui.go_on": (_m, { state }) => page.focus(state.signed ? "#line" : "[data-report]"),
  "ui.phone_ask": async (_m, { state, send }, before) => {
    if (state.phone_going !== "ask" || before.phone_going) return;
    try {
      const sent = await call("POST", "/v1/phones", { body: { number: state.draft.number.trim(), language: words.lang } });
      send({ t: "phone_sent", phone: sent.phone });
      page.focus("#phone-code");
    } catch (thrown) {
      const refused = /** @type {any} */ (thrown);
      send({ t: "phone_refused", refused: { code: refused.code, detail: refused.detail } });
    }
  },
  "ui.phone_confirm": async (_m, { state, send }, before) => {
    if (state.phone_going !== "confirm" || before.phone_going) return;
    try {
      const said = await call("POST", "/v1/phones/confirmed", { body: { phone: state.phone_asked, code: digits(state.phone_code) } });
      send({ t: "phone_confirmed", phone: said.phone });
      sending.keepDraft(page.state);
      page.focus("[data-report]");
    } catch (thrown) {
      const refused = /** @type {any} */ (thrown);
      send({ t: "phone_refused", refused: { code: refused.code, detail: refused.detail } });
    }
  },
  reported: async (m, { send }) => {
    const { pictureOf } = await import("../shared/qr.js").catch(() => ({ pictureOf: null })); // the text stands alone
    const picture = await pictureOf?.(m.receipt);
    if (picture) send({ t: "qr", ...picture });
  },
  "ui.copy": async (m, { send }) => {
    if (await copied(m.code)) send({ t: "ui.copied" });
  },
  "ui.kept": () => {
    sending.kept();
    page.focus("#case-title");
  },
  "ui.open": async (_m, { state, send }, before) => {
    if (!state.opening || before.opening) return;
    try {
      await openCode(state.code);
    } catch (thrown) {
      const refused = /** @type {any} */ (thrown);
      send({ t: "code_refused", refused: { code: refused.code, detail: refused.detail } });
    }
  },
  signed: (_m, { state }) => {
    line.open();
    if (state.receipt) page.focus("#receipt-title");
    for (const one of line.acts.all()) if (one.act.t === "say") page.send({ t: "saying", kept: true, key: one.act.key, words: one.act.words });
  },
  case: followed,
  snapshot: followed,
  said: (m, { state }) => {
    if (m.line.by !== "reporter" && !state.silent) signal();
  },
  result: (m, { send }) => {
    if (m.act?.t !== "say") return;
    if (m.more?.advice) send({ t: "advice", advice: m.more.advice, late: true });
  },
  "ui.say": (_m, { state, send }) => {
    if (!maySay(state)) return;
    const said = { t: "say", key: newKey(), words: state.writing.trim() };
    send({ t: "saying", key: said.key, words: said.words });
    act(said);
  },
  "ui.read": (_m, { state }, before) => {
    if (unreadOf(before) && state.case && !closed(state.case.status) && !state.case.merged) act({ t: "read", upto: lastSeq(state) });
  },
  "ui.earlier": (_m, { state }) => state.case && readTalk(state.case.case, state.lines[0]?.seq ?? 0),
  "ui.ask": (m) => page.focus(m.act === "object" ? "#object-words" : "#withdraw-title"),
  "ui.never_mind": () => page.focus("#case-title"),
  "ui.withdraw_sure": (_m, _page, before) => before.going.withdraw || act({ t: "withdraw" }),
  "ui.object": (_m, { state }, before) => {
    if (state.object_wrong) page.focus("#object-words");
    else if (!before.going.object) act({ t: "object", words: state.object_words.trim() });
  },
  "ui.rate": (_m, { state }, before) => {
    if (!state.going.rate || before.going.rate) return;
    const said = state.rate_words.trim();
    act({ t: "rate", stars: state.stars, ...(said ? { words: said } : {}) });
  },
  "ui.appointment": (m, _page, before) => before.going.answer_appointment || act({ t: "answer_appointment", accept: m.accept }),
  "ui.another": () => leave(),
  "ui.come_back": () => line.open(),
  "ui.sign_out": () => {
    leave();
    page.send({ t: "ui.another" });
  },
  "ui.silent": (m, { state }) => {
    if (m.on) inTab.write(SILENT, true);
    else inTab.forget(SILENT);
    /** @type {HTMLLinkElement} */ (document.querySelector("link[rel~=icon]")).href = m.on ? "/static/shared/plain.svg" : "/static/shared/icon.svg";
    sending.keepDraft(state);
  },
  "ui.exit": () => exit(),
};

function leave() {
  line.close();
  sending.kept();
  endSession();
}

function endSession() {
  const signed = kept.read();
  kept.forget();
  if (signed) call("DELETE", "/v1/sessions/current").catch(() => null);
}

/** @param {{t: string}} m @param {Page} page */
function afterAll(m, { state }) {
  if (!live && (state.signed || m.t.startsWith("ui."))) fetchLive();
}

/** At once: nothing on the screen, nothing kept, and the way back does not lead here. */
function exit() {
  root.replaceChildren();
  sending.leave();
  line.close();
  endSession();
  inTab.forget(SILENT);
  location.replace(words.say("citizen.exit.address"));
}

const page = open({ root, state: FIRST, reduce, view: viewFor(root.dataset.emergency ?? "110", () => live), words, effects, after: afterAll, title: titleOf });

onEscapeTwice(() => page.state.silent, () => page.send({ t: "ui.exit" }));

let seen_ms = 0;
setInterval(() => {
  const card = unreadOf(page.state) && !document.hidden ? document.querySelector("[data-talk]")?.getBoundingClientRect() : null;
  const visible = card && card.top < innerHeight * 0.8 && card.bottom > 0;
  seen_ms = visible ? seen_ms + 400 : 0;
  if (seen_ms >= READ_MS) page.send({ t: "ui.read" });
}, 400);

places.then((found) => page.send(found));
call("GET", "/v1/phones").then(({ offered }) => page.send({ t: "phones", offered }), () => null);
call("GET", "/v1/advice").then(({ questions }) => page.send({ t: "questions", questions }), () => null);
const draft = sending.draft();
if (draft) page.send({ t: "draft", draft });
if (inTab.read(SILENT)) page.send({ t: "ui.silent", on: true }); // after the draft, which it keeps elsewhere
const begun = openedWith(location.search, location.hash);
page.send({ t: "begin", ...begun });
if (begun.at) history.replaceState(null, "", location.pathname);
if (!sending.goOn()) {
  kept.restore().then((signed) => {
    if (signed?.role === "reporter") page.send({ t: "signed", case: signed.case });
    else ask();
  });
}
keepPage("/", (m) => page.send(m));
