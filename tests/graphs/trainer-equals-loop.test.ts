import { readFileSync } from "node:fs";
import type * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import type { Model } from "../../src/diffusion/weights/parameters.ts";
import { runGraph } from "../../src/index.ts";

const read = (name: string): string => readFileSync(new URL(`../../graphs/${name}`, import.meta.url), "utf8");

it("the trainer node gives the losses and the weights of the open loop, to the bit", async () => {
  const limits = (node: string) => ({ [`${node}.maxSteps`]: 3, [`${node}.batchSize`]: 4 });
  const open = await runGraph(read("train-ddpm.graph.json"), {
    backend: "wasm",
    set: { ...limits("begin"), "optimizer.totalSteps": 3, "optimizer.warmupSteps": 1 },
    only: "end",
    keep: ["end.ema", "end.losses"],
  });
  const node = await runGraph(read("train-ddpm-trainer.graph.json"), {
    backend: "wasm",
    set: { ...limits("train"), "train.warmupSteps": 1 },
    only: "train",
    keep: ["train.ema", "train.losses"],
  });
  expect(node.outputs["train"]?.["losses"]).toEqual(open.outputs["end"]?.["losses"]);
  const [a, b] = [open.outputs["end"]?.["ema"], node.outputs["train"]?.["ema"]] as [Model<unknown>, Model<unknown>];
  const names = Object.keys(a.weights);
  expect(Object.keys(b.weights)).toEqual(names);
  const read1 = (model: Model<unknown>, name: string) => (model.weights[name] as tf.Tensor).data();
  for (const name of names) expect(await read1(b, name), name).toEqual(await read1(a, name));
  open.dispose();
  node.dispose();
});
