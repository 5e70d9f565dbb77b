/**
 * What may be set of a person, a station, a category and its policy: one table, from which the forms are drawn, a row
 * becomes a draft of texts, and a draft becomes the body that is sent, or the mistakes that keep it.
 *
 * @typedef {{name: string, as: string, of?: string[], per?: number, least?: number, most?: number, needed?: boolean,
 *   fixed?: boolean, for?: string[], unit?: string, base?: string, chars?: number}} Field
 *   `as`: text, whole, numbers, choice, check, place, beat, words, time, hours. `per`: what the service counts one of ours
 *   in (1000 for seconds). `fixed`: not after it was made. `for`: roles that have it. `base`: the service's own value.
 * @typedef {Record<string, any>} Draft texts as typed; checks true or false; hours {hour: mode}
 */

export const ROLES = ["officer", "desk", "supervisor", "admin"];
export const MODES = ["snatch", "best_officer", "desk_first"];
const STATIONED = ["officer", "desk"];
const OFFICER = ["officer"];

/** @type {Record<string, Field[]>} */
export const FIELDS = {
  person: [
    { name: "login", as: "text", needed: true, fixed: true, chars: 63 },
    { name: "role", as: "choice", of: ROLES, needed: true, fixed: true },
    { name: "station", as: "place", needed: true, for: STATIONED },
    { name: "call_sign", as: "text", needed: true, for: OFFICER, chars: 16 },
    { name: "surname", as: "text", needed: true, for: OFFICER, chars: 4 },
    { name: "beat", as: "beat", for: OFFICER },
    { name: "skills", as: "words", for: OFFICER },
    { name: "slots", as: "whole", needed: true, least: 1, most: 10, for: OFFICER },
    { name: "shift_ends_at", as: "time", for: OFFICER },
  ],
  station: [
    { name: "id", as: "text", needed: true, fixed: true, chars: 63 },
    { name: "name", as: "text", needed: true, chars: 80 },
    { name: "name_en", as: "text", needed: true, chars: 80 },
    { name: "cross_border", as: "choice", of: ["neighbours", "own"], needed: true },
    { name: "lends", as: "check" },
    { name: "falls_to", as: "place" },
    { name: "head_start_ms", as: "whole", per: 1000, least: 0, most: 30, unit: "seconds", base: "category" },
    { name: "hand_backs_max", as: "whole", least: 1, most: 20, base: "hand_backs_max" },
    { name: "time_zone", as: "text", needed: true, chars: 64 },
    { name: "catch_all", as: "check" },
  ],
  category: [
    { name: "id", as: "text", needed: true, fixed: true, chars: 63 },
    { name: "name", as: "text", needed: true, chars: 80 },
    { name: "name_en", as: "text", needed: true, chars: 80 },
    { name: "open", as: "check" },
    { name: "priority", as: "whole", needed: true, least: 1, most: 5 },
    { name: "seats", as: "whole", needed: true, least: 1, most: 4 },
    { name: "skill", as: "text", chars: 32 },
    { name: "check_in_s", as: "whole", per: 60, least: 1, most: 1440, unit: "minutes", base: "never" },
  ],
  policy: [
    { name: "mode", as: "choice", of: MODES, needed: true },
    { name: "hours", as: "hours" },
    { name: "window_ms", as: "whole", per: 1000, least: 1, most: 600, unit: "seconds", base: "window_ms" },
    { name: "rings_m", as: "numbers", least: 1, most: 100_000, unit: "metres", base: "rings_m" },
    { name: "wave_ms", as: "whole", per: 1000, least: 1, most: 600, unit: "seconds", base: "wave_ms" },
    { name: "head_start_ms", as: "whole", per: 1000, least: 0, most: 30, unit: "seconds", base: "head_start_ms" },
    { name: "turn_ms", as: "whole", per: 1000, least: 1, most: 600, unit: "seconds", base: "turn_ms" },
    { name: "ack_ms", as: "whole", per: 1000, least: 1, most: 600, unit: "seconds", base: "ack_ms" },
    { name: "patience_ms", as: "whole", per: 1000, least: 1, most: 3600, unit: "seconds", base: "patience_ms" },
  ],
};

/** All that a category's row holds: what one form does not show is sent as it stands. */
const WHOLE = ["name", "name_en", "open", "priority", "seats", "skill", "check_in_s", "ack_ms", "patience_ms", "mode", "hours",
  "window_ms", "wave_ms", "rings_m", "head_start_ms", "turn_ms"];

