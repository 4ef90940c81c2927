// The service worker: keeps the page and its files on this device, and leaves to the server what words need; of what
// people sign or read it keeps nothing. The server writes NAMES in front: what the two stores are called.
/* global NAMES */
const SCOPE = new URL(self.registration.scope), FRESH_PAGE = new URL("?fresh", SCOPE).href;
const MATCH = { ignoreVary: true };
// Addresses that name their content, and others of the frame: they may be older than the server's.
const LASTING = /^(ui\/|tracking\/|assets\/|theme\.css\?v=)/, FRAME = /^(static\/|icons\/|app\.webmanifest$)/;
const GONE = [502, 503, 504]; // as a proxy says it

const inScope = (url) => url.origin === SCOPE.origin && url.pathname.startsWith(SCOPE.pathname);
const nameOf = (url) => url.pathname.slice(SCOPE.pathname.length) + url.search;
const storeOf = (name) => caches.open(name.startsWith("tracking/") ? NAMES.tracking : NAMES.page);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil(keep(event.data.keep)));
self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (!inScope(url)) return;
  const name = nameOf(url);
  if (request.method === "POST" && url.pathname === `${SCOPE.pathname}logout`) event.waitUntil(forgetPage());
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && url.pathname === SCOPE.pathname) event.respondWith(openPage(event));
  else if (LASTING.test(name)) event.respondWith(openFile(event, name));
  else if (FRAME.test(name)) event.respondWith(openFrame(event, name));
});

async function openPage(event) {
  const store = await caches.open(NAMES.page), reply = await fetch(event.request).catch(() => null);
  if (reply?.ok && !reply.redirected) event.waitUntil(store.put(FRESH_PAGE, reply.clone()));
  if (reply && !GONE.includes(reply.status)) return reply;
  return await findPage() || reply || Response.error();
}

// The page of this version, else of the one before, whose files are still here.
async function findPage() {
  for (const name of [NAMES.page, ...await caches.keys()]) {
    const page = await (await caches.open(name)).match(SCOPE.href, MATCH);
    if (page) return page;
  }
  return null;
}

async function openFile(event, name) {
  const found = await caches.match(event.request, MATCH);
  if (found) return found;
  const reply = await fetch(event.request);
  if (reply.ok) await putCopy(event, name, reply);
  return reply;
}

async function openFrame(event, name) {
  try {
    const reply = await fetch(event.request);
    if (reply.ok) await putCopy(event, name, reply);
    return reply;
  } catch { return await caches.match(event.request, MATCH) || Response.error(); }
}

async function putCopy(event, name, reply) {
  const copy = reply.clone(), store = await storeOf(name);
  event.waitUntil(store.put(event.request, copy).catch(() => {})); // a full disk keeps nothing, and the page works
}

// Keeps the files that a page has loaded, and only then the page itself: what is opened without a network is whole.
async function keep(addresses) {
  const files = addresses.map((address) => new URL(address)).filter((url) => inScope(url));
  for (const url of files) {
    const name = nameOf(url);
    if ((LASTING.test(name) || FRAME.test(name)) && !await caches.match(url.href, MATCH)) {
      await (await storeOf(name)).add(url.href);
    }
  }
  const store = await caches.open(NAMES.page), page = await store.match(FRESH_PAGE, MATCH) || await fetch(SCOPE.href);
  if (!page.ok || page.redirected) return;
  await store.put(SCOPE.href, page);
  const wanted = Object.values(NAMES), old = (await caches.keys()).filter((name) => name.startsWith("kslr-"));
  await Promise.all(old.filter((name) => !wanted.includes(name)).map((name) => caches.delete(name)));
}

// After signing out nobody opens the page from here.
async function forgetPage() {
  for (const name of await caches.keys()) {
    const store = await caches.open(name);
    for (const page of [FRESH_PAGE, SCOPE.href]) await store.delete(page, MATCH);
  }
}
