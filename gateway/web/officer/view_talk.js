/** The talk on a case: what was said, what is not sent yet, and a few sentences for a gloved hand. */

import { h } from "../shared/dom.js";
import { nameOf } from "../shared/surnames.js";
import { mine, talkOf } from "./talking.js";
import { sheet } from "./view_sheets.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/words.js").Words} Words
 * @typedef {import("./reducer.js").Held} Held
 * @typedef {import("./talking.js").Line} Line
 */

const QUICK = ["coming", "five_late", "where", "here", "traffic"];

/** @param {Held} held @param {State} state @param {Words} words */
export function talkSheet(held, state, words) {
  const talk = talkOf(state, held.case);
  const said = talk.lines.map((line) => lineOf(line, state, words));
  return sheet(words.say("officer.talk"), words,
    h("p", { class: "quiet small" }, words.say("officer.talk_who")),
    talk.more ? h("button", { class: "plain", "data-earlier": "", "aria-disabled": talk.earlier ? "true" : null,
      onclick: { t: "ui.earlier", case: held.case, before: talk.lines[0]?.seq } }, words.say("officer.talk_earlier")) : null,
    h("div", { id: "talk", class: "talk", tabindex: 0, role: "log", "aria-live": "polite", "aria-label": words.say("officer.talk") },
      said.length || talk.pending.length ? said : h("p", { key: "none", class: "quiet" }, words.say("officer.talk_none")),
      talk.pending.map((one) => h("div", { key: one.key, class: "line mine waiting" },
        h("p", {}, one.words), h("p", { class: "small" }, words.say("officer.talk_waiting"))))),
    h("div", { class: "quick", role: "group", "aria-label": words.say("officer.talk_quick") }, QUICK.map((one) =>
      h("button", { key: one, "data-quick": one, onclick: { t: "ui.say", case: held.case, words: words.say(`officer.quick.${one}`) } }, words.say(`officer.quick.${one}`)))),
    h("form", { class: "row nowrap", onsubmit: { t: "ui.say", case: held.case } },
      h("div", { class: "fill" },
        h("label", { class: "unseen", for: "draft" }, words.say("officer.talk_write")),
        h("input", { id: "draft", type: "text", autocomplete: "off", maxlength: 1_000, placeholder: words.say("officer.talk_write"), value: talk.draft,
          oninput: { t: "ui.draft", case: held.case } })),
      h("button", { class: "main", type: "submit", "data-say": "" }, words.say("officer.talk_send"))));
}

/** @param {Line} line @param {State} state @param {Words} words */
function lineOf(line, state, words) {
  const own = mine(state, line);
  const who = own ? words.say("officer.talk_me") : line.by === "officer" && line.officer ? nameOf(line.officer, words) : words.say(`officer.talk_by.${line.by}`);
  return h("div", { key: line.seq, class: `line${own ? " mine" : ""}`, "data-line": line.seq },
    h("p", { class: "small who" }, `${who} · ${words.clock(Date.parse(line.at))}`),
    h("p", {}, line.words || words.say("officer.talk_erased")));
}
