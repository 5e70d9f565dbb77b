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
  assert.deepEqual(texts(buttons(THERE, "zh-CN")), ["用 City ID 登录"]);
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

const inputs = (state) => nodes(signInView(state, said("en"), "desk"), (attrs) => attrs.type && attrs.id);

test("a password that somebody else made is asked to be replaced as a next step, not told as a mistake", () => {
  const asked = on(SIGN_IN, { t: "ui.form", field: "login", value: "officer-0417" }, { t: "sign_in_refused", refused: { code: "password_made" } });
  const words = texts(signInView(asked, said("en"), "desk"));
  assert.equal(words[0], "Choose your own password");
  for (const one of ["The password you were given", "New password, 12 characters or more", "Choose it and sign in"]) assert.ok(words.includes(one), one);
  const tone = (state) => nodes(signInView(state, said("en"), "desk"), (attrs) => attrs.class?.startsWith("say"))[0].attrs.class;
  assert.equal(tone(asked), "say wait");
  const differs = on(asked, { t: "ui.renew", field: "new_password", value: "apples and pears" }, { t: "ui.sign_in" });
  assert.equal(tone(differs), "say bad");
  assert.equal(inputs(differs).find((one) => one.attrs.id === "login").attrs.value, "officer-0417");
});

test("what is typed can be read where its writer wants it, and not any more for who signs in next", () => {
  const secrets = (state) => inputs(state).filter((one) => one.attrs.id.includes("password") || one.attrs.id === "new_again").map((one) => one.attrs.type);
  const renewing = on(SIGN_IN, { t: "sign_in_refused", refused: { code: "password_made" } });
  assert.deepEqual(secrets(renewing), ["password", "password", "password"]);
  const shown = on(renewing, { t: "ui.show" });
  assert.deepEqual(secrets(shown), ["text", "text", "text"]);
  assert.deepEqual(secrets(on(shown, { t: "ui.show" })), ["password", "password", "password"]);
  assert.equal(on(shown, { t: "signed", signed: {} }).shown, false);
});
