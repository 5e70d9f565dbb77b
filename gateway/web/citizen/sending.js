/**
 * A report is sent exactly once. It is kept under its key before the first attempt and until its reporter has kept the
 * code; every further attempt, also of another tab or after the tab was closed, carries the same key, and the service
 * answers the same key with the same case and code.
 */

import { newKey } from "../shared/acts.js";
import { call } from "../shared/http.js";
import { inTab, onDevice } from "../shared/kept.js";
import { waitBefore } from "../shared/line.js";
import { reportOf } from "./draft.js";

/** @typedef {{key: string, body: import("../shared/wire.js").Report}} Report kept on the device */
/** @typedef {import("./reducer.js").State} State */
/** @typedef {import("../shared/wire.js").WorkAsked} Asked */

const SENT = "onbeat.report";
const DRAFT = "onbeat.draft";
const WAIT_MS_MIN = 500;

export class Sending {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #ended = false;

  /** @param {{tell: import("../shared/dom.js").Send, opened: (code: string) => Promise<void>}} parts */
  constructor({ tell, opened }) {
    this.tell = tell;
    this.opened = opened;
    addEventListener("online", () => this.#waiting && this.#attempt(this.#waiting, 0));
  }

  /** @type {Report | null} */
  #waiting = null;

  /** A draft survives a closed tab; in silent mode only a reload, because others may look at this device. @param {State} state */
  keepDraft(state) {
    if (state.gone || state.signed) return;
    (state.silent ? onDevice : inTab).forget(DRAFT);
    (state.silent ? inTab : onDevice).write(DRAFT, state.draft);
  }

  draft() {
    return inTab.read(DRAFT) ?? onDevice.read(DRAFT);
  }

  forgetDraft() {
    inTab.forget(DRAFT);
    onDevice.forget(DRAFT);
  }

  /** Kept first, sent second. @param {State} state */
  begin(state) {
    const report = { key: newKey(), body: reportOf(state.draft, state.over.length > 0) };
    onDevice.write(SENT, report);
    this.#attempt(report, 0);
  }

  /** A report that this device pressed and whose code nobody has kept yet. @returns {boolean} */
  goOn() {
    const unsent = onDevice.read(SENT);
    if (unsent) this.#attempt(unsent, 0);
    return Boolean(unsent);
  }

  /** @param {Report} report @param {number} nr @param {string | null} [work] the answer to what the service asked for this report */
  async #attempt(report, nr, work = null) {
    clearTimeout(this.#timer);
    this.#waiting = null;
    if (!work) this.tell({ t: "sending", sending: nr ? "waiting" : "going" });
    try {
      const headers = { "idempotency-key": report.key, ...(work ? { "onbeat-work": work } : {}) };
      const answer = await call("POST", "/v1/reports", { body: report.body, headers });
      if (this.#ended) return;
      this.forgetDraft();
      this.tell({ t: "draft", draft: { pin: { lat: report.body.lat, lon: report.body.lon } } });
      this.tell({ t: "reported", receipt: answer.receipt, case: answer.case });
      await this.opened(answer.receipt);
    } catch (refused) {
      if (!this.#ended) this.#refused(report, nr, refused);
    }
  }

  /** @param {Report} report @param {number} nr @param {any} refused */
  #refused(report, nr, refused) {
    if (refused.code === "work_asked" && refused.work) {
      this.#work(report, nr, refused.work);
      return;
    }
    if (refused.status === 0 || refused.status === 429 || refused.status >= 500) {
      this.#later(report, nr, (refused.retry_after_s ?? 0) * 1000);
      return;
    }
    if (refused.status === undefined) throw refused; // a mistake of this page, not an answer
    onDevice.forget(SENT);
    this.tell({ t: "report_refused", refused: { code: refused.code, detail: refused.detail, call: refused.call, advice: refused.advice } });
  }

  /** @param {Report} report @param {number} nr @param {number} least_ms */
  #later(report, nr, least_ms) {
    if (this.#ended) return;
    this.#waiting = report;
    this.#timer = setTimeout(() => this.#attempt(report, nr + 1), Math.max(waitBefore(nr), least_ms, WAIT_MS_MIN));
    this.tell({ t: "sending", sending: "waiting" });
  }

  /** Much comes at once: this device works for a moment, and the report goes on. @param {Report} report @param {number} nr @param {Asked} asked */
  async #work(report, nr, asked) {
    const say = (/** @type {number} */ done) => this.#ended || this.tell({ t: "sending", sending: "working", work: { done, parts: asked.parts } });
    say(0);
    const working = await import("./working.js").catch(() => null); // seldom asked for: not part of the first view
    if (!working) return this.#later(report, nr, WAIT_MS_MIN);
    const answer = await working.workOut(asked, say);
    if (!this.#ended) await this.#attempt(report, nr + 1, answer);
  }

  /** The code is kept: this device needs to know no more. */
  kept() {
    onDevice.forget(SENT);
  }

  /** Nothing stays on this device. What was pressed and never arrived is handed to the browser once more. */
  leave() {
    this.#ended = true;
    clearTimeout(this.#timer);
    const unsent = this.#waiting;
    if (unsent) {
      fetch("/v1/reports", { method: "POST", keepalive: true, credentials: "omit", body: JSON.stringify(unsent.body),
        headers: { "content-type": "application/json", "idempotency-key": unsent.key } }).catch(() => null);
    }
    onDevice.forget(SENT);
    this.forgetDraft();
  }
}
