import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { stockKernel } from "../../src/tensor/kernels/registry.ts";
import { relativeError, spread, spreadTensor } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";

/** The gradient by its definition: a resize is linear, so dx_i = Σ_j dy_j · ∂y_j/∂x_i, one unit picture at a time. */
async function transposedResize(
  resize: (x: tf.Tensor4D) => tf.Tensor4D,
  shape: [number, number, number, number],
  dy: Float32Array,
): Promise<Float32Array> {
  const size = shape.reduce((product, count) => product * count, 1);
  const gradient = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const unit = new Float32Array(size);
    unit[i] = 1;
    const column = await resize(tf.tensor4d(unit, shape)).data<"float32">();
    gradient[i] = column.reduce((sum, value, j) => sum + value * (dy[j] ?? 0), 0);
  }
  return gradient;
}

const shape: [number, number, number, number] = [2, 2, 3, 2];
const sizes: [number, number][] = [
  [4, 6],
  [5, 4],
  [3, 7],
  [1, 2],
];

describeOnBackends("gradients of resizes", () => {
  for (const alignCorners of [false, true]) {
    for (const [height, width] of sizes) {
      for (const kind of ["resizeNearestNeighbor", "resizeBilinear"] as const) {
        test(`${kind} 2×3 → ${height}×${width}, alignCorners ${alignCorners}`, async () => {
          const resize = (x: tf.Tensor4D): tf.Tensor4D => tf.image[kind](x, [height, width], alignCorners);
          const dy = spread(2 * height * width * 2, 3);
          const [dx] = tf.grads((x: tf.Tensor) => resize(x as tf.Tensor4D))(
            [spreadTensor<tf.Rank.R4>(shape)],
            tf.tensor4d(dy, [2, height, width, 2]),
          );
          expect(dx?.shape).toEqual(shape);
          expect(
            relativeError((await dx?.data()) ?? [], await transposedResize(resize, shape, dy)),
          ).toBeLessThan(1e-5);
        });
      }
    }
  }
});

describeOnBackends(
  "tfjs's own gradients of resizes",
  () => {
    const dy = spread(2 * 4 * 6 * 2, 5);
    const stock = (name: string): tf.TensorInfo =>
      stockKernel(
        "cpu",
        name,
      )({
        inputs: { images: spreadTensor(shape), dy: tf.tensor4d(dy, [2, 4, 6, 2]) },
        attrs: { alignCorners: false, halfPixelCenters: false },
        backend: tf.backend(),
      }) as tf.TensorInfo;

    test("nearest-neighbour is wrong from the second picture on", async () => {
      const values = (await tf.backend().read(stock("ResizeNearestNeighborGrad").dataId)) as Float32Array;
      const resize = (x: tf.Tensor4D): tf.Tensor4D => tf.image.resizeNearestNeighbor(x, [4, 6]);
      const expected = await transposedResize(resize, shape, dy);
      expect(relativeError(values.subarray(0, 12), expected.subarray(0, 12))).toBeLessThan(1e-5);
      expect(relativeError(values.subarray(12), expected.subarray(12))).toBeGreaterThan(0.1);
    });

    test("bilinear swaps height and width", () => {
      expect(stock("ResizeBilinearGrad").shape).toEqual([2, 3, 2, 2]);
    });
  },
  { only: ["cpu"] },
);
