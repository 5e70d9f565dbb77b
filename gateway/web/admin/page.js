/** The admin's page put together: what the messages cause beside the picture. All of it is HTTP; no socket is opened. */

import { auditEffects } from "../shared/audit.js";
import { PAGE, call } from "../shared/http.js";
import { keepPage } from "../shared/installed.js";
import { languageEffect } from "../shared/pieces.js";
import { areasOf } from "../shared/places.js";
import { lookForProvider } from "../shared/provider.js";
import { asksAhead, firstFor, restored, session, signInEffects } from "../shared/sign_in.js";
import { open } from "../shared/store.js";
import { loadWords } from "../shared/words.js";
import { sent } from "./fields.js";
import { FIRST, reduce, rowOf } from "./reducer.js";
import { view } from "./view.js";

const LOOK_MS = 15_000; // how often what others changed is looked for
const TYPED_MS = 250; // after the last letter of a search
const IMPORT_MS = 120_000; // a province's outlines take a core for a while
const PAGE_ROWS = 100;
const WEEK_MS = 7 * 24 * 3600 * 1000;

const kept = session("admin");
asksAhead(kept);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;
let text = ""; // of the chosen file: too large for the page's log
let tries = 0;

const refusalOf = (/** @type {any} */ refused, /** @type {string} */ did) => ({ code: refused.code, detail: refused.detail, errors: refused.errors,
  pointer: refused.errors?.[0]?.pointer ?? "", did });

/** @param {Record<string, string>} find @param {string} [after] */
function peopleAt(find, after) {
  const asked = new URLSearchParams({ count: String(PAGE_ROWS) });
  for (const [name, value] of Object.entries({ ...find, after: after ?? "" })) if (value.trim()) asked.set(name, value.trim());
  return `/v1/admin/people?${asked}`;
}

/** Reads what the open tab shows; tells the truth about the line. */
async function look() {
  if (!page.state.signed) return;
  const { tab, find, people } = page.state;
  try {
    const far = people.length > PAGE_ROWS; // who has paged on keeps what is shown
    const [town, found] = await Promise.all([call("GET", "/v1/admin/town"), far ? null : call("GET", peopleAt(find))]);
    tries = 0;
    if (JSON.stringify(find) === JSON.stringify(page.state.find)) page.send({ t: "loaded", town, ...(found ?? {}), heard_ms: performance.now() });
    if (tab === "areas") await lookAtAreas();
    if (tab === "policies") await lookAtFigures();
    if (tab === "changes" && page.state.changes.length <= PAGE_ROWS) page.send({ t: "changes", ...(await call("GET", "/v1/admin/changes")) });
  } catch (refused) {
    lost(/** @type {any} */ (refused));
  }
}

/** @param {any} refused */
function lost(refused) {
  if (!page.state.signed) return;
  if (refused.status === 401 || refused.status === 403) {
    kept.forget();
    page.send({ t: "line", line: "refused", why: "revoked" });
    return;
  }
  page.send({ t: "line", line: "reconnecting" });
  tries += 1;
  setTimeout(look, Math.min(10_000, 500 * 2 ** tries) * Math.random() + 250);
}

async function lookAtAreas() {
  const answer = await fetch("/v1/areas", { cache: "no-store", credentials: "omit" });
  if (answer.ok) page.send({ t: "areas", areas: areasOf(await answer.json()), tag: answer.headers.get("etag") ?? "" });
}

async function lookAtFigures() {
  if (page.state.simulated === undefined) {
    const answer = await fetch("/static/admin/policies.json").catch(() => null);
    page.send({ t: "simulated", found: answer?.ok ? await answer.json().catch(() => null) : null });
  }
  const now = Date.now();
  const asked = new URLSearchParams({ from: new Date(now - WEEK_MS).toISOString(), to: new Date(now).toISOString(), by: "station" });
  page.send({ t: "figures", found: await call("GET", `/v1/figures?${asked}`).catch(() => null) });
}

/** An act of the form: sent once, because the reducer marked it as going. @param {string} did @param {() => Promise<any>} ask */
async function act(did, ask) {
  try {
    page.send({ t: "saved", did, answer: await ask() });
  } catch (refused) {
    const told = /** @type {any} */ (refused);
    page.send({ t: "refused", refused: refusalOf(told, did) });
    if (told.status === 401) return lost(told);
  }
  await look();
}

/** The file to the service: looked at, or taken over. @param {boolean} check */
async function post(check) {
  const { file, tag } = page.state;
  const asked = new URLSearchParams({ kind: file.kind, ...(check ? { check: "1" } : { reason: file.reason.trim() }) });
  try {
    const report = await call("POST", `/v1/areas?${asked}`, { raw: text, headers: { "content-type": "application/geo+json", ...(check || !tag ? {} : { "if-match": tag }) }, wait_ms: IMPORT_MS });
    page.send(check ? { t: "checked", report } : { t: "imported", report });
    page.focus("#report");
    if (!check) await look();
  } catch (refused) {
    page.send({ t: "file_refused", refused: refusalOf(/** @type {any} */ (refused), "import") });
    await lookAtAreas().catch(() => null);
  }
}

