import type * as tf from "@tensorflow/tfjs";
import { convAttrs, convGeometry, type ConvGeometry } from "./conv2d-geometry.ts";
import { callKernel, dispose, floatsOf, inputOf, type KernelBody, type KernelCall } from "./kernel.ts";
import { reverseAxes3, swapFirstAxes3 } from "./layout.ts";

/**
 * Gradient of a convolution by its filter, from `x` [n,h,w,in] and `dy` [n,h',w',out] to `[kh,kw,in,out]`:
 * dW[i,j,c,o] = Σ_{n,u,v} x[n, s·u + i − top, s·v + j − left, c] · dy[n,u,v,o].
 *
 * That is a convolution again: the channels of one operand are its batch, the examples its channels, and the other
 * operand, dilated by the stride, is its filter. It runs at the speed of the forward kernel. The operand with more
 * channels becomes the filter, because the forward kernel computes eight output channels at a time.
 */
export const conv2DBackpropFilter: KernelBody = (call: KernelCall) => {
  const { attrs } = call;
  const x = inputOf(call, "x");
  const dy = inputOf(call, "dy");
  const filterShape = attrs["filterShape"] as number[];
  const geometry = convGeometry(x.shape, filterShape, attrs);
  const strideOne = geometry.strideHeight === 1 && geometry.strideWidth === 1;
  return strideOne && geometry.inChannels > geometry.outChannels
    ? slideGradientOverInput(call, x, dy, geometry, filterShape)
    : slideInputOverGradient(call, x, dy, geometry, filterShape);
};

/** dy as the filter that slides over x. Any stride. */
function slideInputOverGradient(
  { backend }: KernelCall,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
  filterShape: number[],
): tf.TensorInfo {
  const picture = backend.makeOutput([g.inChannels, g.inHeight, g.inWidth, g.batch], "float32");
  const filter = backend.makeOutput([g.outHeight, g.outWidth, g.batch, g.outChannels], "float32");
  reverseAxes3(backend, x, picture, g.batch, g.inHeight * g.inWidth, g.inChannels);
  swapFirstAxes3(backend, dy, filter, g.batch, g.outHeight * g.outWidth, g.outChannels);
  // Where the stride leaves input rows unread the sum has more places than the filter; only the first count.
  const after = (
    inputSize: number,
    outputSize: number,
    size: number,
    stride: number,
    before: number,
  ): number => Math.max(0, size + stride * (outputSize - 1) - inputSize - before);
  const rows = [g.padTop, after(g.inHeight, g.outHeight, g.filterHeight, g.strideHeight, g.padTop)] as const;
  const columns = [g.padLeft, after(g.inWidth, g.outWidth, g.filterWidth, g.strideWidth, g.padLeft)] as const;
  const sums = callKernel(
    "Conv2D",
    backend,
    { x: picture, filter },
    convAttrs(rows, columns, [g.strideHeight, g.strideWidth]),
  );
  const result = backend.makeOutput(filterShape, "float32");
  const [, sumHeight = 0, sumWidth = 0] = sums.shape;
  const from = floatsOf(backend, sums);
  const to = floatsOf(backend, result);
  let target = 0;
  for (let i = 0; i < g.filterHeight; i += 1) {
    for (let j = 0; j < g.filterWidth; j += 1) {
      for (let c = 0; c < g.inChannels; c += 1) {
        let source = ((c * sumHeight + i) * sumWidth + j) * g.outChannels;
        for (let o = 0; o < g.outChannels; o += 1) to[target++] = from[source++] as number;
      }
    }
  }
  dispose(backend, picture, filter, sums);
  return result;
}

/** x as the filter that slides over dy, for stride 1: place (i, j) of the sum is place (kh−1−i, kw−1−j) of the filter. */
function slideGradientOverInput(
  { backend }: KernelCall,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
  filterShape: number[],
): tf.TensorInfo {
  const picture = backend.makeOutput([g.outChannels, g.outHeight, g.outWidth, g.batch], "float32");
  const filter = backend.makeOutput([g.inHeight, g.inWidth, g.batch, g.inChannels], "float32");
  reverseAxes3(backend, dy, picture, g.batch, g.outHeight * g.outWidth, g.outChannels);
  swapFirstAxes3(backend, x, filter, g.batch, g.inHeight * g.inWidth, g.inChannels);
  const pads = (inputSize: number, outputSize: number, size: number, before: number): [number, number] => {
    const first = size - 1 - before;
    return [first, inputSize + size - 1 - outputSize - first];
  };
  const sums = callKernel(
    "Conv2D",
    backend,
    { x: picture, filter },
    convAttrs(
      pads(g.inHeight, g.outHeight, g.filterHeight, g.padTop),
      pads(g.inWidth, g.outWidth, g.filterWidth, g.padLeft),
    ),
  );
  const result = backend.makeOutput(filterShape, "float32");
  const from = floatsOf(backend, sums);
  const to = floatsOf(backend, result);
  const places = g.filterHeight * g.filterWidth;
  let source = 0;
  for (let o = 0; o < g.outChannels; o += 1) {
    for (let place = places - 1; place >= 0; place -= 1) {
      for (let c = 0; c < g.inChannels; c += 1) {
        to[(place * g.inChannels + c) * g.outChannels + o] = from[source++] as number;
      }
    }
  }
  dispose(backend, picture, filter, sums);
  return result;
}
