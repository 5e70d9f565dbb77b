/** The citizen's page put together: what the messages cause beside the picture. */

import { newKey } from "../shared/acts.js";
import { call } from "../shared/http.js";
import { keepPage } from "../shared/installed.js";
import { Line, waitBefore } from "../shared/line.js";
import { languageEffect } from "../shared/pieces.js";
import { loadPlaces } from "../shared/places.js";
import { session } from "../shared/sign_in.js";
import { open } from "../shared/store.js";
import { loadWords } from "../shared/words.js";
import { FIRST, reduce, reportOf } from "./reducer.js";
import { viewFor } from "./view.js";

/** A report is kept under its key from before it is sent until its reporter has kept the code. */
const SENT = "onbeat.report";
const DRAFT = "onbeat.draft";
const PIN = "onbeat.pin"; // where this tab reported: the service does not send it back
const root = document.getElementById("page");
const kept = session("reporter", sessionStorage); // of this tab: whoever opens the browser next sees no case

const line = new Line({ name: "reporter", send: (m) => page.send(m) });

async function send(report, attempt = 0) {
  page.send({ t: "sending", sending: attempt ? "waiting" : "going" });
  try {
    const answer = await call("POST", "/v1/reports", { body: report.body, headers: { "idempotency-key": report.key } });
    sessionStorage.removeItem(DRAFT);
    page.send({ t: "draft", draft: { pin: { lat: report.body.lat, lon: report.body.lon } } });
    page.send({ t: "reported", receipt: answer.receipt, case: answer.case });
    await openCode(answer.receipt, report.body);
  } catch (refused) {
    if (refused.status === 0 || refused.status === 429 || refused.status >= 500) {
      const wait_ms = Math.max(waitBefore(attempt), (refused.retry_after_s ?? 0) * 1000, 500);
      setTimeout(() => send(report, attempt + 1), wait_ms);
      page.send({ t: "sending", sending: "waiting" });
      return;
    }
    localStorage.removeItem(SENT);
    page.send({ t: "report_refused", refused: { code: refused.code, detail: refused.detail, call: refused.call } });
  }
}

async function openCode(code, place) {
  const signed = await call("POST", "/v1/receipts", { body: { code } });
  kept.write(signed);
  if (place) sessionStorage.setItem(PIN, JSON.stringify({ lat: place.lat, lon: place.lon }));
  else sessionStorage.removeItem(PIN);
  page.send({ t: "signed" });
}

const keepDraft = (_m, { state }) => sessionStorage.setItem(DRAFT, JSON.stringify(state.draft));

const effects = {
  "ui.language": languageEffect,
  "ui.typed": keepDraft,
  "ui.map": keepDraft,
  "ui.map_key": keepDraft,
  "ui.locate": (_m, { send: tell }) => {
    if (!navigator.geolocation) return tell({ t: "not_located" });
    return navigator.geolocation.getCurrentPosition(
      ({ coords }) => tell({ t: "located", lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy }),
      () => tell({ t: "not_located" }),
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
    );
  },
  "ui.report": (_m, { state }) => {
    if (Object.keys(state.wrong).length || state.sending !== "no") return;
    const report = { key: newKey(), body: reportOf(state.draft, state.refused?.code === "emergency") };
    localStorage.setItem(SENT, JSON.stringify(report));
    send(report);
  },
  "ui.copy": (m, { send: tell }) => navigator.clipboard?.writeText(m.code).then(() => tell({ t: "ui.copied" }), () => null),
  "ui.kept": () => localStorage.removeItem(SENT),
  "ui.open": async (_m, { state, send: tell }, before) => {
    if (!state.opening || before.opening) return;
    try {
      await openCode(state.code, null);
    } catch (refused) {
      tell({ t: "code_refused", refused: { code: refused.code, detail: refused.detail } });
    }
  },
  signed: () => line.open(),
  "ui.withdraw_sure": (_m, { state }, before) => {
    if (!before.withdrawing) line.act({ t: "withdraw", case: state.case.case });
  },
  "ui.another": () => leave(),
  "ui.come_back": () => line.open(),
  "ui.sign_out": () => {
    leave();
    page.send({ t: "ui.another" });
  },
};

function leave() {
  line.close();
  localStorage.removeItem(SENT);
  const signed = kept.read();
  kept.forget();
  sessionStorage.removeItem(PIN);
  if (signed) call("DELETE", "/v1/sessions/current").catch(() => null);
}

const page = open({ root, state: FIRST, reduce, view: viewFor(root.dataset.emergency), words: await loadWords(), effects });

keepPage("/", (m) => page.send(m));
loadPlaces().then((places) => page.send(places));
const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "null");
if (draft) page.send({ t: "draft", draft });
const unsent = JSON.parse(localStorage.getItem(SENT) ?? "null");
if (unsent) send(unsent);
else {
  const pin = JSON.parse(sessionStorage.getItem(PIN) ?? "null");
  if (pin) page.send({ t: "draft", draft: { pin } });
  kept.restore().then((signed) => signed?.role === "reporter" && page.send({ t: "signed" }));
}
