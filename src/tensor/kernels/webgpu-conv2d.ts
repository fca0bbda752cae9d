import * as tf from "@tensorflow/tfjs";
import { gpuBackend } from "./program.ts";
import { inPieces, sliceAxis } from "./webgpu-tiling.ts";

interface ConvAttrs {
  readonly strides: [number, number] | number;
  readonly pad:
    "valid" | "same" | number | [[number, number], [number, number], [number, number], [number, number]];
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dilations: [number, number] | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Output pixels that one workgroup of tfjs's convolution shaders takes. */
const pixelsPerWorkgroup = 32;

/**
 * tfjs puts all pixels of an output picture into one dimension of the dispatch and refuses above 65,535 workgroups, that
 * is 2.1 million pixels. Here larger pictures are made in strips of rows.
 *
 * @param maxWorkgroups Workgroups per dimension; by default what the device allows.
 */
export const mendConv2d =
  (stock: tf.KernelFunc, maxWorkgroups?: number): tf.KernelFunc =>
  (args) => {
    const backend = gpuBackend(args);
    const { x, filter } = args.inputs;
    if (!x || !filter) throw new Error("conv2d: it takes a picture and a filter.");
    const attrs = args.attrs as unknown as ConvAttrs;
    const shape = x.shape as [number, number, number, number];
    const info = tf.backend_util.computeConv2DInfo(
      shape,
      filter.shape as [number, number, number, number],
      attrs.strides,
      attrs.dilations,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      attrs.dataFormat === "NCHW" ? "channelsFirst" : "channelsLast",
    );
    const { outHeight, outWidth, inHeight, strideHeight, effectiveFilterHeight, padInfo } = info;
    const workgroups = maxWorkgroups ?? backend.device.limits.maxComputeWorkgroupsPerDimension;
    const limit = workgroups * pixelsPerWorkgroup;
    if (outHeight * outWidth <= limit || attrs.dataFormat === "NCHW") return stock(args);
    return inPieces(backend, outHeight, Math.max(1, Math.floor(limit / outWidth)), 1, (begin, count) => {
      const first = begin * strideHeight - padInfo.top;
      const end = (begin + count - 1) * strideHeight - padInfo.top + effectiveFilterHeight;
      const from = Math.max(0, first);
      const to = Math.min(inHeight, end);
      const strip = sliceAxis(backend, x, 1, from, to - from);
      const pad = [
        [0, 0],
        [from - first, end - to],
        [padInfo.left, padInfo.right],
        [0, 0],
      ];
      // An explicit padding has to be exact, without the rounding that a number asks for.
      const stripAttrs = { ...args.attrs, pad, dimRoundingMode: undefined } as unknown as tf.NamedAttrMap;
      const piece = stock({
        inputs: { ...args.inputs, x: strip },
        attrs: stripAttrs,
        backend,
      }) as tf.TensorInfo;
      backend.disposeData(strip.dataId);
      return piece;
    });
  };
