import { probe, type ProbeResult } from "./probe.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

function probeInWorker(backend: Parameters<typeof probe>[0]): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    worker.addEventListener(
      "message",
      ({ data }: MessageEvent<ProbeResult | { error: string }>) => {
        if ("error" in data) reject(new Error(data.error));
        else resolve(data);
      },
      { once: true },
    );
    worker.postMessage(backend);
  });
}

Object.assign(globalThis, { probe, probeInWorker });
document.title = "ready";
