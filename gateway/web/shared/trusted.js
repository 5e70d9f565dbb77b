/**
 * What text may become a script here. Our policy asks for Trusted Types: the browser then refuses any text that would
 * be run, save what this one policy lets through, an exact list of our own addresses. It makes no HTML at all.
 * Import it before anything that starts a worker from an address: `import "../shared/trusted.js"`.
 */

/** Scripts that are started by address instead of being imported. The service worker has a policy of its own. */
export const STARTED = new Set(["/static/vendor/maplibre-gl/maplibre-gl-worker.mjs", "/static/citizen/worker.js"]);

/**
 * The address as it may be started. @throws {TypeError} for every other one.
 * @param {string} text @param {string} here the page's own address @returns {string}
 */
export function started(text, here) {
  const url = new URL(text, here);
  if (url.origin !== new URL(here).origin || !STARTED.has(url.pathname)) throw new TypeError(`${url.pathname} is no script of ours to start`);
  return url.href;
}

/** @type {any} */ (globalThis).trustedTypes?.createPolicy("default", { createScriptURL: (/** @type {string} */ text) => started(text, location.href) });
