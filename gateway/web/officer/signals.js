/**
 * What the officer hears and feels. Which signal is due is a pure function of states; the phone's part is a class that
 * makes the tones itself (no file) and says what this phone is not able to do.
 */

import { asking, askedOf } from "./deck.js";
import { othersHelps } from "./helping.js";

/**
 * @typedef {import("./reducer.js").State} State
 */

/** Tones of each signal: [Hz, start in s, length in s]; how it is felt: ms on, off, on. */
/** @type {Record<string, {tones: number[][], felt: number[]}>} */
export const SIGNALS = {
  offer: { tones: [[880, 0, 0.14], [1_175, 0.16, 0.22]], felt: [200, 80, 200] },
  hurry: { tones: [[1_175, 0, 0.1], [1_175, 0.14, 0.1], [1_175, 0.28, 0.1]], felt: [120, 60, 120, 60, 120] },
  won: { tones: [[659, 0, 0.12], [988, 0.13, 0.3]], felt: [60] },
  lost: { tones: [[392, 0, 0.22]], felt: [30] },
  told: { tones: [[523, 0, 0.16]], felt: [60] },
  said: { tones: [[784, 0, 0.08]], felt: [40] },
  well: { tones: [[740, 0, 0.2], [740, 0.3, 0.2]], felt: [300, 150, 300] },
  alarm: { tones: [[1_320, 0, 0.22], [880, 0.24, 0.22], [1_320, 0.48, 0.22], [880, 0.72, 0.22]], felt: [500, 150, 500, 150, 500] },
};
/** How often a signal sounds again while nobody has answered it, ms. */
/** @type {Record<string, number>} */
export const AGAIN_MS = { alarm: 2_500, well: 5_000, hurry: 5_000, offer: 7_000 };
const HURRY_MS = 15_000;

/** What goes on sounding in this state until somebody acts, the most urgent one; null: quiet. @param {State} state */
export function ringing(state) {
  if (!state.signed) return null;
  if (othersHelps(state).some((one) => !one.seen)) return "alarm";
  if (asking(state).some((one) => !one.going)) return "well";
  const open = Object.values(state.offers).filter((one) => !one.going && one.ends_ms > state.now_ms);
  if (!open.length) return null;
  return open.some((one) => one.ends_ms - state.now_ms < HURRY_MS) ? "hurry" : "offer";
}

/** What sounds once because of this message; null: nothing. @param {State} before @param {State} after @param {any} m */
export function once(before, after, m) {
  switch (m.t) {
    case "held": {
      const was = before.held[m.case];
      if (!was) return before.offers[m.case]?.going === "claim" ? "won" : "told";
      return !was.watch && m.watch === "nudged" && !askedOf(m) ? "told" : null;
    }
    case "gone":
      if (after.notices === before.notices) return null;
      return before.offers[m.case]?.going === "claim" ? "lost" : before.held[m.case] ? "told" : null;
    case "result":
      return m.act?.t === "claim" && !m.ok && after.notices !== before.notices ? "lost" : null;
    case "said":
      return (after.talks[m.case]?.unread ?? 0) > (before.talks[m.case]?.unread ?? 0) ? "said" : null;
    case "help":
      return m.over ? "told" : null;
    default:
      return null;
  }
}

/** The phone's part. `send` hears {t: "can", can} when what it is able to do changes. */
export class Signals {
  /** @type {AudioContext | null} */
  #audio = null;
  /** @type {string | null} */
  #kind = null;
  #at_ms = 0;
  #prefs = { sound: true, vibration: true, awake: true };
  /** @type {WakeLockSentinel | null} */
  #lock = null;
  #wanted = false;

  /** @param {import("../shared/dom.js").Send} send */
  constructor(send) {
    this.send = send;
    const able = "AudioContext" in globalThis || "webkitAudioContext" in globalThis;
    send({ t: "can", can: { sound: able ? "locked" : "none", vibration: "vibrate" in navigator, awake: "wakeLock" in navigator ? "off" : "none" } });
    // Browsers let a page sound only after a press on it.
    if (able) for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.#unlock(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#awake());
  }

  /** After every message: what should go on sounding, and whether the screen should stay on. @param {State} state @param {number} now_ms */
  follow(state, now_ms) {
    this.#prefs = state.prefs;
    const kind = ringing(state);
    if (kind !== this.#kind || (kind && now_ms - this.#at_ms >= AGAIN_MS[kind])) {
      this.#kind = kind;
      this.#at_ms = now_ms;
      if (kind) this.play(kind);
    }
    const wanted = state.prefs.awake && state.on_duty === true;
    if (wanted !== this.#wanted) {
      this.#wanted = wanted;
      this.#awake();
    }
  }

  /** @param {string} kind */
  play(kind) {
    const { tones, felt } = SIGNALS[kind];
    if (this.#prefs.vibration) navigator.vibrate?.(felt);
    const audio = this.#audio;
    if (!this.#prefs.sound || audio?.state !== "running") return;
    for (const [hertz, start_s, long_s] of tones) {
      const begins = audio.currentTime + start_s;
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      tone.type = "triangle";
      tone.frequency.value = hertz;
      loud.gain.setValueAtTime(0, begins);
      loud.gain.linearRampToValueAtTime(0.9, begins + 0.015);
      loud.gain.setValueAtTime(0.9, begins + long_s - 0.03);
      loud.gain.linearRampToValueAtTime(0, begins + long_s);
      tone.connect(loud).connect(audio.destination);
      tone.start(begins);
      tone.stop(begins + long_s);
    }
  }

  async #unlock() {
    if (this.#audio?.state === "running") return;
    this.#audio ??= new (globalThis.AudioContext ?? /** @type {any} */ (globalThis).webkitAudioContext)();
    await this.#audio?.resume().catch(() => null);
    if (this.#audio?.state === "running") this.send({ t: "can", can: { sound: "ready" } });
  }

  async #awake() {
    if (!("wakeLock" in navigator)) return;
    if (!this.#wanted) {
      await this.#lock?.release().catch(() => null);
      this.#lock = null;
      this.send({ t: "can", can: { awake: "off" } });
    } else if (document.visibilityState === "visible" && (!this.#lock || this.#lock.released)) {
      // The browser takes the lock back whenever the page is hidden; it is asked for again each time.
      this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
      this.send({ t: "can", can: { awake: this.#lock ? "held" : "refused" } });
    }
  }
}
