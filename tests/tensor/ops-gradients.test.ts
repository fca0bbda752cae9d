import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import * as ops from "../../src/tensor/ops.ts";
import { assertNoDeviceErrors } from "../../src/tensor/runtime.ts";
import { spreadTensor } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";
import { gradientError, type GradientCheckOptions } from "../support/gradients.ts";

type Inputs = readonly tf.Tensor[];
type Case = readonly [
  name: string,
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: () => Inputs,
  options?: GradientCheckOptions,
];

/** Inputs of these shapes, each with its own seed. */
const random =
  (...shapes: number[][]) =>
  (): Inputs =>
    shapes.map((shape, index) => spreadTensor(shape as [number], index + 1));

/** Every permutation-like sequence has distinct values at least 0.05 apart: no step crosses a kink of max. */
const distinct = (shape: number[]) => (): Inputs => {
  const count = tf.util.sizeFromShape(shape);
  return [
    tf.tensor(
      Float32Array.from({ length: count }, (_, i) => ((i * 37) % count) * 0.05 - 2),
      shape,
    ),
  ];
};

const r1 = (x: tf.Tensor | undefined): tf.Tensor1D => x as tf.Tensor1D;
const r2 = (x: tf.Tensor | undefined): tf.Tensor2D => x as tf.Tensor2D;
const r4 = (x: tf.Tensor | undefined): tf.Tensor4D => x as tf.Tensor4D;

const conv =
  (options: ops.Conv2dOptions) =>
  (x?: tf.Tensor, filter?: tf.Tensor, bias?: tf.Tensor): tf.Tensor =>
    ops.conv2d(r4(x), r4(filter), bias && r1(bias), options);

const cases: readonly Case[] = [
  ["conv2d 3×3, padding 1, bias", conv({ padding: 1 }), random([2, 5, 6, 3], [3, 3, 3, 5], [5])],
  [
    "conv2d 3×3, stride 2, uneven padding",
    conv({ stride: 2, padding: [0, 1, 0, 1] }),
    random([1, 6, 8, 4], [3, 3, 4, 4]),
  ],
  ["conv2d 1×1", conv({}), random([2, 3, 4, 5], [1, 1, 5, 8], [8])],
  ["conv2d 5×5, padding 2", conv({ padding: 2 }), random([1, 7, 7, 2], [5, 5, 2, 3], [3])],
  ["linear", (x, w, b) => ops.linear(x as tf.Tensor, r2(w), r1(b)), random([2, 3, 6], [6, 4], [4])],
  [
    "groupNorm",
    (x, g, b) => ops.groupNorm(x as tf.Tensor, r1(g), r1(b), 2, 1e-5),
    random([2, 3, 5, 6], [6], [6]),
  ],
  [
    "groupNorm, one channel a group",
    (x, g, b) => ops.groupNorm(x as tf.Tensor, r1(g), r1(b), 3, 1e-5),
    random([2, 7, 3], [3], [3]),
  ],
  ["layerNorm", (x, g, b) => ops.layerNorm(x as tf.Tensor, r1(g), r1(b)), random([2, 3, 9], [9], [9])],
  [
    "attention",
    (q, k, v) => ops.attention(r4(q), r4(k), r4(v)),
    random([2, 2, 5, 4], [2, 2, 7, 4], [2, 2, 7, 4]),
  ],
  [
    "attention with a mask and a scale",
    (q, k, v, mask) => ops.attention(r4(q), r4(k), r4(v), { mask: mask as tf.Tensor, scale: 0.3 }),
    random([1, 2, 5, 4], [1, 2, 5, 4], [1, 2, 5, 4], [5, 5]),
  ],
  ["silu", (x) => ops.silu(x as tf.Tensor), random([3, 17])],
  ["gelu", (x) => ops.gelu(x as tf.Tensor), random([3, 17])],
  ["geluTanh", (x) => ops.geluTanh(x as tf.Tensor), random([3, 17])],
  ["quickGelu", (x) => ops.quickGelu(x as tf.Tensor), random([3, 17])],
  ["mish", (x) => ops.mish(x as tf.Tensor), random([3, 17])],
  ["geglu", (x) => ops.geglu(x as tf.Tensor), random([2, 3, 10])],
  ["upsampleNearest2d by 2", (x) => ops.upsampleNearest2d(r4(x), 2), random([2, 3, 4, 3])],
  ["upsampleNearest2d to a size", (x) => ops.upsampleNearest2d(r4(x), [5, 7]), random([2, 3, 4, 3])],
  ["avgPool2d", (x) => ops.avgPool2d(r4(x), 2), random([2, 4, 6, 3])],
  ["maxPool2d", (x) => ops.maxPool2d(r4(x), 2), distinct([2, 4, 6, 3]), { step: 0.005 }],
];

describeOnBackends("gradients of the ops against finite differences", () => {
  for (const [name, f, inputs, options] of cases) {
    test(name, async () => {
      expect(await gradientError(f, inputs(), options)).toBeLessThan(2e-3);
      await assertNoDeviceErrors();
    });
  }

  test("the check finds a gradient that is wrong", async () => {
    const wrong = tf.customGrad((x) => ({
      value: tf.square(x as tf.Tensor),
      gradFunc: (dy) => tf.mul(dy as tf.Tensor, tf.mul(x as tf.Tensor, 2.05)),
    }));
    expect(await gradientError((x) => wrong(x as tf.Tensor), [spreadTensor([4, 5])])).toBeGreaterThan(2e-3);
  });
});
