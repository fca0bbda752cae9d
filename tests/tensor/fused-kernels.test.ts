import * as tf from "@tensorflow/tfjs";
import { afterEach, expect, test } from "vitest";
import {
  compositeActivations,
  compositeAttention,
  compositeGeglu,
  compositeGroupNorm,
  compositeLayerNorm,
} from "../../src/tensor/kernels/composites.ts";
import { stockKernel } from "../../src/tensor/kernels/registry.ts";
import * as ops from "../../src/tensor/ops.ts";
import { assertNoDeviceErrors, memoryInfo, trimMemory } from "../../src/tensor/runtime.ts";
import { relativeError, spread, spreadTensor } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

/** The worst relative error of the result and of all gradients of `fused` against `reference`. */
async function disagreement(fused: Op, reference: Op, inputs: tf.Tensor[]): Promise<number> {
  const errors: number[] = [];
  const [y, expected] = [fused(...inputs), reference(...inputs)];
  expect(y.shape).toEqual(expected.shape);
  errors.push(relativeError(await y.data(), await expected.data()));
  const dy = tf.tensor(spread(y.size, 77), y.shape);
  const [gradients, expectedGradients] = [tf.grads(fused)(inputs, dy), tf.grads(reference)(inputs, dy)];
  for (const [index, gradient] of gradients.entries()) {
    expect(gradient.shape).toEqual(expectedGradients[index]?.shape);
    errors.push(relativeError(await gradient.data(), (await expectedGradients[index]?.data()) ?? []));
  }
  return Math.max(...errors);
}

const r1 = (x: tf.Tensor | undefined): tf.Tensor1D => x as tf.Tensor1D;
const r4 = (x: tf.Tensor | undefined): tf.Tensor4D => x as tf.Tensor4D;
const affine = (channels: number): [tf.Tensor, tf.Tensor] => [
  spreadTensor([channels], 21),
  spreadTensor([channels], 22),
];

describeOnBackends(
  "fused kernels against their references",
  () => {
    afterEach(async () => {
      await assertNoDeviceErrors();
    });

    const pictures: [shape: number[], groups: number][] = [
      [[2, 3, 5, 6], 3],
      [[1, 9, 8, 32], 8],
      [[3, 1, 1, 4], 2],
      [[2, 13, 7, 5], 1],
      [[2, 7, 7, 3], 3],
      [[2, 70, 6], 2],
    ];
    test.each(pictures)("groupNorm of %j in %i groups, with and without SiLU", async (shape, groups) => {
      const inputs = [spreadTensor(shape as [number], 20), ...affine(shape.at(-1) ?? 1)];
      const plain: Op = (x, g, b) => compositeGroupNorm(x as tf.Tensor, r1(g), r1(b), groups, 1e-5);
      const activated: Op = (...given) => compositeActivations.silu(plain(...given));
      expect(
        await disagreement(
          (x, g, b) => ops.groupNorm(x as tf.Tensor, r1(g), r1(b), groups, 1e-5),
          plain,
          inputs,
        ),
      ).toBeLessThan(1e-4);
      expect(
        await disagreement(
          (x, g, b) => ops.groupNormSilu(x as tf.Tensor, r1(g), r1(b), groups, 1e-5),
          activated,
          inputs,
        ),
      ).toBeLessThan(1e-4);
    });

    test("groupNorm keeps its digits where the mean is far from zero", async () => {
      const x = tf.add(spreadTensor<tf.Rank.R4>([1, 16, 16, 8], 23), 1000);
      const [gamma, beta] = [tf.ones([8]) as tf.Tensor1D, tf.zeros([8]) as tf.Tensor1D];
      const values = await x.data<"float32">();
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      const expected = values.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
      expect(relativeError(await ops.groupNorm(x, gamma, beta, 1, 1e-5).data(), expected)).toBeLessThan(1e-3);
    });

    test.each([[[3, 7]], [[2, 5, 129]], [[1, 2, 64]], [[70, 1]], [[1, 400]]])(
      "layerNorm of %j",
      async (shape) => {
        const inputs = [spreadTensor(shape as [number], 24), ...affine(shape.at(-1) ?? 1)];
        const fused: Op = (x, g, b) => ops.layerNorm(x as tf.Tensor, r1(g), r1(b), 1e-4);
        expect(
          await disagreement(
            fused,
            (x, g, b) => compositeLayerNorm(x as tf.Tensor, r1(g), r1(b), 1e-4),
            inputs,
          ),
        ).toBeLessThan(1e-4);
      },
    );

    test.each(["silu", "gelu", "geluTanh", "quickGelu", "mish"] as const)(
      "%s, small, large and at its tails",
      async (kind) => {
        const reference: Op = (x) => compositeActivations[kind](x as tf.Tensor);
        for (const count of [1, 7, 64, 260]) {
          const x = tf.mul(spreadTensor([count], 25), 6);
          expect(
            await disagreement((input) => ops[kind](input as tf.Tensor), reference, [x]),
            `${count} values`,
          ).toBeLessThan(1e-4);
        }
        const tails = await ops[kind](tf.tensor1d([-1e4, -90, -20, 20, 90, 1e4])).data();
        expect([...tails].map((value) => Math.round(Number(value) * 1e3) / 1e3 + 0)).toEqual([
          0, 0, 0, 20, 90, 1e4,
        ]);
      },
    );

    test.each([[[3, 2]], [[2, 5, 14]], [[4, 3, 16]]])("geglu of %j", async (shape) => {
      const x = tf.mul(spreadTensor(shape as [number], 26), 3);
      expect(
        await disagreement(
          (input) => ops.geglu(input as tf.Tensor),
          (input) => compositeGeglu(input as tf.Tensor),
          [x],
        ),
      ).toBeLessThan(1e-4);
    });

    const heads: [name: string, q: number[], keys: number, mask?: number[]][] = [
      ["one query and one key", [1, 1, 1, 4], 1],
      ["more queries than a workgroup", [2, 3, 70, 8], 9],
      ["keys no multiple of four", [1, 2, 5, 16], 7],
      ["a mask by head and key", [2, 3, 6, 4], 6, [1, 3, 1, 6]],
      ["a causal mask", [1, 2, 9, 8], 9, [9, 9]],
      ["a head that the fused kernel does not take", [1, 2, 5, 6], 7],
    ];
    test.each(heads)("attention with %s", async (_name, qShape, keys, maskShape) => {
      const keyShape = [...qShape.slice(0, 2), keys, qShape[3] ?? 1] as [number, number, number, number];
      const inputs = [
        spreadTensor(qShape as [number], 27),
        spreadTensor(keyShape, 28),
        spreadTensor(keyShape, 29),
      ].map((x) => tf.mul(x, 2));
      const causal = maskShape?.length === 2;
      const mask =
        maskShape &&
        (causal
          ? tf.tensor2d(
              Float32Array.from({ length: 81 }, (_, i) => (i % 9 > i / 9 ? -Infinity : 0)),
              [9, 9],
            )
          : spreadTensor(maskShape as [number], 30));
      const fused: Op = (q, k, v) =>
        ops.attention(r4(q), r4(k), r4(v), { scale: 0.7, ...(mask ? { mask } : {}) });
      expect(
        await disagreement(fused, (q, k, v) => compositeAttention(r4(q), r4(k), r4(v), 0.7, mask), inputs),
      ).toBeLessThan(1e-4);
    });
  },
  { only: ["wasm", "webgpu"] },
);

