/** What is said between reporter, officers and desk: the part of the citizen's state for the talk. Pure. */

import { closed } from "./following.js";

/**
 * @typedef {{seq: number, by: string, words: string, at: string, officer?: {call_sign: string, surname: string} | null}} Line
 * @typedef {{lines: Line[], more?: boolean, upto?: number}} Page of a talk
 * @typedef {import("./reducer.js").State} State
 */

export const LINE_CHARS_MAX = 1_000;

export const TALKING = {
  lines: /** @type {Line[]} */ ([]),
  more: false, // earlier ones are on the service
  upto: 0, // read to
  writing: "", // the next line
  unsent: /** @type {{key: string, words: string, reason?: string}[]} */ ([]), // {key, words, reason?}: pressed, and not answered yet or refused
  talk_refused: /** @type {{reason: string, say?: string} | null} */ (null),
};

/** @param {State} state @param {any} m */
export function reduceTalking(state, m) {
  switch (m.t) {
    case "snapshot":
      return /** @type {Page[]} */ (m.talks ?? []).reduce(taken, state);
    case "talk":
      return taken(state, m);
    case "said":
      return heard(state, m.line);
    case "read_to":
      return { ...state, upto: Math.max(state.upto, m.upto) };
    case "earlier": {
      const known = new Set(state.lines.map((one) => one.seq));
      const older = m.lines.filter((/** @type {Line} */ one) => !known.has(one.seq));
      return { ...state, lines: [...older, ...state.lines].sort((a, b) => a.seq - b.seq), more: m.more };
    }
    case "saying":
      return { ...state, writing: m.kept ? state.writing : "", talk_refused: /** @type {{reason: string, say?: string} | null} */ (null),
        unsent: [...state.unsent.filter((one) => one.key !== m.key), { key: m.key, words: m.words }] };
    case "result":
      return m.act?.t === "say" ? said(state, m) : state;
    case "ui.line":
      return { ...state, writing: m.value, talk_refused: null };
    case "ui.read":
      return { ...state, upto: Math.max(state.upto, lastSeq(state)) };
    default:
      return state;
  }
}

/** How many lines of others stand there unread. @param {State} state */
export const unreadOf = (state) => state.lines.filter((one) => one.by !== "reporter" && one.seq > state.upto).length;

/** @param {State} state */
export const lastSeq = (state) => state.lines[state.lines.length - 1]?.seq ?? 0;

/** May a line be sent now? Words only, and only while the case is open. @param {State} state */
export const maySay = (state) =>
  state.case !== null && !closed(state.case.status) && !state.case.merged && state.writing.trim() !== "" && state.writing.length <= LINE_CHARS_MAX;

/** @param {State} state @param {Page} talk */
function taken(state, talk) {
  const first = talk.lines[0]?.seq ?? 0;
  const older = state.lines.filter((one) => one.seq < first);
  return { ...state, lines: [...older, ...talk.lines], more: older.length ? state.more : talk.more ?? false,
    upto: Math.max(state.upto, talk.upto ?? 0) };
}

/** @param {State} state @param {Line} line */
function heard(state, line) {
  if (state.lines.some((one) => one.seq === line.seq)) return state;
  const own = line.by === "reporter" ? state.unsent.findIndex((one) => one.words === line.words && !one.reason) : -1;
  return { ...state, lines: [...state.lines, line].sort((a, b) => a.seq - b.seq),
    unsent: own < 0 ? state.unsent : state.unsent.filter((_one, at) => at !== own) };
}

/** A refused line comes back to be written again: nothing that was typed is lost. @param {State} state @param {any} m */
function said(state, m) {
  const unsent = state.unsent.filter((one) => one.key !== m.key);
  if (m.ok) return { ...state, unsent };
  return { ...state, unsent, writing: state.writing || m.act.words, talk_refused: { reason: m.reason, say: m.say } };
}
