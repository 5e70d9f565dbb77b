/** What the desk's page asks over HTTP besides its line: details of the open case, figures, lists, entries. */

import { call } from "../shared/http.js";
import { CLOSED } from "./acts.js";
import { bodyOf } from "./entry.js";
import { stationIds } from "./panels_view.js";
import { stationOf } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {(message: import("../shared/dom.js").Message) => void} Send */
/** @typedef {(method: string, path: string, more?: {body?: any, headers?: Record<string, string>}) => Promise<any>} Ask */

const HOUR_MS = 3_600_000;
/** How far back figures look. A shift: as long as a desk's is. @type {Record<string, number>} */
const PERIOD_MS = { shift: 8 * HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS };
const REST_MS = 200; // a cursor that passes over a case asks nothing about it
const ENTRY_AGAIN_MS = 3_000;

export class Asking {
  #timer = 0;
  /** @type {Map<string, number>} up to where the talk of a case was marked as read */
  #read = new Map();

  /** @param {{send: Send, state: () => State, act: (message: any) => void}} parts */
  constructor({ send, state, act }) {
    /** @type {Ask} */
    this.ask = (method, path, more = {}) => call(method, path, more);
    this.send = send;
    this.state = state;
    this.act = act;
  }

  /** Who I am, and who else may answer here. */
  async people() {
    const station = stationOf(this.state());
    const me = await this.ask("GET", "/v1/me").catch(() => null);
    if (me) this.send({ t: "me", role: me.role, station: me.station ?? null, account: me.name.split(":")[1] ?? null });
    if (!station) return;
    const list = await this.ask("GET", `/v1/desk/handover?station=${encodeURIComponent(station)}`).catch(() => null);
    if (list && station === stationOf(this.state())) this.send({ t: "desks", desks: list.desks });
  }

  /** The history of the open case, again after each entry; what is alike and what is known of the place once. @param {boolean} all */
  details(all) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#details(all), REST_MS);
  }

  /** @param {boolean} all */
  async #details(all) {
    const id = this.state().open;
    const it = id ? this.state().cases[id] : null;
    if (!id || !it) return;
    const once = all && !CLOSED.has(it.status);
    const get = (/** @type {string} */ what) => this.ask("GET", `/v1/cases/${id}/${what}`).catch(() => null);
    const [history, twins, known] = await Promise.all([get("history"), once ? get("duplicates") : null, once ? get("place") : null]);
    const named = (/** @type {any[]} */ [seq, kind, actor, at, call_sign, body]) => ({ seq, kind, actor, at, call_sign, body });
    if (history) this.send({ t: "history", case: id, entries: history.map(named) });
    if (twins) this.send({ t: "twins", case: id, list: twins });
    if (known) this.send({ t: "known", case: id, ...known });
    this.readTalk();
  }

  /** Marks the open talk as read, once for each line, while somebody can see it. */
  readTalk() {
    const { open, talks, cases } = this.state();
    const talk = open ? talks[open] : null;
    const last = talk?.lines.at(-1)?.seq;
    if (!open || !talk?.unread || last === undefined || document.hidden || CLOSED.has(cases[open]?.status) || (this.#read.get(open) ?? -1) >= last) return;
    this.#read.set(open, last);
    if (this.#read.size > 500) this.#read.delete(/** @type {string} */ (this.#read.keys().next().value));
    this.act({ t: "read", case: open, upto: last });
  }

  /** @param {"figures" | "handover"} what */
  async load(what) {
    const asked = /** @type {any} */ (this.state()[what]);
    const station = stationOf(this.state()) ?? "";
    const now_ms = Date.now();
    const from = new Date(now_ms - PERIOD_MS[asked.period ?? "shift"]).toISOString();
    const path = what === "handover" ? `/v1/desk/handover?station=${encodeURIComponent(station)}`
      : `/v1/figures?from=${from}&to=${new Date(now_ms).toISOString()}&by=${asked.by}&station=${encodeURIComponent(station)}`;
    try {
      const answer = await this.ask("GET", path);
      if (this.state()[what] && stationOf(this.state()) === station) this.send({ t: "loaded", what, answer, at_ms: now_ms });
      if (what === "handover") this.send({ t: "desks", desks: answer.desks });
    } catch (refused) {
      this.send({ t: "loaded", what, refused: plain(refused) });
    }
  }

  /** Every station in counts, one after the other: nobody waits for it. */
  async overview() {
    for (const station of stationIds(this.state())) {
      const told = await this.ask("GET", `/v1/desk?station=${encodeURIComponent(station)}`).catch(() => null);
      if (told && this.state().signed) this.send({ t: "overview", station, cases: told.cases, officers: told.officers, heard_ms: performance.now() });
    }
  }

  /** Sends the entry under its key; on a dead line again and again, with the same key, until it is left. */
  async entry() {
    const { entry } = this.state();
    if (!entry?.sending) return;
    try {
      const made = await this.ask("POST", "/v1/reports", { body: bodyOf(entry), headers: { "idempotency-key": entry.key } });
      this.send({ t: "entry_made", key: entry.key, made });
    } catch (refused) {
      this.send({ t: "entry_refused", key: entry.key, refused: plain(refused) });
      const { code } = /** @type {any} */ (refused);
      if (code === "offline" || code === "store_away" || code === "overloaded") setTimeout(() => this.state().entry?.key === entry.key && this.state().entry?.refused?.code === code && this.send({ t: "ui.entry_send" }), ENTRY_AGAIN_MS);
    }
  }

  /** A case by its whole id, also one that is closed. @param {string} id */
  async find(id) {
    try {
      const told = await this.ask("GET", `/v1/cases/${id}`);
      this.send({ t: "ui.search", value: "" });
      this.send({ ...told, t: "desk_case", heard_ms: performance.now() });
      this.send({ t: "ui.open", case: id });
    } catch {
      // Nothing is shown but what is there: the list says that nothing was found.
    }
  }
}

/** @param {any} refused */
const plain = (refused) => ({ code: refused.code, detail: refused.detail, call: refused.call });
