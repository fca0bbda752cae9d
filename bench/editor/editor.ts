import { largeGraph } from "../../tests/support/large-graph.ts";
import { findChromium, launchChromium } from "../../tests/support/browser.ts";
import { median, type Result } from "../support.ts";
import { serveBuiltPage } from "./built-page.ts";
import { firstLoad } from "./first-load.ts";
import { frameTimes, loadGraph, moveInEditor, type Motion } from "./frames.ts";
import { openPage } from "./open-page.ts";

const MOTIONS: readonly (readonly [Motion, string])[] = [
  ["drag", "one node dragged"],
  ["wire", "a wire dragged"],
  ["pan", "the canvas moved"],
  ["zoom", "zooming"],
  ["panFar", "the whole graph moved, seen from far"],
  ["dragFar", "500 selected nodes dragged, seen from far"],
];

const FRAMES = 180;

/** The built page in a headless Chromium: first load, and how smooth 500 nodes and 1,000 wires are while the engine idles. */
export async function benchEditor(): Promise<readonly Result[]> {
  const executable = findChromium();
  if (executable === undefined) return [{ name: "editor", skipped: "no Chromium or Chrome was found" }];
  const served = await serveBuiltPage();
  const browser = await launchChromium(executable);
  try {
    const loads = [];
    for (let round = 0; round < 3; round++) loads.push(await firstLoad(browser, served.url));
    const [load] = loads;
    const rows: Result[] = load
      ? [
          { name: "first load of the page", value: load.pageBytes / 1000, unit: "kB" },
          { name: "first load of the page, gzip", value: load.pageGzip / 1000, unit: "kB" },
          { name: "numerics, in the worker only", value: load.workerBytes / 1000, unit: "kB" },
          { name: "numerics, gzip", value: load.workerGzip / 1000, unit: "kB" },
          { name: "first paint", value: median(loads.map((each) => each.firstPaint)), unit: "ms" },
          { name: "time to interactive", value: median(loads.map((each) => each.interactive)), unit: "ms" },
        ]
      : [];
    const page = await openPage(browser);
    await page.goto(served.url);
    await page.waitForSelector("loom-canvas");
    const graph = await largeGraph();
    const times = [];
    for (let round = 0; round < 5; round++) {
      times.push(await loadGraph(page, graph));
      await loadGraph(page, { format: 1, nodes: {}, edges: [] });
    }
    rows.push({
      name: "500 nodes and 1,000 wires opened",
      value: median(times),
      unit: "ms",
      goal: "1,000 ms",
    });
    await loadGraph(page, graph);
    for (const [motion, name] of MOTIONS) {
      const { p50, p95 } = frameTimes(await moveInEditor(page, motion, FRAMES));
      rows.push({ name: `${name}, frame p50`, value: p50, unit: "ms" });
      rows.push({ name: `${name}, frame p95`, value: p95, unit: "ms", goal: "16.7 ms" });
    }
    return rows;
  } finally {
    await browser.close();
    await served.close();
  }
}
