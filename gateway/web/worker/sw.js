/**
 * The service worker of all pages, served as /sw.js. The server puts a line before this text that sets
 * `self.ROOM = {version, shells}`: a hash over every file of the room, and of each page the files it cannot do without.
 *
 * Promise: without a line a page that was opened here before opens again, from what was kept of one version. With a line
 * nothing kept is ever shown: pages and their parts come from the network first. What the service answers (`/v1/`) is
 * neither kept nor answered here, ever.
 */

const here = /** @type {ServiceWorkerGlobalScope & {ROOM: {version: string, shells: Record<string, string[]>}}} */ (
  /** @type {unknown} */ (self));
const ROOM = here.ROOM;
const SHELLS = "onbeat-shell-";
const SHELL = SHELLS + ROOM.version;
const NETWORK_MS = 4_000; // a line that is silent for longer is no line for somebody who waits for a page

/** Ids of clients whose page came from what was kept. @type {Set<string>} */
const from_shell = new Set();

here.addEventListener("install", (event) => event.waitUntil(renewed().then(() => here.skipWaiting())));
here.addEventListener("activate", (event) => event.waitUntil(dropOld().then(() => here.clients.claim())));
here.addEventListener("message", (event) => heard(event));
here.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== here.location.origin) return;
  if (request.mode === "navigate" && url.pathname in ROOM.shells) event.respondWith(page(event, url.pathname));
  else if (url.pathname.startsWith("/static/")) event.respondWith(part(event, url.pathname));
});

/** The pages that an older version kept, kept again in this version. Fails as a whole: then the older one stays. */
async function renewed() {
  for (const name of await shellsOf()) {
    const old = await caches.open(name);
    for (const path of Object.keys(ROOM.shells)) if (await old.match(path)) await keep(path);
  }
}

const shellsOf = async () => (await caches.keys()).filter((name) => name.startsWith(SHELLS) && name !== SHELL);

async function dropOld() {
  await Promise.all((await shellsOf()).map((name) => caches.delete(name)));
}

/** All of a page, asked of the network: a browser's own cache may be older. @param {string} path */
async function keep(path) {
  const cache = await caches.open(SHELL);
  await cache.addAll([path, ...ROOM.shells[path]].map((name) => new Request(name, { cache: "no-cache" })));
}

/** @param {ExtendableMessageEvent} event */
function heard(event) {
  const { t, page: path } = event.data ?? {};
  const asker = event.source instanceof Client ? event.source : null;
  if (t === "keep" && path in ROOM.shells) {
    event.waitUntil(keep(path).then(() => asker?.postMessage({ t: "kept", version: ROOM.version }), () => null));
  }
  if (t === "how") asker?.postMessage({ t: "how", shell: from_shell.has(asker.id) });
}

/** The page as the server has it; as it was kept, where the server is not reached or has failed.
 * @param {FetchEvent} event @param {string} path */
async function page(event, path) {
  const answer = await reached(event.request);
  if (answer && answer.status < 500) return answer;
  const kept = await (await caches.open(SHELL)).match(path);
  if (!kept) return answer ?? fetch(event.request);
  if (event.resultingClientId) from_shell.add(event.resultingClientId);
  return kept;
}

/** A part of a page: of the version that the page itself is of. @param {FetchEvent} event @param {string} path */
async function part(event, path) {
  const cache = await caches.open(SHELL);
  if (from_shell.has(event.clientId)) {
    const kept = await cache.match(path);
    if (kept) return kept;
  }
  const answer = await reached(event.request);
  if (answer && answer.status < 500) return answer;
  return (await cache.match(path)) ?? answer ?? fetch(event.request);
}

/** The network's answer, or null where there is none in time. @param {Request} request @returns {Promise<Response | null>} */
async function reached(request) {
  const silent = new Promise((done) => setTimeout(() => done(null), NETWORK_MS));
  return Promise.race([fetch(request).catch(() => null), silent]);
}
