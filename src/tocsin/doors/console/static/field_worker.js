// Keeps the pages of the field door that were opened, and what they are made of, for the hours without network. The network
// always comes first; what is kept is shown only where it does not answer. Nothing is sent from here.
const KEPT = "tocsin-field";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.pathname === "/field" || url.pathname.startsWith("/field/") || url.pathname.startsWith("/assets/");
  if (event.request.method !== "GET" || url.origin !== self.location.origin || !ours) return;
  event.respondWith(fetchOrKept(event.request));
});

async function fetchOrKept(request) {
  const cache = await caches.open(KEPT);
  try {
    const response = await fetch(request);
    if (response.ok && !response.redirected) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
