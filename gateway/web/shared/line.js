/**
 * The line to the server: ticket, socket, hello, and again after every break, continuing where it stopped.
 *
 * Tells its page (`send`): {t: "line", line, why}, {t: "heard", heard_ms}, and every message of the server with
 * `heard_ms` (the page's own clock) and `wall_ms` added. Acts go through `act`, each kept until it is answered.
 *
 * @typedef {import("./dom.js").Send} Send
 * @typedef {Omit<Partial<WebSocket>, "readyState"> & {readyState: number, greeted?: boolean}} Socket `greeted`: the service has said welcome
 */

import { Acts } from "./acts.js";
import { call } from "./http.js";
import { NOWHERE, advance, deaf } from "./offsets.js";

const VERSION = 1;
const BASE_MS = 500;
const CAP_MS = 10_000;
const SILENT_MS = 12_500; // two beats and a half
const OPEN_MS = 10_000;
/** Answers that judge nothing: said again with the same key, at most so often. */
const UNDECIDED = new Set(["not_received", "busy", "away", "overloaded"]);
const AGAIN_MAX = 8;
/** @type {Record<number, string>} */
const WHY = { 4400: "version", 4401: "version", 4402: "revoked", 4403: "too_many", 4404: "replaced" };

/** What to do after a close: "resume" at once and later, or "stop" with the reason why. @param {number} code @returns {{then: string, why?: string}} */
export function afterClose(code) {
  if (code >= 4400 && code < 4500) return { then: "stop", why: WHY[code] ?? "refused" };
  return { then: "resume" };
}

/** Full jitter: anything between nothing and a bound that doubles up to 10 s. @param {number} attempt */
export function waitBefore(attempt, random = Math.random) {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt);
}

export class Line {
  /** @type {Socket | null} */
  #socket = null;
  #place = NOWHERE;
  #attempt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #heard_ms = 0;
  #wanted = false;
  /** @type {Map<string, number>} key -> how often it was said again on an open line */
  #again = new Map();

