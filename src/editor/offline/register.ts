/** What the page and its workers say to each other about what they have loaded. */
export const RESOURCES_CHANNEL = "latent-loom/resources";

/**
 * Makes the built page work without a network: its files are kept by a service worker, and so is what a first visit loaded
 * before that worker was there.
 *
 * @param onUpdate is called when a newer version waits; what it is given puts it in place and reloads the page
 */
export function workOffline(onUpdate: (reload: () => void) => void): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  const isFirst = serviceWorker.controller === null;
  serviceWorker.addEventListener("controllerchange", () => {
    if (isFirst) void keepWhatWasLoaded();
  });
  const register = async (): Promise<void> => {
    const registration = await serviceWorker.register(new URL("sw.js", document.baseURI), {
      updateViaCache: "none",
    });
    const tell = (worker: ServiceWorker | null): void => {
      if (!worker || !serviceWorker.controller) return;
      onUpdate(() => {
        serviceWorker.addEventListener("controllerchange", () => window.location.reload(), { once: true });
        worker.postMessage("take over");
      });
    };
    tell(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const { installing } = registration;
      installing?.addEventListener("statechange", () => {
        if (installing.state === "installed") tell(installing);
      });
    });
  };
  // After the page itself: keeping its files must not slow down its first picture.
  const start = (): void => void register().catch(() => undefined);
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start, { once: true });
}

/** Asks for everything once more: the browser has it already, and now it passes through the service worker. */
async function keepWhatWasLoaded(): Promise<void> {
  const channel = new BroadcastChannel(RESOURCES_CHANNEL);
  const urls = new Set(performance.getEntriesByType("resource").map(({ name }) => name));
  channel.addEventListener("message", ({ data }: MessageEvent<{ readonly loaded?: readonly string[] }>) => {
    for (const url of data.loaded ?? []) urls.add(url);
  });
  channel.postMessage("what have you loaded?");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  channel.close();
  for (const url of urls) {
    if (url.startsWith(window.location.origin))
      await fetch(url, { cache: "force-cache" }).catch(() => undefined);
  }
}
