/**
 * Makes a page one that can be installed and that opens without a line: the service worker, what it keeps, and the
 * truth about the line. Without service workers (an older browser, plain HTTP from another machine) only the truth.
 */

const ASK_MS = 5_000;
const SETTLED_MS = 2_500;

/** Once the page has loaded and had time to be used: a worker that starts takes the processor of a small phone. */
const settled = () =>
  new Promise((go) => {
    const later = () => setTimeout(go, SETTLED_MS);
    if (document.readyState === "complete") later();
    else addEventListener("load", later, { once: true });
  });

/** The only script address that may be made of a text here: the policy of all pages demands that somebody vouches. */
const trusted = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("onbeat-worker", { createScriptURL: () => "/sw.js" });

export const able = () => "serviceWorker" in navigator && globalThis.isSecureContext === true;

/**
 * Registers the worker, has it keep the page, and sends `{t: "offline", on}` whenever that changes.
 *
 * @param {string} path Where the page stands: `/`, `/officer`, `/desk`.
 * @param {(message: {t: "offline", on: boolean}) => void} send
 * @returns {Promise<ServiceWorkerRegistration | null>}
 */
export async function keepPage(path, send) {
  let shell = false; // this page came from what was kept
  let said = false;
  const tell = () => {
    const on = shell || navigator.onLine === false;
    if (on !== said) send({ t: "offline", on: (said = on) });
  };
  addEventListener("offline", tell);
  addEventListener("online", tell);
  tell();
  if (!able()) return null;
  const worker = navigator.serviceWorker;
  worker.addEventListener("message", ({ data }) => {
    if (data?.t !== "how" || !data.shell || shell) return;
    shell = true;
    tell();
    const asking = setInterval(async () => {
      if (!(await reached())) return;
      clearInterval(asking);
      shell = false;
      tell();
    }, ASK_MS);
  });
  worker.controller?.postMessage({ t: "how" });
  try {
    await settled();
    // Asked for afresh at each visit: the browser compares it byte by byte and takes a new one over in the background.
    await worker.register(trusted ? trusted.createScriptURL("") : "/sw.js", { scope: "/", updateViaCache: "none" });
    const registration = await worker.ready;
    registration.active?.postMessage({ t: "keep", page: path });
    return registration;
  } catch {
    return null; // without a line, or where the browser does not want to: the page works all the same
  }
}

/** Does the service answer? */
async function reached() {
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) })).ok;
  } catch {
    return false;
  }
}
