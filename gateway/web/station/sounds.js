/**
 * What a desk hears, made by the browser itself: two soft tones for a case that nobody has seen, three rising ones for an
 * alarm, a low and a high one over and over for a call for help. Repeated while it stands, silent as soon as it is answered.
 *
 * @typedef {"hand" | "alarm" | "panic"} Ring
 */

/** Hertz, seconds after the beginning, and for how long. @type {Record<Ring, [number, number, number][]>} */
export const TONES = {
  hand: [[660, 0, 0.16], [880, 0.2, 0.22]],
  alarm: [[740, 0, 0.16], [880, 0.2, 0.16], [1047, 0.4, 0.3]],
  panic: [[523, 0, 0.3], [1047, 0.35, 0.3], [523, 0.7, 0.3], [1047, 1.05, 0.3]],
};
/** Milliseconds until it is heard again: twice within the 20 s that a desk has, without filling a room. @type {Record<Ring, number>} */
export const AGAIN_MS = { hand: 8_000, alarm: 5_000, panic: 2_500 };
const LOUD = 0.22;

/** Is it time: something new rings, something worse, or the pause is over? Pure. @param {Ring | null} ring @param {{ring: Ring | null, at_ms: number}} last @param {number} now_ms */
export const due = (ring, last, now_ms) => ring !== null && (ring !== last.ring || now_ms - last.at_ms >= AGAIN_MS[ring]);

export class Bell {
  #last = { ring: /** @type {Ring | null} */ (null), at_ms: 0 };
  /** @type {AudioContext | null} */
  #context = null;

  /** Called every second and at every change. @param {Ring | null} ring @param {number} now_ms @returns {boolean} whether the browser lets it sound */
  hear(ring, now_ms) {
    if (!due(ring, this.#last, now_ms)) {
      if (ring === null) this.#last = { ring, at_ms: now_ms };
      return this.allowed;
    }
    this.#last = { ring, at_ms: now_ms };
    this.#sound(TONES[/** @type {Ring} */ (ring)]);
    return this.allowed;
  }

  /** A press lets the page sound: browsers ask for one. */
  wake() {
    this.#context ??= this.#made();
    this.#context?.resume().catch(() => null);
  }

  get allowed() {
    return this.#context === null || this.#context.state === "running";
  }

  #made() {
    const Made = globalThis.AudioContext ?? /** @type {any} */ (globalThis).webkitAudioContext;
    return Made ? new Made() : null;
  }

  /** @param {[number, number, number][]} tones */
  #sound(tones) {
    this.#context ??= this.#made();
    const context = this.#context;
    if (!context || context.state !== "running") return;
    for (const [hertz, after_s, for_s] of tones) {
      const from = context.currentTime + after_s;
      const tone = new OscillatorNode(context, { frequency: hertz, type: "triangle" });
      const loud = new GainNode(context, { gain: 0 });
      loud.gain.setValueAtTime(0, from);
      loud.gain.linearRampToValueAtTime(LOUD, from + 0.02);
      loud.gain.setValueAtTime(LOUD, from + for_s - 0.04);
      loud.gain.linearRampToValueAtTime(0, from + for_s);
      tone.connect(loud).connect(context.destination);
      tone.start(from);
      tone.stop(from + for_s);
    }
  }
}
