import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { appCode, grouped, paperCode, secondView } from "../../gateway/web/shared/second.js";
import { SIGN_IN, reduceSignIn } from "../../gateway/web/shared/sign_in.js";
import { wordsOf } from "../../gateway/web/shared/words.js";
import { nodes, texts } from "./trees.mjs";

const words = wordsOf("en", JSON.parse(readFileSync(new URL("../../gateway/web/shared/words/en.json", import.meta.url))));
const asked = (kinds, more = {}) => ({ t: "second_asked", passkeys: true, asked: { note: "ab", kinds, expires_in_s: 300, ...more } });
const on = (state, ...messages) => messages.reduce(reduceSignIn, state);
const typed = (value) => ({ t: "ui.second_typed", value });
const APP = on({ ...SIGN_IN, form: { login: "desk", password: "secret" }, signing: true }, asked(["recovery", "totp"]));

test("a right password that needs a second step signs nobody in, and is forgotten", () => {
  assert.equal(APP.signed, null);
  assert.equal(APP.signing, false);
  assert.equal(APP.form.password, "");
  assert.equal(APP.second.by, "code");
});

test("a code counts however it was typed, and what is none is not sent", () => {
  assert.equal(appCode("123 456"), "123456");
  assert.equal(appCode("12345"), "");
  assert.equal(appCode("12345a"), "");
  assert.equal(paperCode("4gwt 2b8n-9qxm"), "4GWT-2B8N-9QXM");
  assert.equal(paperCode("4GWT"), "");
  const short = on(APP, typed("123"), { t: "ui.second_go" });
  assert.equal(short.second.going, false);
  assert.equal(short.second.refused.code, "second_digits");
  assert.equal(on(APP, typed("123456"), { t: "ui.second_go" }).second.going, true);
});

test("a wrong code may be tried again; one that is over leads back to the password, and says why", () => {
  const going = on(APP, typed("123456"), { t: "ui.second_go" });
  const wrong = on(going, { t: "second_refused", refused: { code: "second_wrong" } });
  assert.equal(wrong.second.going, false);
  assert.equal(wrong.second.typed, "");
  const over = on(going, { t: "second_over", refused: { code: "second_over" } });
  assert.equal(over.second, null);
  assert.equal(over.sign_in_refused.code, "second_over");
});

test("a passkey comes first where the browser can, and is not offered where it cannot", () => {
  const both = ["passkey", "recovery", "totp"];
  assert.equal(on(SIGN_IN, asked(both)).second.by, "passkey");
  const cannot = on(SIGN_IN, { ...asked(both), passkeys: false });
  assert.equal(cannot.second.by, "code");
  assert.equal(nodes(secondView(cannot.second, words), (attrs) => attrs["data-by"] === "passkey").length, 0);
  const only = on(SIGN_IN, { ...asked(["passkey", "recovery"]), passkeys: false });
  assert.equal(only.second.by, "recovery");
  assert.ok(texts(secondView(only.second, words)).includes(words.say("staff.second.no_passkeys")));
});

test("an app that must be added shows its secret in groups and as a link, then the codes for paper before anything else", () => {
  const enrol = on(SIGN_IN, asked(["totp"], { enrol: true, secret: "JBSWY3DPEHPK3PXP", uri: "otpauth://totp/x" }));
  assert.equal(grouped("JBSWY3DPEHPK3PXP"), "JBSW Y3DP EHPK 3PXP");
  const tree = secondView(enrol.second, words);
  assert.ok(texts(tree).includes("JBSW Y3DP EHPK 3PXP"));
  assert.equal(nodes(tree, (attrs) => attrs.href === "otpauth://totp/x").length, 1);
  const paper = on(enrol, { t: "second_paper", codes: ["4GWT-2B8N-9QXM"], signed: { role: "desk" } });
  assert.equal(paper.signed, null);
  assert.ok(texts(secondView(paper.second, words)).includes("4GWT-2B8N-9QXM"));
  assert.equal(on(paper, { t: "signed", signed: { role: "desk" } }).second, null);
});

test("every refusal of the second step has words in both languages", () => {
  for (const lang of ["en", "zh-CN"]) {
    const texts_ = JSON.parse(readFileSync(new URL(`../../gateway/web/shared/words/${lang}.json`, import.meta.url)));
    for (const code of ["second_over", "second_wrong", "second_digits", "second_characters", "passkey_none", "factor_known", "factors_full", "password_wrong", "too_many_attempts", "sign_in_refused", "page_unknown", "csrf_refused", "session_unknown", "proof_needed"])
      assert.ok(texts_[`refused.${code}`], `${lang}: ${code}`);
  }
});

