import { RESOURCES_CHANNEL } from "./register.ts";

/** In a worker: says what it has loaded when the page asks, so that it can be kept for a visit without a network. */
export function reportResources(): void {
  const channel = new BroadcastChannel(RESOURCES_CHANNEL);
  channel.addEventListener("message", ({ data }) => {
    if (data !== "what have you loaded?") return;
    channel.postMessage({ loaded: performance.getEntriesByType("resource").map(({ name }) => name) });
  });
}
