import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { executable, serveEditor } from "../../tests/e2e/editor-page.ts";
import { launchProfile } from "../../tests/support/browser.ts";
import { FakeHub } from "../../tests/support/fake-hub.ts";
import { unetGraph } from "../../tests/support/unet-graph.ts";
import { generatedModel } from "../../tests/support/large-model.ts";
import { unet2dConditionParameters } from "../../src/diffusion/models/unet-2d-condition.ts";
import { parseUnet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import type { Result } from "../support.ts";
import { CHECKPOINTS, type CheckpointName } from "./checkpoint.ts";
import { peakAbove, rendererPids } from "./page-memory.ts";

const WEIGHTS = "unet/diffusion_pytorch_model.safetensors";

/** The U-Net fetched into the browser's own file system, and loaded from there onto its WebGPU. */
export async function benchInPage(name: CheckpointName): Promise<Result[]> {
  const { title, parts } = CHECKPOINTS[name];
  const label = `${title}: U-Net in Chromium`;
  if (!executable) return [{ name: label, skipped: "no Chromium or Chrome was found" }];
  if (!existsSync("/proc/self/status"))
    return [{ name: label, skipped: "this system has no /proc to read the memory of a process from" }];
  const file = generatedModel(unet2dConditionParameters(parseUnet2dConditionConfig(parts.unet)), "F16");
  const hub = new FakeHub();
  await hub.start();
  hub.add(`${name}/unet/config.json`, JSON.stringify(parts.unet));
  hub.files.set(`${name}/${WEIGHTS}`, file);
  const profile = await mkdtemp(join(tmpdir(), "loom-bench-profile-"));
  const server = await serveEditor("bench-weights");
  const context = await launchProfile(executable, profile);
  try {
    await context.addInitScript("globalThis.__name = (value) => value");
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(server.resolvedUrls?.local[0] ?? "", { timeout: 120_000 });
    await page.waitForSelector("loom-canvas", { timeout: 120_000 });
    await page.evaluate(() => (document.querySelector("loom-app") as LoomApp).control.start("webgpu"));
    const pids = rendererPids(profile);
    const source = `${hub.url}/${name}`;
    let loaded: { readonly ms: number; readonly bytes: number } | undefined;
    const loadPeak = await peakAbove(pids, async () => (loaded = await load(page, source)));
    if (!loaded) throw new Error("The page did not say that it loaded the U-Net.");
    const size = `${(file.size / 1e9).toFixed(2)} GB`;
    return [
      { name: `${label}, ${size} fetched and loaded on webgpu`, value: loaded.ms, unit: "ms" },
      { name: "peak of the page's process above what it had", value: loadPeak, unit: "MB", goal: "≤ 300" },
      { name: "its weights on the GPU", value: loaded.bytes / 1e9, unit: "GB", goal: "≤ 1.9" },
    ];
  } finally {
    await context.close();
    await server.close();
    await hub.stop();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Agrees to the model and runs the graph. */
const load = async (page: Page, source: string): Promise<{ ms: number; bytes: number } | undefined> =>
  page.evaluate(
    async ([graph, reference]) => {
      const app = document.querySelector("loom-app") as LoomApp;
      app.control.consent = undefined;
      await app.control.models?.allow([reference]);
      app.session.store.replace(graph, "Open");
      await app.control.run();
      const event = app.control.memory.events.find(({ action }) => action === "loaded");
      if (!event) throw new Error(app.control.failure ?? app.session.runs.faults()[0]?.message ?? "nothing");
      return { ms: event.ms ?? Number.NaN, bytes: event.bytes };
    },
    // A step that misses its prompt: the weights are loaded, and nothing is computed.
    [unetGraph(source, 4), source] as const,
  );
