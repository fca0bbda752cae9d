import { readFileSync } from "node:fs";
import type * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import type { ParamValue } from "../../src/engine/node/params.ts";
import { runGraph } from "../../src/index.ts";
import { findAdapter } from "../../src/tensor/adapter.ts";

const read = (name: string): string => readFileSync(new URL(`../../graphs/${name}`, import.meta.url), "utf8");

async function outputOf(graph: string, backend: "wasm" | "webgpu", address: string, set: Record<string, ParamValue>): Promise<number[]> {
  const { outputs, dispose, runtime } = await runGraph(read(graph), { backend, set, keep: [address], only: address.split(".")[0] ?? "" });
  expect(runtime.backend).toBe(backend);
  const [node = "", port = ""] = address.split(".");
  const value = outputs[node]?.[port] as tf.Tensor | readonly number[];
  const numbers = Array.from("data" in value ? await value.data() : value);
  dispose();
  return numbers;
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? Number.NaN))), 0);

const search = await findAdapter();
const reason = search.adapter ? undefined : search.reason;
if (reason !== undefined) console.warn(`SKIPPED: webgpu against wasm, because ${reason}.`);
describe.skipIf(reason !== undefined)(`the same seed on webgpu and wasm${reason === undefined ? "" : ` [skipped: ${reason}]`}`, () => {
  it("samples the same digits, to 1e-2 per pixel", async () => {
    const set = { "timesteps.numInferenceSteps": 10, "noise.batch": 2, "seed.seed": 3 };
    const wasm = await outputOf("sample-digits.graph.json", "wasm", "decode.image", set);
    const webgpu = await outputOf("sample-digits.graph.json", "webgpu", "decode.image", set);
    expect(wasm).toHaveLength(2 * 28 * 28);
    expect(largestDifference(wasm, webgpu)).toBeLessThanOrEqual(1e-2);
  });

  it("trains with the same losses, to 1e-3", async () => {
    const set = { "begin.maxSteps": 3, "begin.batchSize": 4, "optimizer.totalSteps": 3, "optimizer.warmupSteps": 0 };
    const wasm = await outputOf("train-ddpm.graph.json", "wasm", "end.losses", set);
    const webgpu = await outputOf("train-ddpm.graph.json", "webgpu", "end.losses", set);
    expect(wasm).toHaveLength(3);
    expect(largestDifference(wasm, webgpu)).toBeLessThanOrEqual(1e-3);
  });
});
