import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { runGraph } from "../../src/index.ts";
import { bytesSource } from "../../src/diffusion/weights/byte-source.ts";
import { readSafetensorsHeader, readTensor } from "../../src/diffusion/weights/safetensors.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const graph = readFileSync(at("graphs/emoji-txt2img.graph.json"), "utf8");
const golden = bytesSource("expected.safetensors", readFileSync(at("tests/golden/emoji-diffusion/expected.safetensors")));

async function expected(name: string): Promise<Float32Array> {
  const entry = (await readSafetensorsHeader(golden)).tensors.get(name);
  if (!entry) throw new Error(`The golden has no "${name}".`);
  return (await readTensor(golden, entry)) as Float32Array;
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return largest;
};

/** The cases of training/emoji-diffusion/golden.py, which wrote them into the golden. */
const cases = [
  { prompt: "a red apple on blue, flat style", negative: "", seed: 0 },
  { prompt: "grinning face, glossy style", negative: "", seed: 1 },
  { prompt: "soft style rocket, on a yellow background", negative: "blue", seed: 2 },
];

describe("the default graph on the shipped weights", () => {
  it.each(cases.map((one, index) => ({ ...one, index })))(
    "gives diffusers' picture: $prompt, seed $seed",
    async ({ prompt, negative, seed, index }) => {
      const result = await runGraph(graph, {
        backend: "wasm",
        set: { "words.prompt": prompt, "negativeWords.prompt": negative, "seed.seed": seed },
        keep: ["end.sample", "decode.image"],
      });
      const latent = await (result.tensor("end.sample") as tf.Tensor).data();
      const image = await (result.tensor("decode.image") as tf.Tensor).data();
      result.dispose();
      expect(largestDifference(latent, await expected(`${String(index)}.latent`))).toBeLessThan(1e-3);
      expect(largestDifference(image, await expected(`${String(index)}.image`)) * 255).toBeLessThan(2);
      // A picture, not noise or one colour: what stands at the edge is the ground, and something else is in the middle.
      expect(new Set(Array.from(image, (value) => Math.round(value * 255))).size).toBeGreaterThan(20);
    },
  );
});
