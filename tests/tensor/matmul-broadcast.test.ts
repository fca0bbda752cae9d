import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { assertNoDeviceErrors } from "../../src/tensor/runtime.ts";
import { stockKernel } from "../../src/tensor/kernels/registry.ts";
import { spread } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";

const cases: [a: number[], b: number[]][] = [
  [
    [2, 1, 4, 3],
    [1, 3, 3, 2],
  ],
  [
    [2, 1, 4, 3],
    [2, 3, 3, 2],
  ],
  [
    [2, 3, 4, 3],
    [2, 1, 3, 2],
  ],
  [
    [3, 4, 3],
    [2, 3, 3, 2],
  ],
  [
    [1, 1, 4, 3],
    [2, 3, 3, 2],
  ],
];

/** Element (outer, inner, row, col) of the product `[2, 3, 4, 2]`, by the rule of broadcasting. */
function element(
  a: Float32Array,
  aShape: number[],
  b: Float32Array,
  bShape: number[],
  index: number,
): number {
  const [col, row, inner, outer] = [index % 2, (index >> 1) % 4, (index >> 3) % 3, Math.floor(index / 24)];
  const matrix = (shape: number[]): number => {
    const [outers, inners] = [shape.at(-4) ?? 1, shape.at(-3) ?? 1];
    return (outers > 1 ? outer * inners : 0) + (inners > 1 ? inner : 0);
  };
  let sum = 0;
  for (let k = 0; k < 3; k++) {
    sum += (a[matrix(aShape) * 12 + row * 3 + k] ?? 0) * (b[matrix(bShape) * 6 + k * 2 + col] ?? 0);
  }
  return sum;
}

describeOnBackends("matMul repeats matrices along batch axes of size 1", () => {
  test.each(cases)("%j by %j", async (aShape, bShape) => {
    const [a, b] = [spread(tf.util.sizeFromShape(aShape), 15), spread(tf.util.sizeFromShape(bShape), 16)];
    const y = tf.matMul(tf.tensor(a, aShape), tf.tensor(b, bShape));
    expect(y.shape).toEqual([2, 3, 4, 2]);
    for (const [index, value] of (await y.data()).entries()) {
      expect(value, `element ${index}`).toBeCloseTo(element(a, aShape, b, bShape, index), 5);
    }
    await assertNoDeviceErrors();
  });
});

describeOnBackends(
  "tfjs's own matMul",
  () => {
    test("takes the wrong matrices where both operands are broadcast", async () => {
      const [aShape, bShape] = cases[0] ?? [[], []];
      const [a, b] = [spread(24, 15), spread(18, 16)];
      const y = stockKernel(
        "cpu",
        "BatchMatMul",
      )({
        inputs: { a: tf.tensor(a, aShape), b: tf.tensor(b, bShape) },
        attrs: { transposeA: false, transposeB: false },
        backend: tf.backend(),
      }) as tf.TensorInfo;
      const values = (await tf.backend().read(y.dataId)) as Float32Array;
      expect(values[47]).not.toBeCloseTo(element(a, aShape, b, bShape, 47), 3);
    });
  },
  { only: ["cpu"] },
);
