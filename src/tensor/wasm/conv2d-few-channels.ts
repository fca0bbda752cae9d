import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { ConvGeometry } from "./conv2d-geometry.ts";
import { callKernel, dispose, floatsOf, reshaped } from "./kernel.ts";

/**
 * Convolution with few output channels and stride 1 (the last layer of a U-Net) as one matrix product of all pixels with
 * all filter taps, whose columns are then shifted and added: other kernels compute eight output channels at a time.
 */
export function convolveToFewChannels(
  backend: BackendWasm,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  g: ConvGeometry,
): tf.TensorInfo {
  const { inChannels, outChannels, filterHeight, filterWidth } = g;
  const columns = filterHeight * filterWidth * outChannels;
  const byTap = backend.makeOutput([1, inChannels, columns], "float32");
  const weights = floatsOf(backend, filter);
  const turned = floatsOf(backend, byTap);
  weights.forEach((weight, index) => {
    const [tap, c] = [
      Math.floor(index / outChannels / inChannels),
      Math.floor(index / outChannels) % inChannels,
    ];
    turned[c * columns + tap * outChannels + (index % outChannels)] = weight;
  });
  const pixels = reshaped(backend, x, [1, g.batch * g.inHeight * g.inWidth, inChannels]);
  const factors = { a: pixels, b: byTap };
  const products = callKernel(tf.BatchMatMul, backend, factors, { transposeA: false, transposeB: false });
  const result = backend.makeOutput([g.batch, g.outHeight, g.outWidth, outChannels], "float32");
  const from = floatsOf(backend, products);
  const to = floatsOf(backend, result);
  let target = 0;
  for (let n = 0; n < g.batch; n += 1) {
    for (let u = 0; u < g.outHeight; u += 1) {
      const firstRow = u - g.padTop;
      for (let v = 0; v < g.outWidth; v += 1) {
        const firstColumn = v - g.padLeft;
        for (let o = 0; o < outChannels; o += 1) {
          let total = 0;
          for (let i = Math.max(0, -firstRow); i < filterHeight && firstRow + i < g.inHeight; i += 1) {
            const pixel = (n * g.inHeight + firstRow + i) * g.inWidth + firstColumn;
            for (let j = Math.max(0, -firstColumn); j < filterWidth && firstColumn + j < g.inWidth; j += 1) {
              total += from[(pixel + j) * columns + (i * filterWidth + j) * outChannels + o] as number;
            }
          }
          to[target++] = total;
        }
      }
    }
  }
  dispose(backend, byTap, pixels, products);
  return result;
}
