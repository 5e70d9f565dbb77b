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

// --- ringing: what a push says, in the words of the page
const SAID = "onbeat-said"; // kept by shared/push.js: {lang, categories: {key: name}}
const OFFICER = "/officer";
const TAG = "offer:";
/** A browser that ends the permission after a push that showed nothing. */
const SHOWN_ALWAYS = /applewebkit/i.test(navigator.userAgent) && !/chrome|chromium|android/i.test(navigator.userAgent);

here.addEventListener("push", (event) => event.waitUntil(pushed(event.data)));
here.addEventListener("notificationclick", (event) => event.waitUntil(clicked(event.notification)));

/** @param {PushMessageData | null} message */
async function pushed(message) {
  /** @type {{kind?: string, case?: string, category?: string, ends_in_ms?: number}} */
  let told = {};
  try {
    told = message?.json() ?? {};
  } catch {
    // Not from this version of the service: the ring itself is still worth something.
  }
  if (told.kind === "gone") return over(`${TAG}${told.case}`);
  const looking = await looked();
  if (looking && !SHOWN_ALWAYS) return looking.postMessage({ t: "pushed", case: told.case });
  const { say, lang, nameOf } = await words();
  const seconds = Math.round((told.ends_in_ms ?? 0) / 1000);
  const [title, body] = told.kind === "offer"
    ? [say("push.offer", { category: nameOf(told.category ?? "") }), say("push.offer_left", { seconds })]
    : [say("name"), say("push.open")];
  return here.registration.showNotification(title, /** @type {NotificationOptions} */ ({
    body, lang, tag: told.case ? `${TAG}${told.case}` : "onbeat", renotify: true, requireInteraction: true,
    icon: "/static/icons/app-192.png", badge: "/static/icons/badge-96.png", vibrate: [200, 80, 200, 80, 200],
    data: { case: told.case ?? null },
  }));
}

/** What stands on the lock screen for an offer that is over says so, quietly; where nothing stands, nothing is said. */
async function over(/** @type {string} */ tag) {
  const [shown] = await here.registration.getNotifications({ tag });
  if (!shown) return;
  const { say, lang } = await words();
  await here.registration.showNotification(say("push.gone"), {
    body: say("push.gone_next"), lang, tag, silent: true, icon: "/static/icons/app-192.png", badge: "/static/icons/badge-96.png",
    data: { case: null },
  });
}

/** @param {Notification} notification */
async function clicked(notification) {
  notification.close();
  for (const old of await here.registration.getNotifications()) if (old.data?.case === null) old.close();
  const pages = await here.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((one) => new URL(one.url).pathname === OFFICER);
  if (!open) return here.clients.openWindow(OFFICER);
  const there = await open.focus();
  there.postMessage({ t: "opened", case: notification.data?.case ?? null });
  return there;
}

/** The officer's page that somebody is looking at just now: it rings by itself. */
async function looked() {
  const pages = await here.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.find((one) => one.visibilityState === "visible" && new URL(one.url).pathname === OFFICER) ?? null;
}

/** The pages' own words, in the language that was chosen on the page. */
async function words() {
  const said = await (await caches.open(SAID)).match("/said").then((one) => one?.json(), () => null);
  const lang = said?.lang ?? (navigator.language.startsWith("zh") ? "zh-CN" : "en");
  const file = `/static/shared/words/officer.${lang}.json`;
  const found = (await caches.match(file)) ?? (await fetch(file).catch(() => null));
  /** @type {Record<string, string>} */
  const texts = (await found?.json().catch(() => null)) ?? {};
  /** @param {string} key @param {Record<string, unknown>} [more] */
  const say = (key, more = {}) => (texts[key] ?? "OnBeat").replace(/\{(\w+)\}/g, (_whole, name) => String(more[name] ?? ""));
  /** @param {string} category */
  const nameOf = (category) => said?.categories?.[category] ?? category;
  return { say, lang, nameOf };
}
