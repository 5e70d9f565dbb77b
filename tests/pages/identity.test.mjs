import assert from "node:assert/strict";
import { test } from "node:test";

import { reportOf, EMPTY } from "../../gateway/web/citizen/draft.js";
import { AUDIT, reduceAudit } from "../../gateway/web/shared/audit.js";
import { replayed } from "../../gateway/web/shared/replay.js";
import { reduce } from "../../gateway/web/station/reducer.js";
import { PLAYED } from "../../gateway/web/station/states.js";

const FOUND = replayed(PLAYED, "identity-found");
const NUMBER = FOUND.identity.found.number;

test("who reported is gone from the whole state as soon as the card shows another case, is shut, or somebody signs out", () => {
  const other = Object.keys(FOUND.cases).find((one) => one !== FOUND.open);
  for (const m of [{ t: "ui.open", case: other }, { t: "ui.shut" }, { t: "ui.sign_out" }, { t: "ui.identity_shut" }, { t: "ui.follow", station: "xw-2" }]) {
    const after = reduce(FOUND, m);
    assert.equal(after.identity, null, m.t);
    assert.ok(!JSON.stringify(after).includes(NUMBER), m.t);
  }
});

test("an answer that comes after its card was left is not taken", () => {
  const going = replayed(PLAYED, "identity-going");
  const left = reduce(going, { t: "ui.identity_shut" });
  assert.equal(reduce(left, { t: "identity", case: going.open, found: { number: NUMBER, name: null } }).identity, null);
});

test("without a reason of ten characters nothing is asked", () => {
  const short = replayed(PLAYED, "identity-short");
  assert.equal(short.identity.going, false);
  assert.equal(short.identity.refused.code, "reason_short");
});

test("the audit takes only pages of the chain that is shown, and is shut with its card", () => {
  const shown = reduceAudit(AUDIT, { t: "ui.audit", chain: "town" });
  assert.equal(reduceAudit(shown, { t: "audit", page: { chain: "account:x", entries: [{}], people: [], more: false } }), shown);
  const loaded = reduceAudit(shown, { t: "audit", page: { chain: "town", entries: [{ seq: 2 }], people: [], more: true } });
  assert.equal(reduceAudit(loaded, { t: "ui.audit_older" }).audit.going, true);
  const readers = replayed(PLAYED, "readers");
  assert.equal(reduce(readers, { t: "ui.shut" }).audit, null);
});

test("a name goes with a confirmed number only", () => {
  const draft = { ...EMPTY, category: "noise", words: "x", pin: { lat: 1, lon: 2 }, name: " 王小明 " };
  assert.equal(reportOf(draft).name, undefined);
  assert.equal(reportOf({ ...draft, how: "number", phone: null }).name, undefined);
  assert.equal(reportOf({ ...draft, how: "number", phone: "p" }).name, "王小明");
});
