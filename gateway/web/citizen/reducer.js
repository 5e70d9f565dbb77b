/** The citizen's page: (state, message) -> state. Pure: the clock, the line and the server speak through messages. */

import { cameraForAreas } from "../shared/map.js";
import { SHARED, reduceShared } from "../shared/store.js";
import { DRAFT, RATIO, reduceDraft } from "./draft.js";
import { FOLLOWING, reduceFollowing } from "./following.js";
import { NAMING, reduceNaming } from "./naming.js";
import { TALKING, reduceTalking } from "./talking.js";

/** @typedef {{code: string, detail?: string, call?: string | null, advice?: any}} Refusal */

export const FIRST = {
  ...SHARED,
  ...DRAFT,
  ...NAMING,
  ...FOLLOWING,
  ...TALKING,
  silent: false, // no sound, a neutral title and icon, a way out at the top
  gone: false, // left in a hurry: nothing is shown any more
  sending: "no", // no, going, waiting (the line is dead; it will be sent), working (the service asked for a proof of work)
  work: /** @type {{done: number, parts: number} | null} */ (null), // how far it is
  refused: /** @type {Refusal | null} */ (null),
  receipt: /** @type {string | null} */ (null), // shown until the reporter says it is kept
  qr: /** @type {import("../shared/qr.js").Picture | null} */ (null), // the same as a picture: {size, path}
  copied: false,
  code: "",
  opening: false,
  code_refused: /** @type {Refusal | null} */ (null),
};

/** @typedef {typeof FIRST} State */

/** @param {State} state @param {any} m */
export function reduce(state, m) {
  if (state.gone) return state;
  /** @type {((state: State, m: any) => State)[]} */
  const parts = [reduceShared, reduceDraft, reduceNaming, reduceTalking, reduceFollowing, reduceReceipt];
  return parts.reduce((next, part) => part(next, m), state);
}

/** Sending, the receipt code, and the page as a whole. @param {State} state @param {any} m */
function reduceReceipt(state, m) {
  switch (m.t) {
    case "sending":
      return { ...state, sending: m.sending, work: m.work ?? null, refused: null };
    case "reported":
      return { ...state, receipt: m.receipt, copied: false };
    case "qr":
      return { ...state, qr: { size: m.size, path: m.path } };
    case "report_refused":
      return refused(state, m);
    case "signed":
      return { ...state, sending: "no", opening: false, code: "", code_refused: null };
    case "code_refused":
      return { ...state, opening: false, sending: "no", code_refused: m.refused };
    case "ui.kept":
      return { ...state, receipt: null, qr: null };
    case "ui.copied":
      return { ...state, copied: true };
    case "ui.code":
      return { ...state, code: m.value, code_refused: null };
    case "ui.open":
      return { ...state, opening: state.code.trim() !== "", code_refused: null };
    case "ui.silent":
      return { ...state, silent: m.on };
    case "ui.exit":
      return { ...FIRST, gone: true };
    case "ui.another":
      return { ...FIRST, now_ms: state.now_ms, offline: state.offline, areas: state.areas, categories: state.categories, places: state.places,
        questions: state.questions, phones: state.phones, datum: state.datum, silent: state.silent, camera: cameraForAreas(state.areas, RATIO) };
    default:
      return state;
  }
}

/** An emergency is no mistake of the form: it stops it until the reporter has answered. @param {State} state @param {any} m */
function refused(state, m) {
  const next = { ...state, sending: "no" };
  if (m.refused.code !== "emergency") return { ...next, refused: m.refused };
  return { ...next, advice: { emergency: true, because: [], say: {}, ...m.refused.advice, call: m.refused.call ?? m.refused.advice?.call, late: false } };
}
