import { probe } from "./probe.ts";

self.addEventListener("message", (event: MessageEvent<Parameters<typeof probe>[0]>) => {
  probe(event.data).then(
    (result) => self.postMessage(result),
    (error: unknown) => self.postMessage({ error: String(error) }),
  );
});