describeOnBackends(
  "fused attention",
  () => {
    test("makes no matrix of scores", async () => {
      const tokens = 3072;
      const [q, k, v] = [71, 72, 73].map((seed) => spreadTensor<tf.Rank.R4>([1, 1, tokens, 4], seed)) as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor4D,
      ];
      const run = async (): Promise<Float32Array> => {
        const y = ops.attention(q, k, v);
        const values = await y.data<"float32">();
        y.dispose();
        return values;
      };
      trimMemory();
      const before = memoryInfo().gpuBytesAllocated;
      const values = await run();
      // The scores would take 36 MiB.
      expect(memoryInfo().gpuBytesAllocated - before).toBeLessThan(2 ** 20);
      const [queries, keys, contents] = await Promise.all([q, k, v].map((x) => x.data<"float32">()));
      const scores = Array.from({ length: tokens }, (_, key) =>
        [0, 1, 2, 3].reduce((sum, i) => sum + (queries?.[4 * 3071 + i] ?? 0) * (keys?.[4 * key + i] ?? 0), 0),
      );
      const weights = scores.map((score) => Math.exp(score / 2));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const i of [0, 1, 2, 3]) {
        const expected =
          weights.reduce((sum, weight, key) => sum + weight * (contents?.[4 * key + i] ?? 0), 0) / total;
        expect(values[4 * 3071 + i]).toBeCloseTo(expected, 5);
      }
      await assertNoDeviceErrors();
    });
  },
  { only: ["webgpu"] },
);

describeOnBackends("attention in pieces", ({ tolerance }) => {
  test.each([[undefined], [[1, 2, 1, 6]], [[7, 6]]])(
    "with a mask of %j equals attention at once",
    async (maskShape) => {
      const [q, k, v] = [
        [2, 2, 7, 4],
        [2, 2, 6, 4],
        [2, 2, 6, 4],
      ].map((shape, index) => spreadTensor(shape as [number], 40 + index));
      const mask = maskShape && spreadTensor(maskShape as [number], 43);
      // Room for the scores of three queries: pieces of 3, 3 and 1.
      const budget = 3 * 4 * 2 * 2 * 6;
      const pieces = compositeAttention(r4(q), r4(k), r4(v), 0.5, mask, budget);
      const whole = compositeAttention(r4(q), r4(k), r4(v), 0.5, mask);
      expect(relativeError(await pieces.data(), await whole.data())).toBeLessThan(tolerance / 10);
    },
  );
});

