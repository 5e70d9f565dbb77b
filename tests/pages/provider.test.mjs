import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FIRST, reduce } from "../../gateway/web/admin/reducer.js";
import { SIGN_IN, reduceSignIn, signInView } from "../../gateway/web/shared/sign_in.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const said = (lang) => wordsOf(lang, JSON.parse(readFileSync(new URL(`../../gateway/web/shared/words/${lang}.json`, import.meta.url))));
const on = (state, ...messages) => messages.reduce(reduceSignIn, state);
const THERE = on(SIGN_IN, { t: "provider", name: "City ID" });
const buttons = (state, lang = "en") => nodes(signInView(state, said(lang), "desk"), (attrs) => "data-provider" in attrs);

test("the button stands on the form where there is a provider, and nowhere else, in both languages", () => {
  assert.equal(buttons(SIGN_IN).length, 0);
  assert.equal(buttons(on(THERE, { t: "provider", name: null })).length, 0);
  assert.deepEqual(texts(buttons(THERE)), ["Sign in with City ID"]);
  assert.deepEqual(texts(buttons(THERE, "zh-CN")), ["用City ID登录"]);
});

test("it is pressed once, does not send the form, and comes back when nobody left", () => {
  const [button] = buttons(THERE);
  assert.equal(button.attrs.type, "button");
  const leaving = on(THERE, { t: "ui.provider" });
  assert.equal(leaving.leaving, true);
  assert.equal(on(leaving, { t: "ui.provider" }), leaving);
  assert.equal(on(leaving, { t: "provider_stayed" }).leaving, false, "the page was kept and is shown again");
  const away = on(leaving, { t: "sign_in_refused", refused: { code: "oidc_away" } });
  assert.equal(away.leaving, false);
  assert.equal(away.sign_in_refused.code, "oidc_away");
});

test("every refusal of a provider is said in words of ours", () => {
  for (const lang of ["en", "zh-CN"]) {
    for (const code of ["oidc_off", "oidc_over", "oidc_refused", "oidc_away", "oidc_invalid", "oidc_not_linked", "oidc_suspended", "oidc_wrong_page", "identity_taken"]) {
      assert.ok(said(lang).has(`refused.${code}`), `${lang} ${code}`);
    }
  }
});

test("an admin links a person by the provider's subject, and must say why", () => {
  const row = { login: "desk-1", role: "desk", version: 3, identities: [{ issuer: "https://id.example", subject: "s-1" }] };
  const open = [{ t: "loaded", town: { stations: [], categories: [] }, people: [row], more: false, heard_ms: 1 }, { t: "ui.open", kind: "person", id: "desk-1" }].reduce(reduce, FIRST);
  assert.equal(open.opened.subject, "s-1");
  const silent = reduce(open, { t: "ui.identity" });
  assert.equal(silent.going, null);
  assert.equal(silent.opened.mistakes.identity, "missing");
  const why = [{ t: "ui.why", field: "subject", value: "s-2" }, { t: "ui.why", field: "identity", value: "New there." }, { t: "ui.identity" }].reduce(reduce, open);
  assert.equal(why.going, "identity");
});
