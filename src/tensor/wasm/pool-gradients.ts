import * as tf from "@tensorflow/tfjs";
import { floatsOf, inputOf, type KernelBody, type KernelCall } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

interface Window {
  readonly info: tf.backend_util.Conv2DInfo;
  readonly dx: tf.TensorInfo;
}

function windowOf({ backend, attrs }: KernelCall, input: tf.TensorInfo): Window {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: "valid" | "same" | number;
    dimRoundingMode?: "floor" | "round" | "ceil";
  };
  const shape = input.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return { info, dx: backend.makeOutput(input.shape, "float32") };
}

/** Calls `visit` for every place of dy: flat index of its first channel, and the part of its window inside the picture. */
function eachPlace(
  info: tf.backend_util.Conv2DInfo,
  visit: (place: number, n: number, top: number, bottom: number, left: number, right: number) => void,
): void {
  let place = 0;
  for (let n = 0; n < info.batchSize; n += 1) {
    for (let u = 0; u < info.outHeight; u += 1) {
      const row = u * info.strideHeight - info.padInfo.top;
      const top = Math.max(0, row);
      const bottom = Math.min(info.inHeight, row + info.filterHeight);
      for (let v = 0; v < info.outWidth; v += 1) {
        const column = v * info.strideWidth - info.padInfo.left;
        const left = Math.max(0, column);
        const right = Math.min(info.inWidth, column + info.filterWidth);
        visit(place, n, top, bottom, left, right);
        place += info.inChannels;
      }
    }
  }
}

/** Each value of dy goes to the first largest value of its window. */
export const maxPoolGrad: KernelBody = (call) => {
  const { backend } = call;
  const input = inputOf(call, "input");
  const { info, dx } = windowOf(call, input);
  const x = floatsOf(backend, input);
  const dyInfo = inputOf(call, "dy");
  const dy = floatsOf(backend, dyInfo);
  const result = floatsOf(backend, dx).fill(0);
  const { inChannels, inHeight, inWidth } = info;
  const whole = inChannels - (inChannels % 4);
  const { maxPoolPlace } = simdOf(backend);
  const [xAt, dyAt, dxAt] = [addressOf(backend, input), addressOf(backend, dyInfo), addressOf(backend, dx)];
  eachPlace(info, (place, n, top, bottom, left, right) => {
    const corner = ((n * inHeight + top) * inWidth + left) * inChannels;
    const height = bottom - top;
    const width = right - left;
    if (whole > 0) {
      const pixelAndRow = [inChannels * 4, inWidth * inChannels * 4] as const;
      maxPoolPlace(
        xAt + corner * 4,
        dyAt + place * 4,
        dxAt + corner * 4,
        height,
        width,
        whole,
        ...pixelAndRow,
      );
    }
    for (let c = whole; c < inChannels; c += 1) {
      let best = corner + c;
      for (let h = 0; h < height; h += 1) {
        for (let w = 0; w < width; w += 1) {
          const index = corner + (h * inWidth + w) * inChannels + c;
          if ((x[index] as number) > (x[best] as number)) best = index;
        }
      }
      result[best] = (result[best] as number) + (dy[place + c] as number);
    }
  });
  return dx;
};

/** Each value of dy is spread evenly over the part of its window inside the picture, which is what the pool averages. */
export const avgPoolGrad: KernelBody = (call) => {
  const { backend } = call;
  const input = inputOf(call, "input");
  const { info, dx } = windowOf(call, input);
  floatsOf(backend, dx).fill(0);
  const { addScaledRows } = simdOf(backend);
  const [dyAt, dxAt] = [addressOf(backend, inputOf(call, "dy")), addressOf(backend, dx)];
  const { inChannels, inHeight, inWidth } = info;
  const pixel = inChannels * 4;
  eachPlace(info, (place, n, top, bottom, left, right) => {
    const corner = dxAt + ((n * inHeight + top) * inWidth + left) * pixel;
    const height = bottom - top;
    const width = right - left;
    const share = 1 / (height * width);
    addScaledRows(dyAt + place * 4, corner, height, width, inChannels, 0, 0, inWidth * pixel, pixel, share);
  });
  return dx;
};
