/** What of the device a page uses, each with what happens where it is missing: place, clipboard, sound, the address. */

import { pointFrom } from "../shared/places.js";

const LOOK_MS = 10_000;
const OLD_MS = 30_000;

/**
 * The own position: from the app around the page where there is one (WeChat's `wx`, in GCJ-02), else the browser's.
 * @param {{at: (point: {lat: number, lon: number, accuracy_m: number | null, datum: string}) => void, not: () => void}} tell
 * @param {any} around the window, and what an app puts there
 */
export function locate(tell, around = globalThis) {
  if (typeof around.wx?.getLocation === "function") {
    around.wx.getLocation({
      type: "gcj02",
      success: (/** @type {any} */ found) => tell.at({ lat: Number(found.latitude), lon: Number(found.longitude), accuracy_m: Number(found.accuracy) || null, datum: "gcj02" }),
      fail: () => byBrowser(tell, around),
    });
    return;
  }
  byBrowser(tell, around);
}

/** @param {{at: (point: any) => void, not: () => void}} tell @param {any} around */
function byBrowser(tell, around) {
  if (!around.navigator?.geolocation) return tell.not();
  return around.navigator.geolocation.getCurrentPosition(
    (/** @type {GeolocationPosition} */ { coords }) => tell.at({ lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy, datum: "wgs84" }),
    () => tell.not(),
    { enableHighAccuracy: true, timeout: LOOK_MS, maximumAge: OLD_MS },
  );
}

/**
 * How the page was opened: `datum=gcj02`, `at=32.05,118.79`, `accuracy=20`, after `?` or after `#` (a fragment never
 * leaves the device: what an app hands over should stand there).
 * @param {string} search @param {string} hash
 */
export function openedWith(search, hash) {
  const [asked, own] = [new URLSearchParams(search), new URLSearchParams(hash.replace(/^#/, ""))];
  /** @param {string} name */
  const said = (name) => own.get(name) ?? asked.get(name);
  const accuracy_m = Number(said("accuracy"));
  return { datum: said("datum") === "gcj02" ? "gcj02" : "wgs84", at: pointFrom(said("at")), accuracy_m: accuracy_m > 0 ? accuracy_m : null };
}

/** Copies; where the browser has no clipboard (plain http, some apps) by a selection. @returns {Promise<boolean>} @param {string} text */
export async function copied(text, doc = document) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = doc.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    doc.body.append(field);
    field.select();
    const done = doc.execCommand("copy");
    field.remove();
    return done;
  }
}

let audio = null;

/** A short tone and a short buzz: something has changed. Nothing before the first press, which browsers demand. */
export function signal() {
  navigator.vibrate?.(120);
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
  const Context = globalThis.AudioContext ?? /** @type {any} */ (globalThis).webkitAudioContext;
  if (!Context) return;
  audio ??= new Context();
  const [tone, gain] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = 660;
  gain.gain.setValueAtTime(0.08, audio.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.25);
  tone.connect(gain).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.26);
}

const SHADOW_MS = 1_000;

/** Calls `leave` on two presses of Escape within a second, while `wanted()`. @param {() => boolean} wanted @param {() => void} leave */
export function onEscapeTwice(wanted, leave, target = globalThis) {
  let first_ms = -Infinity;
  target.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat || !wanted()) return;
    if (event.timeStamp - first_ms < SHADOW_MS) leave();
    first_ms = event.timeStamp;
  });
}
