/** Makes docs/screenshots/*.png from the running editor: `npx tsx scripts/screenshots.ts`. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LoomApp } from "../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../src/engine/graph/document.ts";
import { largeGraph } from "../tests/support/large-graph.ts";
import { EditorPage, executable } from "../tests/e2e/editor-page.ts";
import { photographRuns } from "./screenshots-run.ts";

const FOLDER = fileURLToPath(new URL("../docs/screenshots/", import.meta.url));

if (!executable) throw new Error("No Chromium or Chrome was found. Set CHROMIUM to the path of one.");
mkdirSync(FOLDER, { recursive: true });

const editor = await EditorPage.open("screenshots");
const { page } = editor;

async function shot(name: string): Promise<void> {
  await editor.settled();
  // At rest the canvas is painted anew, sharp at its scale.
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  console.log(`docs/screenshots/${name}.png`);
}

async function open(graph: GraphDocument): Promise<void> {
  await page.evaluate(
    (document_) => (document.querySelector("loom-app") as LoomApp).session.store.replace(document_),
    graph,
  );
  await editor.settled();
}

async function template(id: string): Promise<GraphDocument> {
  await page.getByRole("button", { name: "Templates" }).click();
  await page.locator(`[data-template="${id}"]`).click();
  await editor.settled();
  return editor.document();
}

async function fit(): Promise<void> {
  await page.evaluate(() => (document.querySelector("loom-app") as LoomApp).canvas.fit());
}

function longNames(graph: GraphDocument): GraphDocument {
  const nodes = Object.entries(graph.nodes).map(([id, record]) => [
    id,
    { ...record, title: `A title for ${id} that is far too long for the header of any node` },
  ]);
  return {
    ...graph,
    name: "A graph whose name is so long that nobody would read all of it in the one line of a toolbar",
    nodes: Object.fromEntries(nodes) as GraphDocument["nodes"],
  };
}

try {
  const sample = await template("sample-digits");
  await shot("template-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shot("template-light");
  await page.emulateMedia({ colorScheme: "dark" });

  await editor.drag(
    await editor.socket("timesteps", "output", "plan"),
    await editor.socket("predict", "input", "unet"),
    { hold: true },
  );
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${FOLDER}wire-refused.png` });
  await page.mouse.up();
  await editor.drag(await editor.socket("timesteps", "output", "plan"), await editor.emptyPlace());
  await shot("palette");
  await editor.press("Escape");

  await editor.run();
  await editor.node("guess").locator("canvas").waitFor({ timeout: 120_000 });
  await editor.node("begin").locator(".state", { hasText: /^1\d/ }).waitFor({ timeout: 120_000 });
  await shot("running-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shot("running-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await editor.outcome(300_000);
  await fit();
  await shot("sampled-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shot("sampled-light");
  await page.emulateMedia({ colorScheme: "dark" });

  await editor.param("unet", "source").fill("bundled:not-there");
  await editor.run();
  await editor.outcome(60_000);
  await page.getByRole("button", { name: /problem/ }).click();
  await fit();
  await shot("failed-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shot("failed-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByRole("button", { name: "Close the list of problems" }).click();

  await open({
    ...sample,
    nodes: { ...sample.nodes, lost: { type: "vendor/sharpen", version: 1, params: {} } },
    edges: [...sample.edges, { from: "decode.image", to: "lost.image" }],
    layout: { ...sample.layout, lost: [2140, 270] },
  });
  await fit();
  await shot("unknown-node");

  await open(sample);
  await page.getByRole("button", { name: "The graph as a list" }).click();
  await page.locator("loom-list summary", { hasText: "Scheduler step" }).click();
  await shot("list");
  await page.getByRole("button", { name: "Close the list" }).click();
  await editor.press("?");
  await shot("shortcuts");
  await editor.press("Escape");

  await open(longNames(sample));
  await fit();
  await shot("long-names");
  await open(await largeGraph());
  await fit();
  await shot("large");
  await page.getByRole("button", { name: "New graph" }).click();
  await shot("empty");

  await photographRuns({ editor, sample, open, fit, shot });

  await open(sample);
  await page.setViewportSize({ width: 320, height: 640 });
  await fit();
  await shot("small-320");
  await page.setViewportSize({ width: 3840, height: 2160 });
  await fit();
  await shot("wide-4k");
} finally {
  await editor.close();
}