  /** @param {{send: Send, acts?: Acts, name: string, hello?: () => object}} parts `hello`: what it says besides */
  constructor({ send, name, acts = new Acts(sessionStorage, name), hello = () => ({}) }) {
    this.hello = hello;
    this.send = send;
    this.acts = acts;
    addEventListener("online", () => this.#wanted && !this.#socket && this.#connect());
    setInterval(() => this.#listen(), 1_000);
  }

  open() {
    this.#wanted = true;
    this.#attempt = 0;
    if (!this.#socket) this.#connect();
  }

  /** Closes for good: signed out. What was seen is forgotten, and so are acts of this person. */
  close() {
    this.#wanted = false;
    this.#place = NOWHERE;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close?.(1000);
    for (const { act } of this.acts.all()) this.acts.settle(act.key);
    this.send({ t: "line", line: "closed" });
  }

  /** Says hello anew, as if for the first time: something else is to be followed. Kept acts go along. */
  restart() {
    this.#place = NOWHERE;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close?.(1000);
    if (this.#wanted) this.#connect();
  }

  /** For another session in place of the one that ended, whether or not that was heard already. Kept acts go along. */
  anew() {
    this.#wanted = true;
    this.#attempt = 0;
    this.restart();
  }

  /** Keeps an act and sends it, now or when the line is back. @param {{t: string, key?: string, [more: string]: any}} message @returns {string} its key */
  act(message) {
    const kept = this.acts.keep(message);
    this.#say(kept);
    return kept.key;
  }

  /** Says something that is worth nothing later, such as a position. @param {import("./dom.js").Message} message @returns {boolean} whether it went out */
  tell(message) {
    return this.#say(message);
  }

  /** @param {import("./dom.js").Message} message */
  #say(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN || !this.#socket.greeted) return false;
    this.#socket.send?.(JSON.stringify(message));
    return true;
  }

  async #connect() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    /** @type {Socket} */
    const socket = { readyState: -1 }; // holds the place while the ticket is fetched
    this.#socket = socket;
    this.send({ t: "line", line: this.#heard_ms ? "reconnecting" : "connecting" });
    let ticket;
    try {
      ({ ticket } = await call("POST", "/v1/tickets"));
    } catch (thrown) {
      if (this.#socket !== socket) return;
      const refused = /** @type {any} */ (thrown);
      this.#socket = null;
      if (refused.status === 401 || refused.status === 403) this.#stop("revoked");
      else this.#later(refused.retry_after_s);
      return;
    }
    if (this.#socket === socket) this.#dial(ticket);
  }

  /** @param {string} ticket */
  #dial(ticket) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = /** @type {WebSocket & {greeted?: boolean}} */ (new WebSocket(`${scheme}://${location.host}/v1/socket`, ["onbeat.1", `ticket.${ticket}`])); // no address holds it
    this.#socket = socket;
    const impatient = setTimeout(() => this.#lost(socket, 1006), OPEN_MS);
    socket.onopen = () => {
      const { token, at } = this.#place;
      socket.send(JSON.stringify(token ? { t: "hello", v: VERSION, token, at, ...this.hello() } : { t: "hello", v: VERSION, ...this.hello() }));
    };
    socket.onmessage = (event) => {
      if (this.#socket !== socket) return;
      clearTimeout(impatient);
      this.#received(socket, JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      clearTimeout(impatient);
      this.#lost(socket, event.code);
    };
  }

  /** @param {Socket} socket @param {any} m */
  #received(socket, m) {
    this.#heard_ms = performance.now();
    this.#place = advance(this.#place, m);
    if (deaf(this.#place, m)) {
      this.#lost(socket, 4003);
      return;
    }
    if (m.t === "result") this.#judged(m);
    else this.send({ ...m, heard_ms: this.#heard_ms, wall_ms: Date.now() });
    if (m.t === "beat") this.send({ t: "heard", heard_ms: this.#heard_ms });
    if (m.t === "welcome") {
      socket.greeted = true;
      this.#attempt = 0;
      this.send({ t: "line", line: "live", heard_ms: this.#heard_ms });
      for (const { act } of this.acts.all()) this.#say({ t: "ask", key: act.key });
    }
  }

  /** @param {any} m a result */
  #judged(m) {
    const act = this.acts.find(m.key);
    const again = this.#again.get(m.key) ?? 0;
    if (act && !m.ok && UNDECIDED.has(m.reason) && again < AGAIN_MAX) {
      // The same key: whatever became of the first one, it is judged once.
      this.#again.set(m.key, again + 1);
      setTimeout(() => this.#say(act), m.reason === "not_received" ? 0 : BASE_MS + waitBefore(again));
      return;
    }
    this.#again.delete(m.key);
    this.acts.settle(m.key);
    this.send({ ...m, act, heard_ms: this.#heard_ms, wall_ms: Date.now() });
  }

  /** A line that says nothing for two beats and a half is dead, whatever the network believes. */
  #listen() {
    const socket = this.#socket;
    if (socket?.greeted && performance.now() - this.#heard_ms > SILENT_MS) this.#lost(socket, 4002);
  }

  /** @param {Socket} socket @param {number} code */
  #lost(socket, code) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    socket.onclose = null;
    socket.close?.();
    if (!this.#wanted) return;
    const next = afterClose(code);
    if (next.then === "stop") this.#stop(next.why ?? "refused");
    else this.#later(null);
  }

  /** @param {string} why */
  #stop(why) {
    this.#wanted = false;
    this.send({ t: "line", line: "refused", why });
  }

  /** @param {number | null} retry_after_s */
  #later(retry_after_s) {
    this.send({ t: "line", line: this.#heard_ms ? "reconnecting" : "connecting" });
    const wait_ms = Math.max(waitBefore(this.#attempt), (retry_after_s ?? 0) * 1000);
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#wanted && this.#connect(), wait_ms);
  }
}
