/** What the officer's tests begin with: words, a page that is live, an offer, a case. */

import { readFileSync } from "node:fs";

import { FIRST, reduce } from "../../gateway/web/officer/reducer.js";
import { view } from "../../gateway/web/officer/view.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const file = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
export const EN = wordsOf("en", JSON.parse(file("gateway/web/shared/words/en.json")));
export const ZH = wordsOf("zh-CN", JSON.parse(file("gateway/web/shared/words/zh-CN.json")));
export const ME = "00000000-0000-0000-0000-0000000000aa";

export const HERE = [
  { t: "places", areas: [{ id: "b1", kind: "beat", station: "xw-1", name: "北", name_en: "North", rings: [[[118.7, 32], [118.9, 32], [118.9, 32.1], [118.7, 32]]] }],
    categories: [{ id: "bicycle", name: "自行车", name_en: "Bicycle" }] },
  { t: "signed", signed: { role: "officer", call_sign: "0417" } },
  { t: "welcome", on_duty: true, call_sign: "0417", station: "xw-1", officer: ME, beat: "b1" },
  { t: "snapshot", at: {}, heard_ms: 0 },
  { t: "line", line: "live", heard_ms: 0 },
];
export const OFFER = { t: "offer", case: "c", round: 1, category: "bicycle", words: "gone", place: { lat: 32.06, lon: 118.79, within_m: 71 },
  remaining_ms: 58_000, heard_ms: 1_000 };
export const HELD = { t: "held", case: "c", fence: 2, state: "claimed", status: "claimed", category: "bicycle", words: "gone",
  place: { lat: 32.0601, lon: 118.7901, within_m: 0 }, seats: 1, heard_ms: 2_000 };
export const FIX = { t: "fix", fix: { lat: 32.06, lon: 118.79, accuracy_m: 5, source: "gps" } };
export const TAKE = { t: "ui.take", case: "c" };
export const CLAIM = { t: "claim", case: "c", round: 1, key: "k" };

export const from = (state, ...messages) => messages.reduce(reduce, state);
export const play = (...messages) => from(FIRST, ...HERE, ...messages);
export const seen = (state, words = EN) => texts(view(state, words)).join("\n");
export const read = (...messages) => seen(play(...messages));
/** The nodes of the page that carry this attribute. */
export const marked = (state, name) => nodes(view(state, EN), (attrs) => name in attrs && attrs[name] !== null);
export const large = (state) => nodes(view(state, EN), (attrs) => attrs.key === "large")[0] ?? null;
export const result = (act, more) => ({ t: "result", key: act.key ?? "k", act, ok: true, ...more });

/** The members of an enumeration of the service's, read from its own file. */
export function membersOf(path, name) {
  const body = file(path).split(`class ${name}(StrEnum):`)[1].split("\n\n\n")[0];
  return [...body.matchAll(/^ {4}[A-Z_]+ = "([a-z_]+)"/gm)].map((found) => found[1]);
}
