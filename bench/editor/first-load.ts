import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { openPage } from "./open-page.ts";

export interface FirstLoad {
  /** Bytes of all that the page itself asked for until it could be used. */
  readonly pageBytes: number;
  readonly pageGzip: number;
  /** Bytes of the scripts and binaries that the worker asked for: numerics. */
  readonly workerBytes: number;
  readonly workerGzip: number;
  /** Milliseconds from the start of navigation to the first picture, and until the graph can be edited. */
  readonly firstPaint: number;
  readonly interactive: number;
}

/** Whether a script holds tfjs: the name of its kernel registry stays through every build. */
const holdsNumerics = (text: string): boolean => /kernelName|registerKernel|tfjs/.test(text);

/**
 * The files that a page asks for by itself: those that it names, and those that these name, but for what a worker's script
 * names. The browser's own record does not tell the two apart: it counts a worker's static imports as the page's.
 */
function namedFrom(
  start: string,
  bodies: ReadonlyMap<string, Buffer>,
  workers: ReadonlySet<string>,
): ReadonlySet<string> {
  const found = new Set([start]);
  for (const file of found) {
    const text = (bodies.get(file) ?? "").toString();
    for (const other of bodies.keys()) {
      const name = other.slice(other.lastIndexOf("/") + 1);
      if (name !== "" && !workers.has(other) && text.includes(name)) found.add(other);
    }
  }
  return found;
}

/** Opens the page in a profile without a cache and counts what comes. Throws when numerics come with the page. */
export async function firstLoad(browser: Browser, url: string): Promise<FirstLoad> {
  const page = await openPage(browser);
  try {
    const arrived: { readonly file: string; readonly body: Promise<Buffer> }[] = [];
    const workers = new Set<string>();
    page.on("worker", (started) => workers.add(started.url()));
    page.on("response", (response) => {
      const file = response.url();
      // What the service worker keeps for later is no part of the first load.
      if (!file.startsWith("http") || response.request().serviceWorker()) return;
      arrived.push({ file, body: response.body().catch(() => Buffer.alloc(0)) });
    });
    await page.goto(url, { waitUntil: "commit" });
    const interactive = await page.evaluate(async () => {
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      let app: LoomApp | null = null;
      while (!app?.hasUpdated) {
        await frame();
        app = document.querySelector("loom-app");
      }
      await app.canvas.updateComplete;
      await app.canvas.settled;
      await frame();
      // A task of its own after the frame: input that waits would be handled now.
      await new Promise((resolve) => setTimeout(resolve));
      return performance.now();
    });
    await page.waitForFunction(
      () => (document.querySelector("loom-app") as LoomApp).control.runtime !== undefined,
      undefined,
      { timeout: 60_000 },
    );
    const firstPaint = await page.evaluate(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
    );
    const bodies = new Map<string, Buffer>();
    for (const { file, body } of arrived) bodies.set(file, await body);
    const ofPage = namedFrom(page.url(), bodies, workers);
    const files = [...bodies].map(([file, bytes]) => ({ file, bytes, byWorker: !ofPage.has(file) }));
    const size = (byWorker: boolean, of: (bytes: Buffer) => number): number =>
      files.filter((part) => part.byWorker === byWorker).reduce((sum, { bytes }) => sum + of(bytes), 0);
    const stray = files.find(
      ({ byWorker, file, bytes }) => !byWorker && /\.js$/.test(file) && holdsNumerics(bytes.toString()),
    );
    if (stray) throw new Error(`Numerics load in the page: ${stray.file}`);
    return {
      pageBytes: size(false, (bytes) => bytes.length),
      pageGzip: size(false, (bytes) => gzipSync(bytes, { level: 9 }).length),
      workerBytes: size(true, (bytes) => bytes.length),
      workerGzip: size(true, (bytes) => gzipSync(bytes, { level: 9 }).length),
      firstPaint,
      interactive,
    };
  } finally {
    await page.context().close();
  }
}