/** On a phone the tabs are a row that is wider than the screen. @param {any} _m @param {any} page @param {any} before */
function tabInSight(_m, { state, draw }, before) {
  if (state.tab === before.tab) return;
  draw();
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

/** @type {Record<string, (m: any, page: any, before: any) => any>} */
const effects = {
  ...signInEffects({ name: PAGE ?? "admin", roles: ["admin", "supervisor"], open: look, close: () => clearTimeout(waiting) }),
  ...auditEffects,
  "ui.language": languageEffect,
  "ui.come_back": look,
  "ui.tab": (m) => {
    if (m.tab === "audit") page.send({ t: "ui.audit", chain: "town" });
    return look();
  },
  "ui.find": () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const { find } = page.state;
      const found = await call("GET", peopleAt(find)).catch(lost);
      if (found && JSON.stringify(find) === JSON.stringify(page.state.find)) page.send({ t: "loaded", ...found, heard_ms: performance.now() });
    }, TYPED_MS);
  },
  "ui.more": async (_m, { state }) => {
    const found = await call("GET", peopleAt(state.find, state.people.at(-1)?.login)).catch(lost);
    if (found) page.send({ t: "more_people", ...found });
  },
  "ui.older": async (_m, { state }) => {
    const found = await call("GET", `/v1/admin/changes?before=${state.changes.at(-1)?.id}`).catch(lost);
    if (found) page.send({ t: "changes", after: true, ...found });
  },
  "ui.open": () => page.focus("#form-title"),
  "ui.fresh": () => page.focus("#form-title"),
  "ui.save": (_m, { state }, before) => {
    if (before.going) return;
    if (state.going !== "save") {
      page.focus("#summary a");
      return;
    }
    const { kind, id, draft } = state.opened;
    const { path, body } = sent(kind, draft, rowOf(state, kind, id) && { ...rowOf(state, kind, id), version: state.opened.version });
    act("save", () => call("PUT", path, { body }));
  },
  "ui.reset": (_m, { state }, before) => {
    if (before.going || state.going !== "reset") return;
    act("reset", () => call("POST", `/v1/admin/people/${encodeURIComponent(state.opened.id)}/password`, { body: { version: state.opened.version, reason: state.opened.reset.trim() } }));
  },
  "ui.factors": (_m, { state }, before) => {
    if (before.going || state.going !== "factors") return;
    const body = { version: state.opened.version, reason: state.opened.factors.trim(), factors: true };
    act("factors", () => call("POST", `/v1/admin/people/${encodeURIComponent(state.opened.id)}/password`, { body }));
  },
  "ui.identity": (_m, { state }, before) => {
    if (before.going || state.going !== "identity") return;
    const body = { version: state.opened.version, reason: state.opened.identity.trim(), subject: state.opened.subject.trim() || null };
    act("identity", () => call("PUT", `/v1/admin/people/${encodeURIComponent(state.opened.id)}/identity`, { body }));
  },
  "ui.suspend": (_m, { state }, before) => {
    if (before.going || state.going !== "suspend") return;
    const out = !rowOf(state, "person", state.opened.id)?.suspended;
    const body = { version: state.opened.version, reason: state.opened.out.trim(), suspended: out };
    act(out ? "suspend" : "let_in", () => call("POST", `/v1/admin/people/${encodeURIComponent(state.opened.id)}/suspended`, { body }));
  },
  "ui.kind": (_m, { draw }) => draw(), // the field for a file of the other kind goes before one can be put into it
  "ui.file": async () => {
    const chosen = /** @type {HTMLInputElement | null} */ (document.getElementById("geojson"))?.files?.[0];
    if (!chosen) return;
    text = await chosen.text();
    page.send({ t: "file", name: chosen.name, size: chosen.size });
    await post(true);
  },
  "ui.import": (_m, { state }, before) => (before.file.busy === null && state.file.busy === "import" ? post(false) : undefined),
};

const words = await loadWords();
const page = open({ root: /** @type {HTMLElement} */ (document.getElementById("page")), state: firstFor(kept, FIRST), reduce, view, words, effects, after: tabInSight });

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && page.state.opened && !page.state.going) page.send({ t: "ui.shut" });
});
setInterval(() => (document.hidden || page.state.going || page.state.line === "reconnecting" ? null : look()), LOOK_MS);
keepPage("/admin", (m) => page.send(m));
restored(kept, page);
if (kept.marked()) lookForProvider(page);
