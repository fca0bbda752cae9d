/// <reference lib="webworker" />
import { addPlugins, cleanupOutdatedCaches, precacheAndRoute } from "workbox-precaching";
import type { PrecacheEntry } from "workbox-precaching";
import { createPartialResponse } from "workbox-range-requests";
import { registerRoute } from "workbox-routing";

declare const self: ServiceWorkerGlobalScope;

/** Filled in by the build (vite/service-worker.ts): what the page needs to open, and the policy of its workers. */
declare const LOOM_PRECACHE: PrecacheEntry[];
declare const LOOM_POLICY: string;

/** Kept once they were needed: numerics, models, data, pictures. */
const ON_DEMAND = "latent-loom-on-demand";
const onDemand = (url: URL): boolean =>
  /\.wasm$/.test(url.pathname) ||
  /\/(models|data)\//.test(url.pathname) ||
  /\/assets\/.*\.(png|jpe?g)$/.test(url.pathname);

/**
 * The headers that a plain host does not send. Isolation gives WASM its threads; the policy keeps what the engine's worker
 * may reach to itself and to HTTPS.
 */
function guarded(response: Response): Response {
  if (response.type === "opaque" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Content-Security-Policy", LOOM_POLICY);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** Takes what has a new name with each build from the cache, and asks the host first for what keeps its name. */
async function fetchOnDemand(request: Request, url: URL): Promise<Response> {
  const cache = await caches.open(ON_DEMAND);
  const whole = new Request(url.href, { headers: withoutRange(request.headers) });
  const kept = await cache.match(whole);
  const named = /\/assets\//.test(url.pathname);
  let response = named ? kept : undefined;
  if (!response) {
    try {
      // The browser's own cache answers where the file is unchanged.
      const fresh = await fetch(whole, { cache: "no-cache" });
      if (fresh.status !== 200) return fresh;
      await cache.put(whole, fresh.clone()).catch(() => undefined);
      response = fresh;
    } catch (error) {
      if (!kept) throw error;
      response = kept;
    }
  }
  return request.headers.has("range") ? createPartialResponse(request, response) : response;
}

function withoutRange(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete("range");
  return copy;
}

addPlugins([{ handlerWillRespond: ({ response }) => Promise.resolve(guarded(response)) }]);
precacheAndRoute(LOOM_PRECACHE, {
  directoryIndex: "index.html",
  cleanURLs: false,
  ignoreURLParametersMatching: [/./],
});
cleanupOutdatedCaches();
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && onDemand(url),
  ({ request, url }) => fetchOnDemand(request, url).then(guarded),
);

// The first visit is kept at once; a later version waits until the person reloads.
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
});
