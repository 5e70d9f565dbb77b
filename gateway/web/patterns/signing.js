/** The states of a sign-in that every page of who works here has: the second step, one by one. */

const ASKED = { t: "second_asked", passkeys: false, asked: { note: "ab", kinds: ["recovery", "totp"], expires_in_s: 300 } };
const ENROL = { t: "second_asked", passkeys: true, asked: { note: "cd", kinds: ["totp"], expires_in_s: 300, enrol: true, secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  uri: "otpauth://totp/OnBeat:desk-xw-1?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=OnBeat" } };
const QR = { size: 4, path: "M0 0h2v1H0zM1 1h3v1H1z" };
export const PAPER = ["4GWT-2B8N-9QXM", "7YZC-1DKP-5RAV", "0HJE-6S3F-8VNB", "2KQX-4T7M-1WCD"];

/** @param {import("../shared/dom.js").Message[]} before what the page has heard by then @returns {import("../shared/replay.js").Named[]} */
export const signingStates = (before) => [
    { name: "sign-in-renew", log: [...before, { t: "ui.form", field: "login", value: "desk-xw-1" }, { t: "sign_in_refused", refused: { code: "password_made" } }] },
    { name: "sign-in-shown", log: [...before, { t: "ui.form", field: "login", value: "officer-0417" }, { t: "ui.form", field: "password", value: "K7MWQ-9XTRA" }, { t: "ui.show" }] },
    { name: "sign-in-renew-differs", log: [...before, { t: "sign_in_refused", refused: { code: "password_made" } }, { t: "ui.renew", field: "new_password", value: "apples and pears" }, { t: "ui.sign_in" }] },
    { name: "provider", log: [...before, { t: "provider", name: "City ID" }] },
    { name: "provider-leaving", log: [...before, { t: "provider", name: "City ID" }, { t: "ui.provider" }] },
    { name: "provider-not-linked", log: [...before, { t: "provider", name: "City ID" }, { t: "sign_in_refused", refused: { code: "oidc_not_linked" } }] },
    { name: "second-code", log: [...before, ASKED] },
    { name: "second-passkey", log: [...before, { ...ASKED, asked: { ...ASKED.asked, kinds: ["passkey", "recovery", "totp"] }, passkeys: true }] },
    { name: "second-no-passkeys", log: [...before, { ...ASKED, asked: { ...ASKED.asked, kinds: ["passkey", "recovery"] } }] },
    { name: "second-paper", log: [...before, ASKED, { t: "ui.second_by", by: "recovery" }, { t: "ui.second_typed", value: "4GWT" }, { t: "ui.second_go" }] },
    { name: "second-going", log: [...before, ASKED, { t: "ui.second_typed", value: "123 456" }, { t: "ui.second_go" }] },
    { name: "second-wrong", log: [...before, ASKED, { t: "second_refused", refused: { code: "second_wrong" } }] },
    { name: "second-over", log: [...before, ASKED, { t: "second_over", refused: { code: "second_over" } }] },
    { name: "second-enrol", log: [...before, ENROL, { t: "second_qr", qr: QR }] },
    { name: "second-kept", log: [...before, ENROL, { t: "second_paper", codes: PAPER, signed: {} }] },
];

const FACTORS = [{ id: "f1", kind: "totp", name: "My phone", made_at: "2026-11-20T08:00:00Z", used_at: "2026-11-29T06:00:00Z" }, { id: "f2", kind: "passkey", name: "Laptop", made_at: "2026-11-21T08:00:00Z", used_at: null }];
const PLACES = [{ id: "s1", page: "desk", device: "Chrome, Linux", opened_at: "2026-11-29T05:00:00Z", expires_in_s: 3_000, this: true }, { id: "s2", page: "admin", device: "", opened_at: "2026-11-28T05:00:00Z", expires_in_s: 3_000, this: false }];
const OPENED = { t: "account_loaded", factors: FACTORS, places: PLACES, passkeys: true };

/** My own sign-in. @param {import("../shared/dom.js").Message[]} before @returns {import("../shared/replay.js").Named[]} */
export const accountStates = (before) => [
  { name: "account-loading", log: [...before, { t: "ui.account" }] },
  { name: "account", log: [...before, { t: "ui.account" }, OPENED] },
  { name: "account-none", log: [...before, { t: "ui.account" }, { ...OPENED, factors: [], passkeys: false }] },
  { name: "account-not-offered", log: [...before, { t: "ui.account" }, { ...OPENED, factors: null }] },
  { name: "account-again", log: [...before, { t: "ui.account" }, OPENED, { t: "ui.account_do", doing: { what: "app" } }] },
  { name: "account-password-wrong", log: [...before, { t: "ui.account" }, OPENED, { t: "ui.account_do", doing: { what: "passkey" } }, { t: "account_refused", refused: { code: "password_wrong" } }] },
  { name: "account-forget", log: [...before, { t: "ui.account" }, OPENED, { t: "ui.account_do", doing: { what: "forget", id: "f1" } }] },
  { name: "account-change-password", log: [...before, { t: "ui.account" }, OPENED, { t: "ui.account_do", doing: { what: "password" } }] },
  { name: "account-password-common", log: [...before, { t: "ui.account" }, OPENED, { t: "ui.account_do", doing: { what: "password" } }, { t: "account_refused", refused: { code: "password_common" } }] },
  { name: "account-password-changed", log: [...before, { t: "ui.account" }, OPENED, { t: "account_done", done: "changed" }] },
  { name: "account-secret", log: [...before, { t: "ui.account" }, OPENED, { t: "ui.account_do", doing: { what: "app" } }, { t: "account_asked", asked: ENROL.asked }, { t: "account_qr", qr: QR }] },
  { name: "account-paper", log: [...before, { t: "ui.account" }, OPENED, { t: "account_done", done: "added", paper: PAPER }] },
  { name: "account-added", log: [...before, { t: "ui.account" }, OPENED, { t: "account_done", done: "added" }] },
];
