/** A report on its way: one key from before the first attempt until its code is kept, whatever breaks. */

import assert from "node:assert/strict";
import { test } from "node:test";

const storage = () => {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
};
globalThis.addEventListener = () => null;
globalThis.localStorage = storage();
globalThis.sessionStorage = storage();

const { EMPTY } = await import("../../gateway/web/citizen/draft.js");
const { Sending } = await import("../../gateway/web/citizen/sending.js");

const DRAFT = { ...EMPTY, pin: { lat: 32.06, lon: 118.79 }, category: "bicycle", words: "gone" };
const STATE = { draft: DRAFT, over: [], silent: false, gone: false, signed: false };
const RECEIPT = "4GWT-2B8N-9QXM-7YZC-1DKP-5RAV";
const settled = () => new Promise((go) => setImmediate(go));
const keptReport = () => JSON.parse(localStorage.getItem("onbeat.report") ?? "null");

/** A sending whose answers are given: "dead", or a status with a body. `calls`: what was sent; `told`: what the page heard. */
function begun(answers) {
  const [calls, told, opened] = [[], [], []];
  globalThis.fetch = async (_path, { headers, body }) => {
    calls.push({ key: headers["idempotency-key"], body: JSON.parse(body), kept: keptReport()?.key });
    const answer = answers.shift();
    if (answer === "dead") throw new TypeError("no line");
    return new Response(JSON.stringify(answer[1]), { status: answer[0] });
  };
  const sending = new Sending({ tell: (m) => told.push(m), opened: async (code) => opened.push(code) });
  return { sending, calls, told, opened };
}

test("a report is kept before it is sent, and every attempt carries the same key and the same words", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { sending, calls, told, opened } = begun(["dead", [503, { code: "away" }], [201, { receipt: RECEIPT, case: "c" }]]);
  sending.begin(STATE);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await settled();
    t.mock.timers.tick(20_000);
  }
  await settled();
  assert.equal(calls.length, 3);
  assert.equal(new Set(calls.map((one) => one.key)).size, 1);
  assert.deepEqual(calls.map((one) => one.kept), calls.map((one) => one.key));
  assert.deepEqual(calls.map((one) => one.body.words), ["gone", "gone", "gone"]);
  assert.deepEqual(told.filter((one) => one.t === "reported").map((one) => one.receipt), [RECEIPT]);
  assert.deepEqual(opened, [RECEIPT]);
  t.mock.timers.tick(60_000);
  await settled();
  assert.equal(calls.length, 3, "what was answered is not sent again");
  assert.equal(keptReport().key, calls[0].key, "it stays until the code is kept");
  sending.kept();
  assert.equal(keptReport(), null);
});

test("a tab that is opened again goes on under the key that was kept, and without one sends nothing", async () => {
  localStorage.setItem("onbeat.report", JSON.stringify({ key: "k-1", body: { words: "gone", lat: 32, lon: 118 } }));
  const again = begun([[201, { receipt: RECEIPT, case: "c" }]]);
  assert.equal(again.sending.goOn(), true);
  await settled();
  assert.deepEqual(again.calls.map((one) => one.key), ["k-1"]);
  again.sending.kept();
  const fresh = begun([]);
  assert.equal(fresh.sending.goOn(), false);
  await settled();
  assert.deepEqual(fresh.calls, []);
});

test("a draft stays on the device, in silent mode only in the tab, and after it was sent nowhere", async () => {
  const { sending } = begun([[201, { receipt: RECEIPT, case: "c" }]]);
  sending.keepDraft(STATE);
  assert.ok(localStorage.getItem("onbeat.draft"));
  sending.keepDraft({ ...STATE, silent: true });
  assert.deepEqual([localStorage.getItem("onbeat.draft"), Boolean(sessionStorage.getItem("onbeat.draft"))], [null, true]);
  sending.begin(STATE);
  await settled();
  assert.equal(sending.draft(), null);
  sending.kept();
});

test("what the service refuses is not sent again by itself", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { sending, calls, told } = begun([[422, { code: "words_missing" }]]);
  sending.begin(STATE);
  await settled();
  t.mock.timers.tick(60_000);
  await settled();
  assert.equal(calls.length, 1);
  assert.deepEqual([told.at(-1).t, told.at(-1).refused.code, keptReport()], ["report_refused", "words_missing", null]);
});
