import type { Browser, Page } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { findChromium, launchChromium } from "../../tests/support/browser.ts";
import { median, type Result } from "../support.ts";
import { serveBuiltPage } from "./built-page.ts";
import { openPage } from "./open-page.ts";

const TEMPLATE = "emoji-txt2img";
const WARM = 5;

/**
 * Text to image in the built page, on WebAssembly: from the start of navigation in an empty profile to the first picture, with Run
 * pressed as soon as there is a page; then one picture after another, each with another seed.
 */
export async function benchFirstPicture(): Promise<readonly Result[]> {
  const executable = findChromium();
  if (executable === undefined)
    return [{ name: "first picture", skipped: "no Chromium or Chrome was found" }];
  const served = await serveBuiltPage();
  const browser = await launchChromium(executable);
  try {
    const before = await bytesOf(browser, served.url, false);
    const { page, bytes, milliseconds } = await bytesOf(browser, served.url, true);
    const warm: number[] = [];
    for (let seed = 1; seed <= WARM; seed++) warm.push(await again(page, seed));
    return [
      { name: "models that a page fetches which runs nothing", value: before.bytes / 1000, unit: "kB" },
      { name: "models that the first picture needs", value: bytes / 1000, unit: "kB" },
      { name: "fresh page to first picture", value: milliseconds, unit: "ms", goal: "6,000 ms" },
      {
        name: `a further picture, median of ${String(WARM)}`,
        value: median(warm),
        unit: "ms",
        goal: "2,000 ms",
      },
    ];
  } finally {
    await browser.close();
    await served.close();
  }
}

interface Opened {
  readonly page: Page;
  /** Bytes of model files that came over the wire. */
  readonly bytes: number;
  readonly milliseconds: number;
}

async function bytesOf(browser: Browser, url: string, run: boolean): Promise<Opened> {
  const page = await openPage(browser);
  const sizes: Promise<number>[] = [];
  page.on("response", (response) => {
    // The service worker keeps files for later; they are no part of what the page waits for.
    if (!response.url().includes("/models/") || response.request().serviceWorker()) return;
    sizes.push(
      response.body().then(
        (body) => body.length,
        () => 0,
      ),
    );
  });
  await page.goto(`${url}?template=${TEMPLATE}`, { waitUntil: "commit" });
  const milliseconds = await page.evaluate(async (start) => {
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    const app = (): LoomApp | null => document.querySelector("loom-app");
    while (!app()?.hasUpdated) await frame();
    await app()?.canvas.settled;
    if (!start) return performance.now();
    await app()?.control.run();
    await frame();
    return performance.now();
  }, run);
  if (run) await finished(page);
  else await page.waitForTimeout(3000);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  return { page, bytes, milliseconds };
}

/** @throws when the run did not end with its picture */
async function finished(page: Page): Promise<void> {
  const failed = await page.evaluate(() => {
    const { session } = document.querySelector("loom-app") as LoomApp;
    const ids = Object.keys(session.document.nodes);
    const unmade = ids.filter((id) => session.runOf(id).error !== undefined);
    return { unmade, pictures: ids.filter((id) => session.runOf(id).preview?.kind === "image").length };
  });
  if (failed.unmade.length > 0 || failed.pictures === 0)
    throw new Error(`The run made no picture: ${failed.unmade.join(", ")}`);
}

async function again(page: Page, seed: number): Promise<number> {
  const milliseconds = await page.evaluate(async (value) => {
    const { session, control } = document.querySelector("loom-app") as LoomApp;
    const { document: graph } = session;
    const node = graph.nodes["seed"];
    if (!node) throw new Error("The graph has no seed.");
    session.store.replace({
      ...graph,
      nodes: { ...graph.nodes, seed: { ...node, params: { ...node.params, seed: value } } },
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const started = performance.now();
    await control.run();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - started;
  }, seed);
  await finished(page);
  return milliseconds;
}
