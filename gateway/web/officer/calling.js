/**
 * A call for help on its way: over the socket where it is live, over HTTP as well where no answer comes at once, again
 * and again under one key until the service has it. Nothing limits it, and pressed again it is the same call.
 */

const ANSWER_MS = 1_500;
const AGAIN_MS = 2_000;

export class Call {
  /** @type {string | null} */
  #key = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {{line: {act: (message: {t: string, [more: string]: any}) => string}, post: (body: object) => Promise<any>, send: import("../shared/dom.js").Send, live: () => boolean}} parts */
  constructor({ line, post, send, live }) {
    this.line = line;
    this.post = post;
    this.send = send;
    this.live = live;
  }

  /** @param {{lat: number, lon: number, accuracy_m?: number} | null} fix Where the officer is, where that is known. */
  start(fix) {
    if (this.#key) return;
    const { t, ...body } = { t: "panic", ...(fix ? { lat: fix.lat, lon: fix.lon, accuracy_m: Math.min(100_000, fix.accuracy_m ?? 20) } : {}) };
    this.#key = this.line.act({ t, ...body });
    this.#timer = setTimeout(() => this.#again({ ...body, key: this.#key }), this.live() ? ANSWER_MS : 0);
  }

  /** The service has it, or the desk has ended it. */
  stop() {
    clearTimeout(this.#timer);
    this.#key = null;
  }

  /** @param {{key: string | null, [more: string]: any}} body */
  async #again(body) {
    try {
      const told = await this.post(body);
      if (this.#key === body.key) this.send({ ...told, t: "result", act: { t: "panic", ...body } });
    } catch {
      if (this.#key === body.key) this.#timer = setTimeout(() => this.#again(body), AGAIN_MS);
    }
  }
}
