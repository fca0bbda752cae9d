import type * as tf from "@tensorflow/tfjs";
import type { StoredDtype } from "../stored/stored-tensor.ts";
import { gpuBackend, runProgram, type Uniform } from "./program.ts";
import { unpackFunction } from "./webgpu-packed.ts";

export interface PackedConvAttrs {
  readonly dtype: StoredDtype;
  /** `[height, width, in, out]` of the filter. */
  readonly filterShape: readonly [number, number, number, number];
  readonly stride: number;
  readonly padding: readonly [top: number, bottom: number, left: number, right: number];
}

const lanes = 64;
/** Output pixels and channels that one invocation computes. */
const pixels = 4;
const channels = 8;
/** Below this many invocations, several share one sum. */
const fewInvocations = 16384;
/** Invocations that share a sum, and blocks of outputs in a workgroup, where they do. */
const slices = 8;
const blocks = lanes / slices;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * Convolution with a packed filter, and the product of a matrix with packed weights as one of 1×1: x `[n, h, w, in]` (and bias
 * `[out]`) → `[n, height, width, out]`. One invocation keeps a block of 4 pixels and 8 channels in registers. Where there are
 * few such blocks, as in the small middle of a U-Net, 8 invocations share the input channels of one and add up.
 */
export const packedConv2d: tf.KernelFunc = (args) => {
  const { x, packed, bias } = args.inputs;
  const { dtype, filterShape, stride, padding } = args.attrs as unknown as PackedConvAttrs;
  if (!x || !packed) throw new Error("LoomPackedConv2d: it takes a picture and a filter.");
  const [batch = 1, height = 1, width = 1, inChannels = 1] = x.shape;
  const [kernelHeight, kernelWidth, , outChannels] = filterShape;
  const [top, bottom, left, right] = padding;
  const outHeight = Math.floor((height + top + bottom - kernelHeight) / stride) + 1;
  const outWidth = Math.floor((width + left + right - kernelWidth) / stride) + 1;
  const outputShape = [batch, outHeight, outWidth, outChannels];
  const rows = batch * outHeight * outWidth;
  const isWide = inChannels % 4 === 0 && outChannels % channels === 0;
  const invocations = Math.ceil(rows / pixels) * Math.ceil(outChannels / (isWide ? channels : 1));
  const isShared = isWide && invocations < fewInvocations && inChannels >= 4 * slices;
  const uniforms: Uniform[] = [
    ["rows", "int32", rows],
    ["height", "int32", height],
    ["width", "int32", width],
    ["inChannels", "int32", inChannels],
    ["outHeight", "int32", outHeight],
    ["outWidth", "int32", outWidth],
    ["outChannels", "int32", outChannels],
    ["kernelHeight", "int32", kernelHeight],
    ["kernelWidth", "int32", kernelWidth],
    ["stride", "int32", stride],
    ["top", "int32", top],
    ["left", "int32", left],
  ];
  return runProgram(
    gpuBackend(args),
    {
      name: "packed-conv2d",
      variant: `${dtype}_${isShared ? "shared" : isWide ? "wide" : "single"}_${bias ? "bias" : "plain"}`,
      variables: bias ? ["x", "packed", "bias"] : ["x", "packed"],
      outputShape,
      workgroupSize: lanes,
      workgroups: Math.ceil(invocations / (isShared ? blocks : lanes)),
      uniforms,
      code: isWide ? wideCode(dtype, bias !== undefined, isShared) : singleCode(dtype, bias !== undefined),
      ...(isWide && { components: 4, variableComponents: bias ? [4, 4, 4] : [4, 4] }),
    },
    bias ? [x, packed, bias] : [x, packed],
  );
};

/** WGSL: where the pixels of a block begin in x, before the filter's offset. A pixel past the last is the last again. */
const pixelPlaces = range(pixels)
  .map(
    (p) => `
      let row${p} = min(first + ${p}, uniforms.rows - 1);
      let left${p} = (row${p} % uniforms.outWidth) * uniforms.stride - uniforms.left;
      let top${p} = ((row${p} / uniforms.outWidth) % uniforms.outHeight) * uniforms.stride - uniforms.top;
      let picture${p} = (row${p} / (uniforms.outWidth * uniforms.outHeight)) * uniforms.height;`,
  )
  .join("");

/** WGSL: for one place of the filter, whether each pixel's is inside the picture and where its channels begin. */
const filterPlace = (unit: number): string =>
  range(pixels)
    .map(
      (p) => `
        let y${p} = top${p} + ky;
        let x${p} = left${p} + kx;
        let inside${p} = y${p} >= 0 && y${p} < uniforms.height && x${p} >= 0 && x${p} < uniforms.width;
        let at${p} = select(0, ((picture${p} + y${p}) * uniforms.width + x${p}) * (uniforms.inChannels / ${unit}), inside${p});`,
    )
    .join("");

