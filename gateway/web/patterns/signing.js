/** The states of a sign-in that every page of who works here has: the second step, one by one. */

const ASKED = { t: "second_asked", passkeys: false, asked: { note: "ab", kinds: ["recovery", "totp"], expires_in_s: 300 } };
const ENROL = { t: "second_asked", passkeys: true, asked: { note: "cd", kinds: ["totp"], expires_in_s: 300, enrol: true, secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  uri: "otpauth://totp/OnBeat:desk-xw-1?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=OnBeat" } };
const QR = { size: 4, path: "M0 0h2v1H0zM1 1h3v1H1z" };
export const PAPER = ["4GWT-2B8N-9QXM", "7YZC-1DKP-5RAV", "0HJE-6S3F-8VNB", "2KQX-4T7M-1WCD"];

/** @param {import("../shared/dom.js").Message[]} before what the page has heard by then @returns {import("../shared/replay.js").Named[]} */
export const signingStates = (before) => [
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
