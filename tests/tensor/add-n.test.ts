import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { relativeError, spread } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";
import { onStockWebgpu } from "../support/stock-webgpu.ts";

const COUNT = 71;
const terms = Array.from({ length: COUNT }, (_, i) => spread(12, i + 1));
const expected = Float32Array.from({ length: 12 }, (_, at) =>
  terms.reduce((sum, term) => sum + (term[at] ?? 0), 0),
);

async function sumOf(count: number): Promise<Float32Array> {
  const tensors = terms.slice(0, count).map((term) => tf.tensor2d(term, [3, 4]));
  const sum = tf.addN(tensors);
  const values = await sum.data<"float32">();
  tf.dispose([sum, ...tensors]);
  return values;
}

describeOnBackends(
  "addN of many tensors",
  () => {
    it("stock: what comes back is not the sum", async () => {
      const values = await onStockWebgpu(() => sumOf(COUNT).catch(() => new Float32Array(12)));
      expect(relativeError(values, expected)).toBeGreaterThan(0.1);
    });

    it("ours: the sum, and no tensor is left behind", async () => {
      const before = tf.memory().numTensors;
      expect(relativeError(await sumOf(COUNT), expected)).toBeLessThan(1e-6);
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each([1, 2, 7, 8, 13, 14])("ours: %i terms", async (count) => {
      const sum = Float32Array.from({ length: 12 }, (_, at) =>
        terms.slice(0, count).reduce((all, term) => all + (term[at] ?? 0), 0),
      );
      expect(relativeError(await sumOf(count), sum)).toBeLessThan(1e-6);
    });
  },
  { only: ["webgpu"] },
);