function wideCode(dtype: StoredDtype, hasBias: boolean, isShared: boolean): string {
  const four = range(4);
  const each = range(pixels);
  const finish = (p: number): string => `
      if (first + ${p} < uniforms.rows) {
        let to = (first + ${p}) * (uniforms.outChannels / 4) + block * 2;
        result[to] = low${p}${hasBias ? " + bias[block * 2]" : ""};
        result[to + 1] = high${p}${hasBias ? " + bias[block * 2 + 1]" : ""};
      }`;
  return `
    ${unpackFunction(dtype)}
    ${isShared ? `var<workgroup> parts : array<array<vec4<f32>, ${lanes}>, ${2 * pixels}>;` : ""}
    fn main(index : i32) {
      let columns = uniforms.outChannels / ${channels};
      ${
        isShared
          ? `let lane = i32(localId.x);
      let slice = lane / ${blocks};
      let place = (index / ${lanes}) * ${blocks} + lane % ${blocks};
      let quads = uniforms.inChannels / 4;
      let begin = (quads * slice) / ${slices};
      let end = (quads * (slice + 1)) / ${slices};`
          : `let place = index;
      let begin = 0;
      let end = uniforms.inChannels / 4;`
      }
      let block = place % columns;
      let first = (place / columns) * ${pixels};
      ${isShared ? "" : "if (first >= uniforms.rows) { return; }"}
      ${pixelPlaces}
      ${each.map((p) => `var low${p} = vec4<f32>(0.0); var high${p} = vec4<f32>(0.0);`).join("\n")}
      for (var ky = 0; ky < uniforms.kernelHeight; ky++) {
        for (var kx = 0; kx < uniforms.kernelWidth; kx++) {
          ${filterPlace(4)}
          var word = ((ky * uniforms.kernelWidth + kx) * uniforms.inChannels + begin * 4) * columns + block;
          for (var quad = begin; quad < end; quad++) {
            ${each.map((p) => `let value${p} = select(vec4<f32>(0.0), x[at${p} + quad], inside${p});`).join("\n")}
            ${four
              .map(
                (k) => `
            let words${k} = packed[word];
            word += columns;
            let low_${k} = vec4<f32>(halves(words${k}.x), halves(words${k}.y));
            let high_${k} = vec4<f32>(halves(words${k}.z), halves(words${k}.w));
            ${each.map((p) => `low${p} += value${p}[${k}] * low_${k}; high${p} += value${p}[${k}] * high_${k};`).join("\n")}`,
              )
              .join("")}
          }
        }
      }
      ${isShared ? addUp(finish) : each.map(finish).join("")}
    }`;
}

/** WGSL: adds the slices of a shared sum; each invocation then holds the sums of one block again, and those of slice 0 write. */
function addUp(finish: (p: number) => string): string {
  const each = range(pixels);
  const total = range(slices)
    .map((slice) => `parts[slice][lane % ${blocks} + ${slice * blocks}]`)
    .join(" + ");
  return `
      ${each.map((p) => `parts[${2 * p}][lane] = low${p}; parts[${2 * p + 1}][lane] = high${p};`).join("\n")}
      workgroupBarrier();
      let sum = ${total};
      workgroupBarrier();
      parts[slice][lane % ${blocks}] = sum;
      workgroupBarrier();
      if (slice != 0 || first >= uniforms.rows) { return; }
      ${each.map((p) => `low${p} = parts[${2 * p}][lane]; high${p} = parts[${2 * p + 1}][lane];`).join("\n")}
      ${each.map(finish).join("")}`;
}

/** For numbers of channels that do not fit the vectors: one output channel an invocation. */
function singleCode(dtype: StoredDtype, hasBias: boolean): string {
  const each = range(pixels);
  return `
    ${unpackFunction(dtype)}
    fn main(index : i32) {
      let channel = index % uniforms.outChannels;
      let first = (index / uniforms.outChannels) * ${pixels};
      if (first >= uniforms.rows) { return; }
      ${pixelPlaces}
      ${each.map((p) => `var sum${p} = ${hasBias ? "bias[channel]" : "0.0"};`).join("\n")}
      for (var ky = 0; ky < uniforms.kernelHeight; ky++) {
        for (var kx = 0; kx < uniforms.kernelWidth; kx++) {
          ${filterPlace(1)}
          var place = (ky * uniforms.kernelWidth + kx) * uniforms.inChannels * uniforms.outChannels + channel;
          for (var c = 0; c < uniforms.inChannels; c++) {
            let weight = halves(packed[place / 2])[place % 2];
            place += uniforms.outChannels;
            ${each.map((p) => `sum${p} += select(0.0, x[at${p} + c], inside${p}) * weight;`).join("\n")}
          }
        }
      }
      ${each.map((p) => `if (first + ${p} < uniforms.rows) { result[(first + ${p}) * uniforms.outChannels + channel] = sum${p}; }`).join("\n")}
    }`;
}
