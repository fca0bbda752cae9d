import { largeGraph } from "../../tests/support/large-graph.ts";
import { findChromium, launchChromium } from "../../tests/support/browser.ts";
import { median, type Result, type Row } from "../support.ts";
import { serveBuiltPage } from "./built-page.ts";
import { firstLoad } from "./first-load.ts";
import { frameTimes, loadGraph, moveInEditor, type FrameTimes, type Motion } from "./frames.ts";
import { loadInPeer, moveInPeer, openLitegraph, PEER_MOTIONS, toPeer } from "./litegraph.ts";
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
const PEER = "litegraph.js";

/**
 * The built page in a headless Chromium: first load, and how smooth 500 nodes and 1,000 wires are while the engine idles,
 * beside litegraph.js with as many nodes, sockets and wires in the same places.
 */
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
    const peer = await openLitegraph(browser);
    const graph = await largeGraph();
    const peerGraph = toPeer(graph);
    const times = { ours: [] as number[], peer: [] as number[] };
    for (let round = 0; round < 5; round++) {
      await page.bringToFront();
      times.ours.push(await loadGraph(page, graph));
      await loadGraph(page, { format: 1, nodes: {}, edges: [] });
      await peer.bringToFront();
      times.peer.push(await loadInPeer(peer, peerGraph));
    }
    rows.push({
      name: "500 nodes and 1,000 wires opened",
      value: median(times.ours),
      unit: "ms",
      peer: { name: PEER, value: median(times.peer) },
      goal: "1,000 ms",
    });
    await page.bringToFront();
    await loadGraph(page, graph);
    for (const [motion, name] of MOTIONS) {
      await page.bringToFront();
      const ours = frameTimes(await moveInEditor(page, motion, FRAMES));
      await peer.bringToFront();
      const theirs = PEER_MOTIONS.includes(motion)
        ? frameTimes(await moveInPeer(peer, motion, FRAMES))
        : undefined;
      const beside = (at: keyof FrameTimes): Pick<Row, "value" | "unit" | "peer"> => ({
        value: ours[at],
        unit: "ms",
        ...(theirs ? { peer: { name: PEER, value: theirs[at] } } : {}),
      });
      rows.push({ name: `${name}, frame p50`, ...beside("p50") });
      rows.push({ name: `${name}, frame p95`, ...beside("p95"), goal: "16.7 ms" });
    }
    return rows;
  } finally {
    await browser.close();
    await served.close();
  }
}
