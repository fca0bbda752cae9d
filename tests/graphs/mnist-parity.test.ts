import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runGraph } from "../../src/index.ts";
import { bytesSource } from "../../src/diffusion/weights/byte-source.ts";
import { readSafetensorsHeader, readTensor } from "../../src/diffusion/weights/safetensors.ts";

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);

it("the default graph gives the digits that diffusers' DDIM gives with the shipped weights and the same seed", async () => {
  const file = bytesSource("ddim10.safetensors", readFileSync(at("tests/golden/mnist-ddpm/ddim10.safetensors")));
  const { tensors } = await readSafetensorsHeader(file);
  const entry = tensors.get("sample");
  if (!entry) throw new Error("the golden has no tensor \"sample\"");
  const expected = await readTensor(file, entry);
  const result = await runGraph(readFileSync(at("graphs/sample-digits.graph.json"), "utf8"), {
    backend: "wasm",
    set: { "timesteps.numInferenceSteps": 10, "noise.batch": entry.shape[0] ?? 0, "seed.seed": 0 },
    keep: ["end.sample"],
  });
  // One channel: NHWC and NCHW are the same order.
  const actual = Array.from(await result.tensor("end.sample").data());
  result.dispose();
  expect(actual.length).toBe(expected.length);
  const worst = actual.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (expected[i] ?? Number.NaN))), 0);
  expect(worst).toBeLessThanOrEqual(1e-3);
});
