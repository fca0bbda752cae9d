import { readFileSync, readdirSync } from "node:fs";
import { NodeEditor } from "rete";
import { expect, test } from "vitest";
import { openGraphText } from "../../../src/editor/files/open-graph.ts";
import { Catalog } from "../../../src/editor/graph/catalog.ts";
import { shapeOf } from "../../../src/editor/graph/ports.ts";
import { sketchOf } from "../../../src/editor/library/sketch.ts";
import { syncEditor } from "../../../src/editor/rete/document-sync.ts";
import type { TypedSchemes } from "../../../src/editor/rete/typed-node.ts";
import { graphOfLink, linkTo } from "../../../src/editor/share/link.ts";
import { referencesOf } from "../../../src/editor/share/references.ts";
import { EditorSession } from "../../../src/editor/store/session.ts";
import { parseDocument } from "../../../src/engine/graph/parse.ts";
import { serializeDocument } from "../../../src/engine/graph/serialize.ts";
import { describeNodes } from "../../../src/nodes/describe.ts";
import { hostileFile } from "./hostile-json.ts";

/** `npm run test:slow` takes all of them; the first ones are taken always. */
const FILES = process.env["LOOM_SLOW"] === undefined ? 1500 : 10_000;
const graphs = readdirSync("graphs")
  .filter((name) => name.endsWith(".json"))
  .map((name) => readFileSync(`graphs/${name}`, "utf8"));
const catalog = new Catalog(describeNodes());

/** Everything that the page does with a graph when it opens one, short of drawing it. */
async function open(text: string): Promise<"opened" | "refused"> {
  let document;
  try {
    ({ document } = openGraphText(text));
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect(message.length).toBeGreaterThan(10);
    // Words of ours, not of the language.
    expect(message).not.toMatch(
      /is not a function|undefined \(reading|Cannot read|is not iterable|call stack/,
    );
    return "refused";
  }
  const session = new EditorSession(catalog, document);
  for (const { message } of session.faults) expect(message.length).toBeGreaterThan(5);
  await syncEditor(new NodeEditor<TypedSchemes>(), document, catalog);
  for (const [id, record] of Object.entries(document.nodes)) shapeOf(document, catalog, id, record);
  sketchOf(document);
  referencesOf(document);
  const saved = serializeDocument(document);
  expect(parseDocument(saved)).toMatchObject({ ok: true });
  return "opened";
}

test(`${FILES} damaged graph files are opened or refused with a reason, and none takes long`, async () => {
  const seen = { opened: 0, refused: 0 };
  let slowest = { ms: 0, seed: -1 };
  for (let seed = 0; seed < FILES; seed++) {
    const text = hostileFile(graphs, seed);
    const began = performance.now();
    try {
      seen[await open(text)] += 1;
    } catch (error) {
      throw new Error(`File ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    const ms = performance.now() - began;
    if (ms > slowest.ms) slowest = { ms, seed };
  }
  expect({}).not.toHaveProperty("polluted");
  expect(Object.keys(Object.prototype)).toEqual([]);
  // Both ways are really taken.
  expect(seen.opened).toBeGreaterThan(FILES / 10);
  expect(seen.refused).toBeGreaterThan(FILES / 10);
  // A bound against hanging, far above what any file takes on a busy machine.
  expect(slowest.ms, `file ${slowest.seed}`).toBeLessThan(10_000);
}, 600_000);

test("what opens survives the way through a link", () => {
  let opened = 0;
  for (let seed = 20_000; seed < 20_300; seed++) {
    const parsed = parseDocument(hostileFile(graphs, seed));
    if (!parsed.ok) continue;
    opened += 1;
    const link = linkTo(parsed.document, "https://example.org/loom/?x#y");
    expect(link.startsWith("https://example.org/loom/#graph=1.")).toBe(true);
    expect(graphOfLink(new URL(link).hash)).toEqual(JSON.parse(JSON.stringify(parsed.document)));
  }
  expect(opened).toBeGreaterThan(30);
});
