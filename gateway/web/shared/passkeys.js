/** A passkey made and shown by the browser itself, where it has that; everything goes as JSON, as the service says it. */

const made = () => /** @type {any} */ (globalThis.PublicKeyCredential);

/** Whether this browser can make and show passkeys. */
export const canPasskey = () => Boolean(made()?.parseRequestOptionsFromJSON && made()?.parseCreationOptionsFromJSON && navigator.credentials);

/** @param {any} options as they came @returns {Promise<any>} what the service wants to hear. Throws where the person says no, or has none. */
export async function showPasskey(options) {
  const found = /** @type {any} */ (await navigator.credentials.get({ publicKey: made().parseRequestOptionsFromJSON(options) }));
  return found.toJSON();
}

/** @param {any} options as they came @returns {Promise<any>} what the service wants to hear. Throws where the person says no, or has it here already. */
export async function makePasskey(options) {
  const found = /** @type {any} */ (await navigator.credentials.create({ publicKey: made().parseCreationOptionsFromJSON(options) }));
  return found.toJSON();
}

/** What was thrown, as a refusal that has a sentence. @param {any} thrown @returns {{code: string, detail?: string}} */
export const refusalOf = (thrown) => (thrown instanceof DOMException ? { code: thrown.name === "InvalidStateError" ? "factor_known" : "passkey_none" } : { code: thrown.code ?? "unknown", detail: thrown.detail ?? "" });