/** @type {Record<string, Draft>} */
const BEGIN = {
  person: { role: "officer", slots: "1" },
  station: { cross_border: "neighbours", time_zone: "Asia/Shanghai" },
  category: { open: true, priority: "3", seats: "1" },
  policy: {},
};

/** Fields that this draft has. @param {string} kind @param {Draft} draft @returns {Field[]} */
export const fieldsOf = (kind, draft) => FIELDS[kind].filter((one) => !one.for || one.for.includes(draft.role));

/** A row as texts for the form; without a row what a new one begins with. @param {string} kind @param {any} row @returns {Draft} */
export function draftOf(kind, row) {
  /** @type {Draft} */
  const draft = row ? {} : { ...BEGIN[kind] };
  for (const field of FIELDS[kind]) if (row || !(field.name in draft)) draft[field.name] = textOf(field, row?.[field.name]);
  return draft;
}

/** @param {Field} field @param {any} value */
function textOf(field, value) {
  if (field.as === "check") return Boolean(value);
  if (field.as === "hours") return { ...value };
  if (value === null || value === undefined) return "";
  if (field.as === "whole") return trimmed(value / (field.per ?? 1));
  if (field.as === "numbers" || field.as === "words") return value.join(", ");
  if (field.as === "time") return localTime(value);
  return String(value);
}

/** At most three digits behind the point, none for nothing. @param {number} n */
const trimmed = (n) => String(Math.round(n * 1000) / 1000);

/** As an input of type datetime-local has it, in the reader's own zone. @param {string} iso */
function localTime(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What is wrong with a draft before anybody is asked: {field: key of a sentence}. @param {string} kind @param {Draft} draft */
export function mistakesOf(kind, draft) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const field of fieldsOf(kind, draft)) {
    const text = typeof draft[field.name] === "string" ? draft[field.name].trim() : draft[field.name];
    const wrong = text === "" ? (field.needed ? "missing" : null) : wrongIn(field, text);
    if (wrong) found[field.name] = wrong;
  }
  if (!draft.reason?.trim()) found.reason = "missing";
  return found;
}

/** @param {Field} field @param {any} text */
function wrongIn(field, text) {
  const { least = -Infinity, most = Infinity } = field;
  if (field.as === "whole") return inside(Number(text), least, most) ? null : "number";
  if (field.as === "numbers") {
    const numbers = listOf(text).map(Number);
    if (!numbers.every((n) => Number.isInteger(n) && inside(n, least, most))) return "number";
    return numbers.every((n, i) => i === 0 || n > numbers[i - 1]) && numbers.length <= 8 ? null : "widening";
  }
  if (field.as === "words") return listOf(text).every((one) => /^[a-z0-9][a-z0-9_-]{0,31}$/.test(one)) ? null : "words";
  if (field.name === "skill") return /^[a-z0-9][a-z0-9_-]{0,31}$/.test(text) ? null : "words";
  if (field.as === "time") return Number.isNaN(Date.parse(text)) ? "time" : null;
  return text.length > (field.chars ?? 500) ? "long" : null;
}

/** @param {number} n @param {number} least @param {number} most */
const inside = (n, least, most) => Number.isFinite(n) && n >= least && n <= most;
/** @param {string} text */
const listOf = (text) => text.split(/[,，、;\s]+/).filter(Boolean);

/**
 * The address and the body that say what the draft says; of a category the rest of its row beside it.
 * @param {string} kind @param {Draft} draft @param {any} row null for a new one
 */
export function sent(kind, draft, row) {
  const own = row?.login ?? row?.id ?? draft.login ?? draft.id;
  /** @type {Draft} */
  const body = { version: row?.version ?? 0, reason: draft.reason.trim() };
  if (row && (kind === "category" || kind === "policy")) for (const name of WHOLE) body[name] = row[name];
  for (const field of fieldsOf(kind, draft)) if (!["login", "id"].includes(field.name)) body[field.name] = valueOf(field, draft[field.name]);
  const room = { person: "people", station: "stations", category: "categories", policy: "categories" }[kind];
  return { path: `/v1/admin/${room}/${encodeURIComponent(String(own).trim())}`, body };
}

/** @param {Field} field @param {any} text */
function valueOf(field, text) {
  if (field.as === "check" || field.as === "hours") return text;
  const said = text.trim();
  if (field.as === "words") return listOf(said);
  if (said === "") return null;
  if (field.as === "whole") return Math.round(Number(said) * (field.per ?? 1));
  if (field.as === "numbers") return listOf(said).map(Number);
  if (field.as === "time") return new Date(said).toISOString();
  return said;
}
