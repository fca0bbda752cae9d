import * as tf from "@tensorflow/tfjs";

/** The sizes of an undilated NHWC convolution that its gradients need. */
export interface ConvGeometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

type Shape4 = [number, number, number, number];

/** Throws for NCHW data, which the WASM backend's convolutions do not take either. */
export function convGeometry(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: Record<string, unknown>,
): ConvGeometry {
  const { strides, pad, dimRoundingMode, dataFormat } = attrs as {
    strides: number | [number, number];
    pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
    dimRoundingMode?: "floor" | "round" | "ceil";
    dataFormat: "NHWC" | "NCHW";
  };
  if (dataFormat !== "NHWC") {
    throw new Error(
      `The WASM backend's convolutions take NHWC pictures, not ${dataFormat}: transpose to [0, 2, 3, 1].`,
    );
  }
  const info = tf.backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  return {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

/** Attributes for a call of the Conv2D kernel. */
export function convAttrs(
  rows: readonly [before: number, after: number],
  columns: readonly [before: number, after: number],
  dilations: readonly [number, number] = [1, 1],
): Record<string, unknown> {
  return { strides: [1, 1], pad: [[0, 0], rows, columns, [0, 0]], dataFormat: "NHWC", dilations };
}