describeOnBackends(
  "sums over leading axes",
  () => {
    const cases: [shape: number[], axes: number[], keepDims: boolean][] = [
      [[2, 5, 7, 3], [0, 1, 2], false],
      [[2, 5, 7, 8], [2, 0, 1], true],
      [[3, 4], [0], false],
      [[130, 4], [0], true],
      [[65, 2, 3], [0], false],
      [[129, 5], [-2], false],
    ];
    test.each(cases)("%j over %j, keepDims %s", async (shape, axes, keepDims) => {
      const x = spreadTensor(shape as [number], 60);
      const values = await x.data<"float32">();
      const cols = tf.util.sizeFromShape(shape.slice(axes.length));
      const expected = new Float64Array(cols);
      values.forEach((value, index) => (expected[index % cols] = (expected[index % cols] ?? 0) + value));
      const total = tf.sum(x, axes, keepDims);
      expect(total.shape).toEqual(
        keepDims ? shape.map((size, i) => (i < axes.length ? 1 : size)) : shape.slice(axes.length),
      );
      expect(relativeError(await total.data(), expected)).toBeLessThan(1e-5);
      await assertNoDeviceErrors();
    });

    test("leaves other sums to tfjs", async () => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      expect([...(await tf.sum(x).data())]).toEqual([21]);
      expect([...(await tf.sum(x, 1).data())]).toEqual([6, 15]);
      expect([...(await tf.sum(tf.fill([3000], 20_001, "int32")).data())]).toEqual([60_003_000]);
    });
  },
  { only: ["webgpu"] },
);

describeOnBackends(
  "gradients of convolutions against tfjs's own",
  () => {
    type Pad = [[number, number], [number, number], [number, number], [number, number]];
    const cases: [x: number[], filter: number[], stride: [number, number], pad: Pad][] = [
      [
        [2, 7, 9, 4],
        [3, 3, 4, 8],
        [1, 1],
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
      ],
      [
        [1, 8, 6, 8],
        [3, 3, 8, 4],
        [2, 2],
        [
          [0, 0],
          [0, 1],
          [0, 1],
          [0, 0],
        ],
      ],
      [
        [3, 5, 5, 1],
        [5, 5, 1, 6],
        [1, 1],
        [
          [0, 0],
          [2, 2],
          [2, 2],
          [0, 0],
        ],
      ],
      [
        [2, 4, 7, 6],
        [3, 2, 6, 5],
        [2, 1],
        [
          [0, 0],
          [1, 0],
          [0, 1],
          [0, 0],
        ],
      ],
      [
        [1, 6, 5, 12],
        [1, 1, 12, 4],
        [1, 1],
        [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      ],
      [
        [2, 9, 5, 4],
        [3, 3, 4, 4],
        [2, 1],
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
      ],
      [
        [1, 2, 2, 4],
        [5, 5, 4, 4],
        [1, 1],
        [
          [0, 0],
          [2, 2],
          [2, 2],
          [0, 0],
        ],
      ],
    ];
    test.each(cases)("x %j, filter %j, stride %j", async (xShape, filterShape, strides, pad) => {
      const x = spreadTensor<tf.Rank.R4>(xShape as [number, number, number, number], 50);
      const filter = spreadTensor<tf.Rank.R4>(filterShape as [number, number, number, number], 51);
      const dy = tf.tensor(
        spread(tf.conv2d(x, filter, strides, pad).size, 52),
        tf.conv2d(x, filter, strides, pad).shape,
      );
      const attrs = {
        strides,
        pad,
        dataFormat: "NHWC",
        filterShape,
        inputShape: xShape,
      } as unknown as tf.NamedAttrMap;
      for (const [name, inputs] of [
        ["Conv2DBackpropFilter", { x, dy }],
        ["Conv2DBackpropInput", { dy, filter }],
      ] as const) {
        const run = async (kernel: tf.KernelFunc | undefined): Promise<[number[], Float32Array]> => {
          const info = kernel?.({ inputs, attrs, backend: tf.backend() }) as tf.TensorInfo;
          return [info.shape, (await tf.backend().read(info.dataId)) as Float32Array];
        };
        const [shape, values] = await run(tf.getKernel(name, "webgpu")?.kernelFunc);
        const [expectedShape, expected] = await run(stockKernel("webgpu", name));
        expect(shape).toEqual(expectedShape);
        expect(relativeError(values, expected), name).toBeLessThan(1e-5);
      }
      await assertNoDeviceErrors();
    });
  },
  { only: ["webgpu"] },
);
