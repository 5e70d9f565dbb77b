/**
 * All that a page says, by key, one file a language. `{name}` in a text is a placeholder; `{name?one|many}` says the first
 * where it is 1, for languages that count so.
 *
 * @typedef {{lang: string, say: (key: string, more?: Record<string, unknown>) => string, has: (key: string) => boolean,
 *   clock: (wall_ms: number) => string, day: (wall_ms: number) => string,
 *   span: (from_ms: number, to_ms: number) => string}} Words `day`: a date; `span`: a day with two times
 */

export const LANGUAGES = ["zh-CN", "en"];

/**
 * The language to speak: `?lang=`, else what was chosen before, else the browser's, else English.
 * @param {string} search @param {string | null} kept @param {readonly string[]} wanted
 */
export function languageOf(search, kept, wanted) {
  for (const asked of [new URLSearchParams(search).get("lang"), kept, ...wanted]) {
    const low = String(asked ?? "").toLowerCase();
    if (low.startsWith("zh")) return "zh-CN";
    if (low.startsWith("en")) return "en";
  }
  return "en";
}

/** @param {string} lang @param {Record<string, string>} texts @returns {Words} A missing key shows itself in brackets: ugly on purpose, and a test finds it. */
export function wordsOf(lang, texts) {
  const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hour12: false });
  const day = new Intl.DateTimeFormat(lang, { month: "long", day: "numeric", weekday: "short" });
  return {
    lang,
    has: (key) => key in texts,
    say: (key, more = {}) => {
      const text = texts[key];
      if (text === undefined) return `[${key}]`;
      return text.replace(/\{(\w+)(?:\?([^|}]*)\|([^}]*))?\}/g, (_whole, /** @type {string} */ name, /** @type {string | undefined} */ one, /** @type {string} */ many) =>
        one === undefined ? String(more[name] ?? "") : Number(more[name]) === 1 ? one : many);
    },
    clock: (wall_ms) => clock.format(new Date(wall_ms)),
    day: (wall_ms) => day.format(new Date(wall_ms)),
    // The two times are never parted by the end of a line.
    span: (from_ms, to_ms) => `${day.format(new Date(from_ms))}${lang === "en" ? "," : ""} ${clock.format(new Date(from_ms))}\u2060–\u2060${clock.format(new Date(to_ms))}`,
  };
}

/** As the first word of a line of its own; what has no capitals stays. @param {string} text */
export const capital = (text) => (text ? text[0].toUpperCase() + text.slice(1) : text);

/** Pages that are sent without what only other pages say. */
const OWN = ["citizen", "officer", "desk", "admin"];

/** Loads the language's file and tells the document which language it is in. */
export async function loadWords() {
  const lang = languageOf(location.search, localStorage.getItem("onbeat.lang"), navigator.languages);
  localStorage.setItem("onbeat.lang", lang);
  document.documentElement.lang = lang;
  const page = document.getElementById("page")?.dataset.page ?? "";
  const answer = await fetch(`/static/shared/words/${OWN.includes(page) ? `${page}.` : ""}${lang}.json`);
  return wordsOf(lang, await answer.json());
}