const OPENED = on(SIGN_IN, { t: "ui.account" }, { t: "account_loaded", factors: [], places: [], passkeys: true });
const type = (field, value) => ({ t: "ui.account_typed", field, value });

test("an app is added by the password, then by its first code; the secret is gone afterwards and the codes stay until they are kept", () => {
  const adding = on(OPENED, { t: "ui.account_do", doing: { what: "app" } });
  assert.equal(on(adding, { t: "ui.account_go" }).account.refused.code, "password_missing");
  const going = on(adding, type("login", "desk"), type("password", "p"), { t: "ui.account_go" });
  assert.equal(going.account.going, true);
  const secret = on(going, { t: "account_asked", asked: { note: "n", kinds: ["totp"], expires_in_s: 300, secret: "JBSW", uri: "otpauth://totp/x" } });
  assert.equal(secret.account.typed.password, "");
  assert.equal(on(secret, { t: "ui.account_go" }).account.refused.code, "second_digits");
  const over = on(secret, { t: "account_refused", refused: { code: "second_over" } });
  assert.equal(over.account.asked, null);
  const added = on(secret, { t: "account_done", done: "added", paper: ["4GWT-2B8N-9QXM"] });
  assert.equal(added.account.asked, null);
  assert.deepEqual(added.account.paper, ["4GWT-2B8N-9QXM"]);
  assert.deepEqual(on(added, { t: "ui.account_kept" }).account.paper, []);
});

test("a new password is sent once both fields agree and are long enough; the session that comes back takes the old one's place", () => {
  const doing = on({ ...OPENED, signed: { role: "desk", station: "s1", csrf: "old" } }, { t: "ui.account_do", doing: { what: "password" } }, type("login", "desk"), type("password", "p"));
  assert.equal(on(doing, type("new_password", "short"), type("new_again", "short"), { t: "ui.account_go" }).account.refused.code, "password_weak");
  const typed = on(doing, type("new_password", "apples and pears, 7"));
  assert.equal(on(typed, type("new_again", "apples and pears, 8"), { t: "ui.account_go" }).account.refused.code, "password_differs");
  const going = on(typed, type("new_again", "apples and pears, 7"), { t: "ui.account_go" });
  assert.equal(going.account.going, true);
  const refused = on(going, { t: "account_refused", refused: { code: "password_common" } });
  assert.deepEqual([refused.account.typed.password, refused.account.typed.new_password, refused.account.typed.new_again], ["", "", ""]);
  const done = on(going, { t: "renewed", signed: { role: "desk", csrf: "new" } }, { t: "account_done", done: "changed" });
  assert.deepEqual(done.signed, { role: "desk", station: "s1", csrf: "new" });
  assert.deepEqual([done.account.doing, done.account.typed.new_password], [null, ""]);
});

test("whatever is wrong with a chosen password, it is chosen again beside the old one", () => {
  for (const code of ["password_weak", "password_common", "password_of_the_house"]) {
    const again = on(SIGN_IN, { t: "ui.form", field: "password", value: "made" }, { t: "sign_in_refused", refused: { code } });
    assert.deepEqual([again.renew, again.form.password], [{ new_password: "", new_again: "" }, "made"], code);
  }
  assert.equal(on(SIGN_IN, { t: "sign_in_refused", refused: { code: "password_lapsed" } }).renew, null);
});

test("nothing of my sign-in stays in the state once its panel is shut", () => {
  const secret = on(OPENED, { t: "ui.account_do", doing: { what: "app" } }, { t: "account_asked", asked: { note: "n", secret: "JBSW", kinds: [] } });
  for (const t of ["ui.account_shut", "ui.panel", "ui.tab", "ui.back"]) assert.equal(on(secret, { t }).account, null);
});

test("who ends another session is asked once more who they are, where that was long ago, and then it goes", () => {
  const asked = on(OPENED, { t: "account_proof", id: "s-2" });
  assert.deepEqual([asked.account.doing, asked.account.going], [{ what: "end", id: "s-2" }, false]);
  assert.equal(on(asked, { t: "ui.account_go" }).account.refused.code, "password_missing");
  const going = on(asked, type("login", "desk"), type("password", "p"), { t: "ui.account_go" });
  assert.equal(going.account.going, true);
  const done = on(going, { t: "account_done", done: "ended" });
  assert.deepEqual([done.account.doing, done.account.typed.password, done.account.done], [null, "", "ended"]);
  for (const lang of ["en", "zh-CN"]) {
    const said = wordsOf(lang, JSON.parse(readFileSync(new URL(`../../gateway/web/shared/words/${lang}.json`, import.meta.url))));
    for (const part of ["do", "again", "go"]) assert.ok(said.has(`staff.account.${part}.end`), `${lang}: ${part}`);
  }
});
