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

/** Opens the page in a profile without a cache and counts what comes. Throws when numerics come with the page. */
export async function firstLoad(browser: Browser, url: string): Promise<FirstLoad> {
  const page = await openPage(browser);
  try {
    const arrived: { readonly file: string; readonly body: Promise<Buffer>; readonly byWorker: boolean }[] =
      [];
    let worker = "";
    page.on("worker", (started) => (worker = started.url()));
    page.on("response", (response) => {
      const file = response.url();
      if (!file.startsWith("http")) return;
      const byWorker =
        worker !== "" && (file === worker || response.request().headers()["referer"] === worker);
      arrived.push({ file, body: response.body().catch(() => Buffer.alloc(0)), byWorker });
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
    const files = await Promise.all(arrived.map(async (part) => ({ ...part, bytes: await part.body })));
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
