/** The talk on a case: lines, what is unread, what is not sent yet. Pure. */

import { drop, noticed } from "./offering.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {{seq: number, by: string, words: string, at: string, officer?: {call_sign: string, surname: string} | null}} Line
 * @typedef {{lines: Line[], more: boolean, upto: number, unread: number, draft: string, pending: {key: string, words: string}[], earlier: boolean}} Talk
 *   `upto`: read to; `draft`: being written; `pending`: said and not judged yet; `earlier`: asked for
 */

export const LINES_KEPT_MAX = 200;
/** @type {Talk} */
const NOTHING = { lines: [], more: false, upto: 0, unread: 0, draft: "", pending: [], earlier: false };

/** @param {State} state @param {string} id */
export const talkOf = (state, id) => state.talks[id] ?? NOTHING;
/** @param {State} state @param {string} id @param {Partial<Talk>} more */
const put = (state, id, more) => ({ ...state, talks: { ...state.talks, [id]: { ...talkOf(state, id), ...more } } });
/** Did this officer say it? @param {State} state @param {Line} line */
export const mine = (state, line) => line.by === "officer" && line.officer?.call_sign === state.me?.call_sign;
/** @param {Talk} talk */
export const lastSeq = (talk) => talk.lines.at(-1)?.seq ?? 0;

/** @param {State} state @param {any} m */
export function reduceTalk(state, m) {
  switch (m.t) {
    case "talk":
      return put(state, m.case, { lines: m.lines, more: m.more ?? false, upto: m.upto ?? 0, unread: m.unread ?? 0 });
    case "said":
      return said(state, m);
    case "read_to":
      return readTo(state, m.case, m.upto);
    case "snapshot":
      return snapshot(state, m);
    case "say_kept":
      return put(state, m.case, { ...(m.typed ? { draft: "" } : {}), pending: [...talkOf(state, m.case).pending, { key: m.key, words: m.words }] });
    case "ui.draft":
      return put(state, m.case, { draft: m.value.slice(0, 1_000) });
    case "ui.earlier":
      return put(state, m.case, { earlier: true });
    case "earlier":
      return put(state, m.case, { earlier: false, ...(m.lines ? joined(talkOf(state, m.case), m) : {}) });
    case "result":
      return judged(state, m, m.act);
    default:
      return state;
  }
}

/** A line comes once, however often it is told. @param {State} state @param {any} m */
function said(state, m) {
  const talk = talkOf(state, m.case);
  if (talk.lines.some((one) => one.seq === m.line.seq)) return state;
  const lines = [...talk.lines, m.line].sort((a, b) => a.seq - b.seq);
  const own = mine(state, m.line);
  const first = own ? talk.pending.findIndex((one) => one.words === m.line.words) : -1;
  return put(state, m.case, { lines: lines.slice(-LINES_KEPT_MAX), more: talk.more || lines.length > LINES_KEPT_MAX,
    unread: talk.unread + (own ? 0 : 1), pending: talk.pending.filter((_one, i) => i !== first) });
}

/** @param {State} state @param {string} id @param {number} upto */
function readTo(state, id, upto) {
  const talk = talkOf(state, id);
  if (upto <= talk.upto) return state;
  return put(state, id, { upto, unread: talk.lines.filter((one) => one.seq > upto && !mine(state, one)).length });
}

/** @param {Talk} talk @param {any} m */
const joined = (talk, m) => ({ more: m.more, lines: [...m.lines.filter((/** @type {Line} */ one) => !talk.lines.some((known) => known.seq === one.seq)), ...talk.lines] });

/** The talks as they stand; drafts and what is on its way stay. @param {State} state @param {any} m */
function snapshot(state, m) {
  const told = Object.fromEntries((m.talks ?? []).map((/** @type {any} */ one) => [one.case, one]));
  const held = new Set((m.held ?? []).map((/** @type {{case: string}} */ one) => one.case));
  const talks = [...new Set([...Object.keys(told), ...Object.keys(state.talks)])].filter((id) => held.has(id)).map((id) => {
    const { draft, pending } = talkOf(state, id);
    const { lines = [], more = false, upto = 0, unread = 0 } = told[id] ?? {};
    return [id, { ...NOTHING, draft, pending, lines, more, upto, unread }];
  });
  return { ...state, talks: Object.fromEntries(talks) };
}

/** What was said and is judged goes from what is on its way; refused, it is back in the field. @param {State} state @param {any} m @param {any} act */
function judged(state, m, act) {
  if (act?.t === "read" && m.ok) return readTo(state, act.case, act.upto);
  if (act?.t !== "say" || !(act.case in state.talks)) return state;
  const talk = talkOf(state, act.case);
  const pending = talk.pending.filter((one) => one.key !== act.key);
  if (m.ok) return put(state, act.case, { pending });
  const back = put(state, act.case, { pending, draft: talk.draft || act.words });
  return noticed(m.reason === "stale_fence" ? { ...back, held: drop(back.held, act.case) } : back,
    { case: `say:${act.case}`, kind: "refused", reason: m.reason, say: m.say, by: null, category: null });
}
