/**
 * Makes graphs/pictures/*.png for the gallery, each from a real run of its template: `npx tsx scripts/template-pictures.ts [names]`.
 * Templates whose models do not come with the project are left out; the gallery draws their wiring.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import type { GraphDocument } from "../src/engine/graph/document.ts";
import { referencesOf } from "../src/editor/share/references.ts";
import { readDocument } from "../src/engine/graph/parse.ts";
import { runGraph } from "../src/index.ts";
import type * as tf from "@tensorflow/tfjs";
import { readPixels } from "../src/nodes/image/pixels.ts";
import { shrink } from "../src/editor/history/shrink.ts";

const GRAPHS = fileURLToPath(new URL("../graphs/", import.meta.url));
const PICTURES = `${GRAPHS}pictures/`;
/** Twice the width of a card: sharp on fine screens, and still small. */
const LONGEST = 480;

/** Training as long as in the template would take minutes, and a card shows few digits. */
const SHORTER: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "train-ddpm": { "begin.maxSteps": 150, "optimizer.totalSteps": 150 },
  "train-ddpm-trainer": { "train.maxSteps": 150 },
};

/** The output port that holds the template's picture. */
function pictureOf(document: GraphDocument): string | undefined {
  const id = ["grid", "decode"].find((name) => document.nodes[name]?.type.startsWith("image/"));
  return id === undefined ? undefined : `${id}.image`;
}

mkdirSync(PICTURES, { recursive: true });
const wanted = process.argv.slice(2);
for (const file of readdirSync(GRAPHS).filter((name) => name.endsWith(".graph.json"))) {
  const id = file.replace(/\.graph\.json$/, "");
  if (wanted.length > 0 && !wanted.includes(id)) continue;
  const document = readDocument(readFileSync(GRAPHS + file, "utf8"));
  const { remote, files } = referencesOf(document);
  const port = pictureOf(document);
  if (remote.length > 0 || files.length > 0 || port === undefined) {
    console.log(
      `${id}: left out, it needs ${[...remote.map(({ reference }) => reference), ...files].join(", ")}`,
    );
    continue;
  }
  const began = performance.now();
  const result = await runGraph(document, { set: SHORTER[id] ?? {}, keep: [port], backend: "wasm" });
  const { width, height, rgba } = shrink(await readPixels(result.tensor(port) as tf.Tensor4D), LONGEST);
  result.dispose();
  // Digits are gray: one channel is a third of three.
  const isGray = rgba.every((value, at) => at % 4 === 3 || value === rgba[at - (at % 4)]);
  const channels = isGray ? 1 : 3;
  const data = Uint8Array.from(rgba.filter((_, at) => at % 4 < channels));
  const bytes = encode({ width, height, data, channels });
  writeFileSync(`${PICTURES}${id}.png`, bytes);
  console.log(
    `${id}: ${width} × ${height}, ${bytes.byteLength} bytes, ${Math.round(performance.now() - began)} ms`,
  );
}
