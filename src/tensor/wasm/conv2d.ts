import * as tf from "@tensorflow/tfjs";
import { convGeometry } from "./conv2d-geometry.ts";
import { callKernel, dispose, floatsOf, inputOf, reshaped, type KernelBody } from "./kernel.ts";

/** The stock kernel computes eight output channels at a time, however few there are. */
const FEW_CHANNELS = 3;

/**
 * Convolutions with one to three output channels (the last layer of a U-Net) as one matrix product of all pixels with
 * all filter taps, whose columns are then shifted and added; all others stay with the stock kernel.
 */
export const conv2D =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend, attrs } = call;
    const x = inputOf(call, "x");
    const filter = inputOf(call, "filter");
    const [filterHeight = 0, filterWidth = 0, inChannels = 0, outChannels = 0] = filter.shape;
    const taps = filterHeight * filterWidth;
    const { strides, dilations } = attrs as {
      strides: number | [number, number];
      dilations: number | [number, number];
    };
    const plain = [strides, dilations].flat().every((value) => value === 1);
    if (
      outChannels > FEW_CHANNELS ||
      inChannels < 8 ||
      taps < 4 ||
      !plain ||
      tf.util.sizeFromShape(x.shape) === 0
    ) {
      return stock(call);
    }
    const g = convGeometry(x.shape, filter.shape, attrs);
    const columns = taps * outChannels;

    const byChannel = backend.makeOutput([1, inChannels, columns], "float32");
    const weights = floatsOf(backend, filter);
    const turned = floatsOf(backend, byChannel);
    for (let tap = 0; tap < taps; tap += 1) {
      for (let c = 0; c < inChannels; c += 1) {
        for (let o = 0; o < outChannels; o += 1) {
          turned[c * columns + tap * outChannels + o] = weights[
            (tap * inChannels + c) * outChannels + o
          ] as number;
        }
      }
    }
    const pixels = reshaped(backend, x, [1, g.batch * g.inHeight * g.inWidth, inChannels]);
    const products = callKernel(
      tf.BatchMatMul,
      backend,
      { a: pixels, b: byChannel },
      { transposeA: false, transposeB: false },
    );
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
              for (
                let j = Math.max(0, -firstColumn);
                j < filterWidth && firstColumn + j < g.inWidth;
                j += 1
              ) {
                total += from[(pixel + j) * columns + (i * filterWidth + j) * outChannels + o] as number;
              }
            }
            to[target++] = total;
          }
        }
      }
    }
    dispose(backend, byChannel, pixels, products);
    return result;
  };
