import * as tf from "@tensorflow/tfjs";
import { afterEach, expect, test } from "vitest";
import { stockKernel } from "../../src/tensor/kernels/registry.ts";
import { mendConv2d } from "../../src/tensor/kernels/webgpu-conv2d.ts";
import { mendMatMul } from "../../src/tensor/kernels/webgpu-matmul.ts";
import { assertNoDeviceErrors } from "../../src/tensor/runtime.ts";
import { relativeError, spread, spreadTensor } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";
import { onStockWebgpu } from "../support/stock-webgpu.ts";

type Shape4D = [number, number, number, number];
type Padding = "same" | "valid" | [[number, number], [number, number], [number, number], [number, number]];

const read = async (info: tf.TensorInfo): Promise<Float32Array> =>
  (await tf.backend().read(info.dataId)) as Float32Array;

/** a `[m,k]` · bᵀ with b `[n,k]`, in doubles. */
function multiplyTransposed(a: Float32Array, b: Float32Array, m: number, n: number, k: number): Float64Array {
  const product = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < k; l++)
        product[i * n + j] = (product[i * n + j] ?? 0) + (a[i * k + l] ?? 0) * (b[j * k + l] ?? 0);
    }
  }
  return product;
}

describeOnBackends(
  "kernels that tfjs has wrong",
  () => {
    afterEach(async () => {
      await assertNoDeviceErrors();
    });

    test("matMul with transposeB over a long inner axis", async () => {
      const [m, n, k] = [8, 64, 2048];
      const [a, b] = [spread(m * k, 1), spread(n * k, 2)];
      const run = async () =>
        await tf.matMul(tf.tensor2d(a, [m, k]), tf.tensor2d(b, [n, k]), false, true).data();
      const expected = multiplyTransposed(a, b, m, n, k);
      expect(relativeError(await onStockWebgpu(run), expected)).toBeGreaterThan(0.1);
      expect(relativeError(await run(), expected)).toBeLessThan(1e-4);
    });

    test("fused matMul with transposeB over a long inner axis", async () => {
      const [m, n, k] = [8, 64, 2048];
      const [a, b] = [spread(m * k, 3), spread(n * k, 4)];
      const run = async () => {
        const bias = tf.ones([n]);
        return await tf.fused
          .matMul({ a: tf.tensor2d(a, [m, k]), b: tf.tensor2d(b, [n, k]), transposeB: true, bias })
          .data();
      };
      const expected = multiplyTransposed(a, b, m, n, k).map((value) => value + 1);
      expect(relativeError(await onStockWebgpu(run), expected)).toBeGreaterThan(0.1);
      expect(relativeError(await run(), expected)).toBeLessThan(1e-4);
    });

    test("softmax over more rows than one dispatch dimension holds, short and long rows", async () => {
      for (const [rows, cols] of [
        [65_540, 3],
        [65_537, 40],
      ] as const) {
        const values = spread(rows * cols, cols);
        const y = await tf.softmax(tf.tensor2d(values, [rows, cols])).data();
        const expected = new Float64Array(values.length);
        for (let row = 0; row < rows; row++) {
          const exponents = [...values.subarray(row * cols, (row + 1) * cols)].map(Math.exp);
          const total = exponents.reduce((sum, value) => sum + value, 0);
          exponents.forEach((value, col) => (expected[row * cols + col] = value / total));
        }
        expect(relativeError(y, expected), `${rows} × ${cols}`).toBeLessThan(1e-5);
      }
    });

    const count = 2048;
    const large = Int32Array.from({ length: count }, (_, index) => 2 ** 24 + 1 + 2 * index);
    const ints = () => tf.tensor1d(large, "int32");
    const at = (index: number): number => large[index] ?? 0;
    const twos = () => tf.fill([count], 2, "int32");
    const positions = () =>
      tf.tensor1d(
        Int32Array.from({ length: count }, (_, index) => index),
        "int32",
      );
    const cases: [name: string, run: () => tf.Tensor, expected: (index: number) => number][] = [
      ["slice", () => tf.slice(ints(), 1, count - 1), (i) => at(i + 1)],
      ["gather", () => tf.gather(ints(), positions()), at],
      ["concat", () => tf.concat([ints(), ints()]), (i) => at(i % count)],
      [
        "transpose",
        () => tf.transpose(tf.reshape(ints(), [32, 64])),
        (i) => at((i % 32) * 64 + Math.floor(i / 32)),
      ],
      ["pad", () => tf.pad(ints(), [[0, 8]], 7), (i) => (i < count ? at(i) : 7)],
      ["add", () => tf.add(ints(), twos()), (i) => at(i) + 2],
      ["sub", () => tf.sub(ints(), twos()), (i) => at(i) - 2],
      ["equal", () => tf.equal(ints(), tf.add(ints(), tf.fill([count], 1, "int32"))), () => 0],
      ["scatterND", () => tf.scatterND(tf.reshape(positions(), [count, 1]), ints(), [count]), at],
      ["fill", () => tf.fill([count], 2 ** 24 + 1, "int32"), () => 2 ** 24 + 1],
      [
        "unsortedSegmentSum",
        () => tf.unsortedSegmentSum(positions(), tf.zeros([count], "int32"), 1),
        () => (count * (count - 1)) / 2,
      ],
    ];
    test.each(cases)("%s of integers over 2^24", async (_name, run, expected) => {
      const wrong = async (): Promise<number> => {
        const values = await run().data();
        return values.filter((value, index) => value !== expected(index)).length;
      };
      expect(await onStockWebgpu(wrong)).toBeGreaterThan(0);
      expect(await wrong()).toBe(0);
    });

    test("multinomial's first sample follows the probabilities", async () => {
      const seeds = Array.from({ length: 40 }, (_, index) => 1 + 31 * index);
      const shares = async (): Promise<number[]> => {
        const tally = [0, 0, 0];
        for (const seed of seeds) {
          const drawn = await tf
            .multinomial(
              tf.tensor2d([
                [0.2, 0.3, 0.5],
                [0.2, 0.3, 0.5],
              ]),
              1,
              seed,
              true,
            )
            .data();
          const first = Number(drawn[0]);
          tally[first] = (tally[first] ?? 0) + 1;
        }
        return tally.map((times) => times / seeds.length);
      };
      expect(await onStockWebgpu(shares)).toEqual([1, 0, 0]);
      const [zero = 0, one = 0, two = 0] = await shares();
      // Three standard deviations of a share among 40 draws are at most 0.24.
      expect(Math.abs(zero - 0.2)).toBeLessThan(0.2);
      expect(Math.abs(one - 0.3)).toBeLessThan(0.22);
      expect(Math.abs(two - 0.5)).toBeLessThan(0.24);
    });

    test("multinomial over many draws, by row", async () => {
      const draws = 4000;
      const values = await tf
        .multinomial(
          tf.tensor2d([
            [0.1, 0.9],
            [0.75, 0.25],
          ]),
          draws,
          7,
          true,
        )
        .data<"int32">();
      const share = (row: number): number =>
        values.subarray(row * draws, (row + 1) * draws).reduce((a, b) => a + b, 0) / draws;
      expect(share(0)).toBeCloseTo(0.9, 1);
      expect(share(1)).toBeCloseTo(0.25, 1);
    });

    test("a convolution of 1500² pixels, with padding and a stride of 1", async () => {
      const [size, inChannels, outChannels] = [1500, 1, 1];
      const picture = spread(size * size * inChannels, 5);
      const filter = spread(9 * inChannels * outChannels, 6);
      const run = async () =>
        await tf
          .conv2d(tf.tensor4d(picture, [1, size, size, 1]), tf.tensor4d(filter, [3, 3, 1, 1]), 1, "same")
          .data();
      await expect(onStockWebgpu(run)).rejects.toThrow(/Dispatch size/);
      const y = await run();
      // Rows around the border of the two strips, and the picture's own borders.
      for (const row of [0, 1, 700, 1396, 1397, 1398, 1399, 1498, 1499]) {
        for (const col of [0, 750, 1499]) {
          let expected = 0;
          for (let i = 0; i < 9; i++) {
            const [r, c] = [row + Math.floor(i / 3) - 1, col + (i % 3) - 1];
            if (r >= 0 && r < size && c >= 0 && c < size)
              expected += (picture[r * size + c] ?? 0) * (filter[i] ?? 0);
          }
          expect(y[row * size + col], `row ${row}, column ${col}`).toBeCloseTo(expected, 4);
        }
      }
    });

    const convolutions: [
      name: string,
      x: number[],
      filter: number[],
      stride: [number, number],
      pad: Padding,
    ][] = [
      ["same padding", [2, 9, 7, 3], [3, 3, 3, 4], [1, 1], "same"],
      [
        "a stride and uneven padding",
        [1, 13, 8, 4],
        [3, 2, 4, 4],
        [2, 1],
        [
          [0, 0],
          [1, 0],
          [0, 1],
          [0, 0],
        ],
      ],
      ["a filter of one pixel", [2, 11, 6, 4], [1, 1, 4, 5], [1, 1], "valid"],
    ];
    test.each(convolutions)("a convolution in strips, with %s", async (_name, x, filter, strides, pad) => {
      const run = (kernel: tf.KernelFunc): tf.TensorInfo =>
        kernel({
          inputs: { x: spreadTensor(x as Shape4D, 11), filter: spreadTensor(filter as Shape4D, 12) },
          attrs: { strides, pad, dataFormat: "NHWC", dilations: [1, 1] } as unknown as tf.NamedAttrMap,
          backend: tf.backend(),
        }) as tf.TensorInfo;
      const whole = run(stockKernel("webgpu", "Conv2D"));
      const strips = run(mendConv2d(stockKernel("webgpu", "Conv2D"), 1));
      expect(strips.shape).toEqual(whole.shape);
      expect(relativeError(await read(strips), await read(whole))).toBeLessThan(1e-6);
    });

    test("matMul with 2.2 million rows", async () => {
      const rows = 2_200_000;
      const a = spread(rows * 2, 9);
      const run = async () => await tf.matMul(tf.tensor2d(a, [rows, 2]), tf.tensor2d([2, 3], [2, 1])).data();
      await expect(onStockWebgpu(run)).rejects.toThrow(/Dispatch size/);
      const expected = Float32Array.from(
        { length: rows },
        (_, row) => 2 * (a[2 * row] ?? 0) + 3 * (a[2 * row + 1] ?? 0),
      );
      expect(relativeError(await run(), expected)).toBeLessThan(1e-5);
    });

    test("matMul with a batch of 70,000", async () => {
      const batch = 70_000;
      const a = spread(batch * 2, 10);
      const run = async () =>
        await tf.matMul(tf.tensor3d(a, [batch, 1, 2]), tf.tensor3d(a, [batch, 1, 2]), false, true).data();
      await expect(onStockWebgpu(run)).rejects.toThrow(/Dispatch size/);
      const expected = Float32Array.from(
        { length: batch },
        (_, i) => (a[2 * i] ?? 0) ** 2 + (a[2 * i + 1] ?? 0) ** 2,
      );
      expect(relativeError(await run(), expected)).toBeLessThan(1e-5);
    });

    const products: [name: string, a: number[], b: number[], transposeA: boolean, transposeB: boolean][] = [
      ["rows", [70, 5], [5, 3], false, false],
      ["rows of a transposed", [2, 5, 70], [2, 5, 3], true, false],
      ["columns", [3, 5], [5, 70], false, false],
      ["columns of b transposed", [1, 3, 5], [4, 70, 5], false, true],
      ["a batch", [2, 3, 7, 5], [2, 3, 5, 4], false, false],
      ["a batch against one matrix", [5, 40, 6], [1, 6, 40], false, false],
      ["one matrix against a batch", [6, 40], [5, 40, 6], true, true],
    ];
    test.each(products)("matMul in pieces: %s", async (_name, aShape, bShape, transposeA, transposeB) => {
      const run = (kernel: tf.KernelFunc): tf.TensorInfo =>
        kernel({
          inputs: { a: spreadTensor(aShape as Shape4D, 13), b: spreadTensor(bShape as Shape4D, 14) },
          attrs: { transposeA, transposeB },
          backend: tf.backend(),
        }) as tf.TensorInfo;
      const whole = run(stockKernel("webgpu", "BatchMatMul"));
      const pieces = run(mendMatMul(stockKernel("webgpu", "BatchMatMul"), 1));
      expect(pieces.shape).toEqual(whole.shape);
      expect(relativeError(await read(pieces), await read(whole))).toBeLessThan(1e-6);
    });
  },
  { only: ["webgpu"] },
);
