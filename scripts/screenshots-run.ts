import { readFileSync } from "node:fs";
import type { GraphDocument } from "../src/engine/graph/document.ts";
import type { EditorPage } from "../tests/e2e/editor-page.ts";

interface Camera {
  readonly editor: EditorPage;
  readonly sample: GraphDocument;
  open(graph: GraphDocument): Promise<void>;
  fit(): Promise<void>;
  shot(name: string): Promise<void>;
}

/** Pictures of a run and of what can be seen of it: steps, wires, a training, and a graph that lacks something. */
export async function photographRuns({ editor, sample, open, fit, shot }: Camera): Promise<void> {
  const { page } = editor;
  const inBothSchemes = async (name: string): Promise<void> => {
    await shot(`${name}-dark`);
    await page.emulateMedia({ colorScheme: "light" });
    await shot(`${name}-light`);
    await page.emulateMedia({ colorScheme: "dark" });
  };
  const letGo = (): Promise<void> =>
    page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());

  await open(sample);
  await editor.run();
  await editor.outcome(300_000);
  await page.getByRole("button", { name: "Steps", exact: true }).click();
  await page.getByRole("slider", { name: "Step of denoise" }).focus();
  for (let step = 0; step < 14; step++) await page.keyboard.press("ArrowLeft");
  await fit();
  await inBothSchemes("scrubber");
  await page.getByRole("button", { name: "Close the panel" }).click();

  const [x, y] = await editor.socket("predict", "output", "modelOutput");
  await page.mouse.move(x - 60, y - 90);
  await page.mouse.move(x, y, { steps: 3 });
  await page.locator("loom-wire-card .histogram").waitFor();
  await inBothSchemes("wire-card");
  await page.locator("loom-wire-card").getByRole("button", { name: /^Pin/ }).click();
  await editor.node("step").locator("header").click();
  await page.locator("loom-inspector loom-wire-report dl").first().waitFor();
  await inBothSchemes("inspector");
  await page.getByRole("button", { name: "Close the inspector" }).click();
  await letGo();
  await editor.press("q");
  await shot("queue");
  await editor.press("Escape");

  const unet = sample.nodes["unet"];
  await open({
    ...sample,
    nodes: { ...sample.nodes, ...(unet && { unet: { ...unet, params: { source: "file:my-unet" } } }) },
  });
  await page.getByRole("button", { name: /problem/ }).click();
  await fit();
  await inBothSchemes("missing-model");
  await page.getByRole("button", { name: "Close the list of problems" }).click();

  const training = JSON.parse(
    readFileSync(new URL("../graphs/train-ddpm.graph.json", import.meta.url), "utf8"),
  ) as GraphDocument;
  const begin = training.nodes["begin"];
  await open({
    ...training,
    nodes: {
      ...training.nodes,
      ...(begin && { begin: { ...begin, params: { ...begin.params, maxSteps: 60, batchSize: 16 } } }),
    },
  });
  await letGo();
  await editor.press("c");
  await editor.run();
  await page.locator("loom-training canvas").waitFor({ timeout: 300_000 });
  await editor.node("begin").locator(".state", { hasText: /^4\d/ }).waitFor({ timeout: 300_000 });
  await page.locator("loom-training").getByRole("button", { name: "Pause" }).click();
  await page.locator(".status .progress", { hasText: /^Paused/ }).waitFor({ timeout: 60_000 });
  await fit();
  await inBothSchemes("training");
  await page.locator("loom-training").getByRole("button", { name: "Stop and keep" }).click();
  await editor.outcome(300_000);
  await page.getByRole("button", { name: "Close the panel" }).click();
}
