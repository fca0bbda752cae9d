import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { runGraph, type RunOptions } from "../../src/index.ts";

const graph = readFileSync(
  new URL("../../graphs/archive/v2/every-feature.graph.json", import.meta.url),
  "utf8",
);

async function sums(set: NonNullable<RunOptions["set"]>, keep: readonly string[] = []): Promise<number[][]> {
  const result = await runGraph(graph, { backend: "cpu", set, keep });
  const found = await Promise.all(
    ["show.image", ...keep].map(async (address) => {
      const tensor = result.tensor(address);
      const data = await tf.sum(tf.abs(tensor)).data();
      return [tensor.shape[0] ?? 0, data[0] ?? Number.NaN];
    }),
  );
  result.dispose();
  return found;
}

test("S5 a graph with subgraphs runs headless, and its outputs are asked for by the subgraph's port or by what is inside", async () => {
  const [show, port, inner] = await sums({}, ["loop.sample", "loop.half.scale.sample"]);
  expect(show?.[0]).toBe(2);
  expect(port).toEqual(inner);
  const result = await runGraph(graph, { backend: "cpu" });
  expect(result.outputs).not.toHaveProperty("again");
  result.dispose();
});

test("S5 a parameter inside is set by its path, for this use alone; that of the subgraph by its port", async () => {
  const [[, before] = []] = await sums({}, ["loop.sample"]).then((all) => all.slice(1));
  const [[, after] = []] = await sums({ "loop.half.scale.scale": 1 }, ["loop.sample"]).then((all) =>
    all.slice(1),
  );
  expect((after ?? 0) / (before ?? 1)).toBeGreaterThan(1.9);
  const [show] = await sums({ "start.pictures": 3 });
  expect(show?.[0]).toBe(3);
  const [other] = await sums({ "start.noise.batch": "4", "start.pictures": 3 });
  expect(other?.[0]).toBe(3);
});

test("S5 what is not there is named with what there is", async () => {
  const failing = (set: NonNullable<RunOptions["set"]>): Promise<unknown> =>
    runGraph(graph, { backend: "cpu", set });
  await expect(failing({ "loop.nobody.scale": 1 })).rejects.toThrow(
    'Subgraph "loop" has no node "nobody". It has: inputs, begin, half',
  );
  await expect(failing({ "seed.more.scale": 1 })).rejects.toThrow(
    /node "seed" \(value\/seed\) is no subgraph/,
  );
  await expect(failing({ "loop.half.scale.size": 1 })).rejects.toThrow(
    '"loop/half/scale" (sampling/scale-noise) has no parameter "size". It has: scale',
  );
  await expect(runGraph(graph, { backend: "cpu", only: "again" })).rejects.toThrow(
    /"again" does not run: it is muted/,
  );
});
