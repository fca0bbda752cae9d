import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import type { EditorPage } from "./editor-page.ts";
import { executable, skipNote } from "./editor-page.ts";
import { RunningPage } from "./running-page.ts";

/** A template with some parameters changed. */
async function template(
  name: string,
  changes: Readonly<Record<string, Readonly<Record<string, number>>>>,
): Promise<GraphDocument> {
  const graph = JSON.parse(await readFile(`graphs/${name}.graph.json`, "utf8")) as GraphDocument;
  const nodes = Object.entries(graph.nodes).map(([id, node]) => [
    id,
    { ...node, params: { ...node.params, ...changes[id] } },
  ]);
  return { ...graph, nodes: Object.fromEntries(nodes) as GraphDocument["nodes"] };
}

/** Little of each, so that a step takes a moment. */
const SMALL = { timesteps: { numInferenceSteps: 2 }, start: { batch: 1 } };
const STEPS = { maxSteps: 2000, batchSize: 2 };

describe.skipIf(!executable)(`training in Chromium${skipNote}`, () => {
  let running: RunningPage;
  let editor: EditorPage;

  beforeAll(async () => {
    running = await RunningPage.open("training");
    ({ editor } = running);
  });
  afterAll(async () => {
    await editor?.close();
  });
  afterEach(() => {
    expect(editor.errors).toEqual([]);
  });

  const stepsOf = async (): Promise<number> => {
    const words = await editor.page.locator("loom-training loom-chart").getAttribute("aria-label");
    return Number(/^Curves over (\d+) steps/.exec(words ?? "")?.[1] ?? Number.NaN);
  };

  test("a training is watched, held up, sampled, resumed, sampled as it goes on, ended, and its weights are saved", async () => {
    await running.openGraph(await template("train-ddpm", { ...SMALL, begin: STEPS }));
    await running.press("c");
    const panel = editor.page.locator("loom-training");
    await editor.run();
    // The curve grows while the training goes on.
    await panel.locator("canvas").waitFor({ timeout: 120_000 });
    const soon = await stepsOf();
    await editor.page.waitForFunction(
      (before) => {
        const chart = document
          .querySelector("loom-app")
          ?.shadowRoot?.querySelector("loom-dock")
          ?.shadowRoot?.querySelector("loom-training")
          ?.shadowRoot?.querySelector("loom-chart");
        return Number(/over (\d+) steps/.exec(chart?.getAttribute("aria-label") ?? "")?.[1]) > before;
      },
      soon,
      { timeout: 60_000 },
    );
    await running.reveal("decode");
    await panel.getByRole("button", { name: "Pause" }).click();
    const at = await running.held();
    expect(await stepsOf()).toBe(at);
    await panel.getByRole("button", { name: "Sample now" }).click();
    await editor.node("decode").locator("canvas").waitFor({ timeout: 120_000 });
    expect((await running.state()).held).toBe(at);
    const first = await running.picture("decode");

    const download = editor.page.waitForEvent("download");
    await panel.getByRole("button", { name: "Save ema" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe(`ema-step-${at}.safetensors`);
    const bytes = await readFile(await file.path());
    const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString();
    expect(Object.keys(JSON.parse(header) as object)).toContain("conv_in.weight");

    await panel.getByLabel("Sample every so many steps").fill("2");
    await panel.getByLabel("Sample every so many steps").blur();
    await panel.getByRole("button", { name: "Go on" }).click();
    // Another picture comes by itself, from weights that were trained on.
    await expect.poll(() => running.picture("decode"), { timeout: 60_000 }).not.toBe(first);
    await panel.getByLabel("Sample every so many steps").fill("0");
    await panel.getByLabel("Sample every so many steps").blur();
    await panel.getByRole("button", { name: "Pause" }).click();
    const later = await running.held();
    expect(later).toBeGreaterThan(at);
    await panel.getByRole("button", { name: "Stop and keep" }).click();
    expect(await editor.outcome(120_000)).toMatch(/^Done/);
    expect(await stepsOf()).toBe(later);
    await running.reveal("curve");
    await editor.node("curve").locator("canvas").waitFor();
    // What the loop carried when it was ended is still there.
    const again = editor.page.waitForEvent("download");
    await panel.getByRole("button", { name: "Save unet" }).click();
    expect((await again).suggestedFilename()).toBe(`unet-step-${later}.safetensors`);
    await running.button("Close the panel").click();
  }, 300_000);

  test("a training in one node is held up, goes on, and is ended with the weights that it has", async () => {
    await running.openGraph(await template("train-ddpm-trainer", { ...SMALL, train: STEPS }));
    await running.press("c");
    const panel = editor.page.locator("loom-training");
    await editor.run();
    await panel.locator("canvas").waitFor({ timeout: 120_000 });
    await panel.getByRole("button", { name: "Pause" }).click();
    const at = await running.held();
    expect(await editor.page.locator(".status .progress").innerText()).toBe(
      `Paused before step ${at + 1} of train`,
    );
    await running.button("One step").click();
    expect(await running.held(at)).toBe(at + 1);
    await panel.getByRole("button", { name: "Stop and keep" }).click();
    expect(await editor.outcome(120_000)).toMatch(/^Done/);
    expect(await stepsOf()).toBe(at + 1);
    await running.reveal("decode");
    await editor.node("decode").locator("canvas").waitFor();
    await running.button("Close the panel").click();
  }, 200_000);
});
