import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { replayed } from "../../gateway/web/shared/replay.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const WEB = new URL("../../gateway/web/", import.meta.url);
const PAGES = readdirSync(WEB).filter((name) => name !== "patterns" && existsSync(new URL(`${name}/reducer.js`, WEB)));
/** What DESIGN asks of every page. */
const FIVE = ["loading", "empty", "live", "reconnecting", "refused"];
const LANGUAGES = ["zh-CN", "en"].map((lang) =>
  wordsOf(lang, JSON.parse(readFileSync(new URL(`shared/words/${lang}.json`, WEB)))));

test("there are pages", () => assert.ok(PAGES.length >= 3));

for (const page of PAGES) {
  const file = new URL(`${page}/states.js`, WEB);
  test(`${page}: its states are listed in states.js`, () => assert.ok(existsSync(file), "see gateway/web/README.md, States by name"));
  if (!existsSync(file)) continue;
  const { PLAYED } = await import(file);

  test(`${page}: loading, empty, live, reconnecting and refused are among its states, and no name is used twice`, () => {
    const names = PLAYED.states.map((one) => one.name);
    assert.deepEqual(FIVE.filter((one) => !names.includes(one)), []);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  test(`${page}: every state has a main part, and words for all that it says`, () => {
    for (const { name } of PLAYED.states) {
      for (const words of LANGUAGES) {
        const trees = PLAYED.view(replayed(PLAYED, name), words);
        assert.equal(nodes(trees, (attrs) => attrs.id === "main").length, 1, name);
        const missing = texts(trees).filter((text) => /^\[[\w.-]+\]$/.test(text));
        assert.deepEqual(missing, [], `${name}, ${words.lang}`);
      }
    }
  });

  test(`${page}: its states differ from each other`, () => {
    const drawn = new Map();
    for (const { name } of PLAYED.states) {
      const text = JSON.stringify(PLAYED.view(replayed(PLAYED, name), LANGUAGES[1]));
      assert.equal(drawn.get(text), undefined, `${name} looks like ${drawn.get(text)}`);
      drawn.set(text, name);
    }
  });
}
