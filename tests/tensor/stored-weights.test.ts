import * as tf from "@tensorflow/tfjs";
import { afterEach, expect, test } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "../../src/tensor/half.ts";
import * as ops from "../../src/tensor/ops.ts";
import { assertNoDeviceErrors, memoryInfo, trimMemory } from "../../src/tensor/runtime.ts";
import { expand, withStands } from "../../src/tensor/stored/expand.ts";
import { inPieces } from "../../src/tensor/stored/ops.ts";
import { storeWeight } from "../../src/tensor/stored/store.ts";
import { StoredTensor, type StoredDtype } from "../../src/tensor/stored/stored-tensor.ts";
import { relativeError, spread, spreadTensor } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** The same weights stored in half precision and as float32. */
function both(
  shape: number[],
  dtype: "float16" | "bfloat16",
  seed = 3,
): { stored: StoredTensor; dense: tf.Tensor } {
  const values = spread(sizeOf(shape), seed);
  const bits =
    dtype === "float16"
      ? float32ToFloat16(values)
      : Uint16Array.from(new Uint32Array(values.buffer), (word) => word >>> 16);
  const stored = storeWeight(bits, dtype, shape);
  if (!(stored instanceof StoredTensor)) throw new Error("not stored");
  return {
    stored,
    dense: tf.tensor((dtype === "float16" ? float16ToFloat32 : bfloat16ToFloat32)(bits), shape),
  };
}

const dtypes = ["float16", "bfloat16"] as const;

