/** The pattern sheet, pure: every shared piece in each of its states, and a link to every state of every page. */

import { h } from "../shared/dom.js";
import { map } from "../shared/live_map.js";
import { MARKS, badge, brand, lineBar, lineRefused, phrases, ring } from "../shared/pieces.js";
import { nameOf } from "../shared/surnames.js";
import { SHARED } from "../shared/store.js";
import { AREAS, HERE, LI, id } from "./town.js";

/** Tokens that are colours, as `tokens.css` names them. */
export const COLOURS = ["ground", "surface", "raised", "ink", "quiet", "line", "edge", "accent", "accent-deep", "on-accent", "accent-soft", "red", "on-red", "red-soft",
  "press-red", "amber", "amber-soft", "green", "green-soft", "land", "land-line", "water"];
const REASONS = ["revoked", "replaced", "version", "too_many"];

/** @param {string} name @param {import("../shared/dom.js").Given[]} kids */
const piece = (name, ...kids) => h("div", { class: "card" }, h("h3", { class: "small quiet" }, name), kids);
/** @param {string} name @param {import("../shared/dom.js").Given[]} kids */
const group = (name, ...kids) => h("section", {}, h("h2", {}, name), h("div", { class: "pieces" }, kids));

/** @param {{page: string, names: string[]}[]} states @param {import("../shared/words.js").Words} words */
export function view(states, words) {
  const clock = { ...SHARED, ready: true, now_ms: 12_000, heard_ms: 1_000 };
  return [h("main", { id: "main", class: "sheet" },
    h("h1", {}, "OnBeat"),
    h("section", {}, h("h2", {}, "pages"), states.map((one) => h("div", {}, h("h3", {}, one.page),
      h("p", { class: "states" }, one.names.map((name) => h("a", { href: `?page=${one.page}&state=${name}&lang=${words.lang}` }, name)))))),
    h("section", {}, h("h2", {}, "colours"), h("div", { class: "swatches" }, COLOURS.map((name) =>
      h("div", {}, h("svg", { viewBox: "0 0 10 4", preserveAspectRatio: "none", "aria-hidden": "true" }, h("rect", { width: 10, height: 4, fill: `var(--${name})` })), h("code", { class: "small" }, name))))),
    group("words",
      piece("brand", h("p", {}, brand(words.say("name")))),
      piece("large", h("p", { class: "large" }, phrases(words.say("line.lost"), words))),
      piece("plain", h("p", {}, words.say("line.lost"))),
      piece("quiet, small", h("p", { class: "quiet small" }, words.say("line.lost"))),
      piece("code", h("p", { class: "code" }, "4GWT-2B8N-9QXM-7YZC-1DKP-5RAV")),
      piece("person", h("p", {}, nameOf(LI, words)))),
    group("status", Object.keys(MARKS).map((status) => piece(status, badge(status, words)))),
    group("countdown",
      piece("whole", ring(61_000, 1_000, words)), piece("soon", ring(13_000, 1_000, words)),
      piece("over", ring(1_000, 1_000, words)), piece("small", ring(40_000, 1_000, words, { small: true }))),
    group("said",
      piece("plain", h("p", { class: "say" }, words.say("loading"))), piece("good", h("p", { class: "say good" }, words.say("status.cleared"))),
      piece("wait", h("p", { class: "say wait" }, words.say("line.lost"))), piece("bad", h("p", { class: "say bad" }, words.say("refused.unknown")))),
    group("buttons", ["", "main", "red", "plain"].map((kind) => piece(kind || "button",
      h("p", { class: "row" }, h("button", { class: kind }, words.say("dismiss")), h("button", { class: kind, "aria-disabled": "true" }, words.say("dismiss")))))),
    group("fields",
      piece("field", h("div", { class: "field" }, h("label", { for: "p-a" }, words.say("sign_in.login")), h("input", { id: "p-a", type: "text" }))),
      piece("wrong", h("div", { class: "field wrong" }, h("label", { for: "p-b" }, words.say("sign_in.login")), h("p", { class: "wrong-say" }, words.say("refused.unknown")), h("input", { id: "p-b", type: "text" }))),
      piece("choice", h("div", { class: "choices" }, ["offered", "claimed"].map((one, at) => h("label", { class: "choice" },
        h("input", { type: "radio", name: "p-c", checked: at === 0 }), h("span", {}, words.say(`status.${one}`)))))) ),
    group("line",
      piece("reconnecting", lineBar({ ...clock, line: "reconnecting" }, words)), piece("offline", lineBar({ ...clock, offline: true }, words)),
      REASONS.filter((why) => words.has(`line.refused.${why}`)).map((why) => piece(`refused: ${why}`, refused(lineRefused({ ...clock, line: "refused", line_why: why }, words))))),
    group("loading", piece("skeleton", h("div", { class: "skeleton", "aria-hidden": "true" }, h("i", {}), h("i", {}), h("i", {})))),
    group("map",
      piece("none", map({ camera: null, ratio: 0.7, areas: AREAS, marks: [], label: "map, none", words })),
      piece("marks", map({ camera: { ...HERE, wide_m: 4_800 }, ratio: 0.7, areas: AREAS, mine: "xw-1-a", words, label: "map, marks", marks: [
        { key: "pin", kind: "pin", ...HERE, within_m: 200 }, { key: id(1), kind: "unit", lat: 32.066, lon: 118.784, sign: "0417" },
        { key: id(2), kind: "unit", lat: 32.066, lon: 118.796, sign: "0423", busy: true },
        ...["blue", "amber", "green", ""].map((colour, at) => ({ key: id(3 + at), kind: /** @type {"case"} */ ("case"), lat: 32.054, lon: 118.78 + at * 0.006, colour, open: at === 1 }))] }))))];
}

/** A page has one first heading; on this sheet the refusal's stands under its piece's name. @param {import("../shared/dom.js").Tree | null} tree */
const refused = (tree) => tree && { ...tree, attrs: { ...tree.attrs, role: null },
  kids: tree.kids.map((kid) => (typeof kid === "object" && kid.tag === "h1" ? { ...kid, tag: "p" } : kid)) };