describeOnBackends("weights in half precision", ({ name }) => {
  // Kernels sum in another order than tfjs's, so only rounding may differ.
  const tolerance = 2e-5;
  afterEach(async () => {
    await assertNoDeviceErrors();
  });

  test.each(dtypes)("every %s pattern is widened exactly", async (dtype: StoredDtype) => {
    // Odd, so that the last word is half full; without NaNs, whose payload nobody promises.
    const widen = dtype === "float16" ? float16ToFloat32 : bfloat16ToFloat32;
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
      (_, i) => !Number.isNaN(widen(Uint16Array.of(i))[0]),
    );
    const odd = bits.subarray(0, bits.length % 2 === 0 ? bits.length - 1 : bits.length);
    const stored = storeWeight(odd.slice(), dtype, [odd.length]) as StoredTensor;
    const values = await expand(stored).data();
    const expected = widen(odd);
    const differing = expected.findIndex((value, i) => !Object.is(value, values[i]) && value !== values[i]);
    expect(
      differing,
      `pattern ${String(odd[differing])}: ${String(values[differing])}, not ${String(expected[differing])}`,
    ).toBe(-1);
    expect(await stored.bits()).toEqual(odd);
    expect(await stored.data()).toEqual(expected);
  });

  const products: [rows: number[], inputs: number, outputs: number][] = [
    [[3], 16, 8],
    [[2, 77], 64, 48],
    [[1], 320, 1280],
    [[5], 7, 3],
    [[2, 3], 33, 24],
    [[130], 12, 10],
    [[600], 64, 512],
  ];
  test.each(products.flatMap((product) => dtypes.map((dtype) => [...product, dtype] as const)))(
    "linear: %j rows, %i in, %i out, %s",
    async (rows, inputs, outputs, dtype) => {
      const { stored, dense } = both([inputs, outputs], dtype);
      const x = tf.tensor(spread(sizeOf(rows) * inputs, 5), [...rows, inputs]);
      const bias = spreadTensor<tf.Rank.R1>([outputs], 6);
      for (const b of [undefined, bias]) {
        const [y, expected] = [ops.linear(x, stored, b), ops.linear(x, dense as tf.Tensor2D, b)];
        expect(y.shape).toEqual([...rows, outputs]);
        expect(relativeError(await y.data(), await expected.data())).toBeLessThan(tolerance);
      }
    },
  );

  const convolutions: [x: number[], filter: number[], stride: number, padding: ops.Padding][] = [
    [[2, 5, 6, 4], [3, 3, 4, 8], 1, 1],
    [[1, 9, 7, 8], [3, 3, 8, 16], 2, 1],
    [[1, 8, 8, 64], [3, 3, 64, 32], 1, 1],
    [[2, 8, 8, 32], [3, 3, 32, 8], 2, [0, 1, 0, 1]],
    [[1, 6, 6, 3], [3, 3, 3, 5], 1, 1],
    [[2, 4, 5, 12], [1, 1, 12, 4], 1, 0],
    [[3, 7, 5, 9], [5, 3, 9, 8], 1, [2, 2, 1, 1]],
    [[1, 64, 64, 8], [3, 3, 8, 64], 1, 1],
  ];
  test.each(convolutions.flatMap((convolution) => dtypes.map((dtype) => [...convolution, dtype] as const)))(
    "conv2d: %j by %j, stride %i, padding %j, %s",
    async (shape, filter, stride, padding, dtype) => {
      const { stored, dense } = both(filter, dtype);
      const x = tf.tensor4d(spread(sizeOf(shape), 5), shape as [number, number, number, number]);
      const bias = spreadTensor<tf.Rank.R1>([filter[3] ?? 1], 6);
      for (const b of [undefined, bias]) {
        const y = ops.conv2d(x, stored, b, { stride, padding });
        const expected = ops.conv2d(x, dense as tf.Tensor4D, b, { stride, padding });
        expect(y.shape).toEqual(expected.shape);
        expect(relativeError(await y.data(), await expected.data())).toBeLessThan(tolerance);
      }
    },
  );

  test.each(dtypes)("embedding: rows of a %s table, by numbers and by a tensor", async (dtype) => {
    const { stored, dense } = both([11, 7], dtype);
    const rows = [10, 0, 3, 3];
    const expected = await tf.gather(dense, tf.tensor1d(rows, "int32")).data();
    expect(await ops.embedding(stored, rows).data()).toEqual(expected);
    expect(await ops.embedding(stored, tf.tensor1d(rows, "int32")).data()).toEqual(expected);
  });

  test("gradients pass through, as with float32 weights", async () => {
    const linear = both([12, 16], "float16");
    const kernel = both([3, 3, 4, 8], "float16");
    const x = spreadTensor<tf.Rank.R2>([6, 12], 8);
    const picture = spreadTensor<tf.Rank.R4>([1, 5, 5, 4], 9);
    const [dx, expectedDx] = [linear.stored, linear.dense as tf.Tensor2D].map((weight) =>
      tf.grad((input) => tf.sum(tf.square(ops.linear(input, weight))))(x),
    ) as [tf.Tensor, tf.Tensor];
    expect(relativeError(await dx.data(), await expectedDx.data())).toBeLessThan(tolerance);
    const [dp, expectedDp] = [kernel.stored, kernel.dense as tf.Tensor4D].map((weight) =>
      tf.grad((input) => tf.sum(tf.square(ops.conv2d(input as tf.Tensor4D, weight))))(picture),
    ) as [tf.Tensor, tf.Tensor];
    expect(relativeError(await dp.data(), await expectedDp.data())).toBeLessThan(tolerance);
  });

  test("a dense tensor that stands for a stored one receives the gradient", async () => {
    const { stored, dense } = both([4, 8], "float16");
    const x = spreadTensor<tf.Rank.R2>([3, 4], 8);
    const loss = (weight: tf.Tensor): tf.Scalar => tf.sum(tf.square(ops.linear(x, weight as tf.Tensor2D)));
    const expected = tf.grad(loss)(dense);
    const through = tf.grad((weight: tf.Tensor) =>
      // A second owner of the same values is the same weight.
      withStands([[stored, weight]], () => tf.sum(tf.square(ops.linear(x, stored.clone())))),
    )(dense);
    expect(relativeError(await through.data(), await expected.data())).toBeLessThan(tolerance);
    expect((await expected.data()).some((value) => value !== 0)).toBe(true);
  });

  test("float32 values that are kept outside of the backend give the same", async () => {
    const values = spread(24 * 16, 4);
    const held = storeWeight(values, "float32", [24, 16], { outsideHeap: true });
    expect(held).toBeInstanceOf(StoredTensor);
    const x = spreadTensor<tf.Rank.R2>([5, 24], 8);
    const expected = await ops.linear(x, tf.tensor2d(values, [24, 16])).data();
    expect(await ops.linear(x, held as StoredTensor).data()).toEqual(expected);
    const row = ops.embedding(held as StoredTensor, [7]);
    expect(await row.data()).toEqual(values.slice(7 * 16, 8 * 16));
  });

  test("what a kernel cannot bind at once is multiplied column by column", async () => {
    const values = spread(24 * 17, 4);
    const held = storeWeight(values, "float32", [24, 17], { outsideHeap: true }) as StoredTensor;
    const x = spreadTensor<tf.Rank.R2>([5, 24], 8);
    const widths: number[] = [];
    const dense = (part: tf.Tensor2D): tf.Tensor => {
      widths.push(part.shape[1]);
      return ops.linear(x, part);
    };
    const y = inPieces(held, dense, 24 * 4 * 5);
    expect(widths).toEqual([5, 5, 5, 2]);
    const expected = await ops.linear(x, tf.tensor2d(values, [24, 17])).data();
    expect(relativeError((await y?.data()) ?? [], expected)).toBeLessThan(1e-6);
    expect(inPieces(held, dense, 24 * 17 * 4)).toBeUndefined();
  });

  test("operations leave nothing behind, and a clone outlives the first owner", async () => {
    const before = tf.memory().numTensors;
    const { stored, dense } = both([12, 16], "float16");
    dense.dispose();
    const second = stored.clone();
    stored.dispose();
    stored.dispose();
    expect(() => stored.clone()).toThrow("was disposed");
    const x = spreadTensor<tf.Rank.R2>([6, 12], 8);
    const y = ops.linear(x, second);
    expect((await y.data()).every(Number.isFinite)).toBe(true);
    tf.dispose([x, y]);
    second.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  // Other backends have no GPU memory.
  if (name === "webgpu") {
    test("takes half the GPU memory of float32, and gives it back", () => {
      trimMemory();
      const before = memoryInfo();
      const { stored, dense } = both([512, 512], "float16");
      dense.dispose();
      expect(memoryInfo().gpuBytesAllocated - before.gpuBytesAllocated).toBe(2 * 512 * 512);
      expect(stored.byteLength).toBe(2 * 512 * 512);
      stored.dispose();
      trimMemory();
      expect(memoryInfo().gpuBytesAllocated).toBe(before.gpuBytesAllocated);
    });
  }
});
