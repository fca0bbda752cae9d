import * as tf from "@tensorflow/tfjs";
import { sumParts } from "./webgpu-sum-parts.ts";
import { gpuBackend, runProgram, type Uniform, type WebgpuKernelArgs } from "./program.ts";

const lanes = 64;
/** Invocations that keep a graphics card busy; the sum over pixels is split until there are that many. */
const enoughInvocations = 16_384;

type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
type Shape4D = [number, number, number, number];

interface BackpropAttrs {
  readonly strides: [number, number] | number;
  readonly pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape?: Shape4D;
  readonly inputShape?: Shape4D;
  readonly dataFormat: "NHWC" | "NCHW";
}

const infoOf = (
  input: Shape4D,
  filter: Shape4D,
  { strides, pad, dimRoundingMode }: BackpropAttrs,
): ConvInfo => tf.backend_util.computeConv2DInfo(input, filter, strides, 1, pad, dimRoundingMode);

function uniformsOf(info: ConvInfo): Uniform[] {
  return [
    ["batch", "int32", info.batchSize],
    ["inHeight", "int32", info.inHeight],
    ["inWidth", "int32", info.inWidth],
    ["inChannels", "int32", info.inChannels],
    ["outHeight", "int32", info.outHeight],
    ["outWidth", "int32", info.outWidth],
    ["outChannels", "int32", info.outChannels],
    ["filterHeight", "int32", info.filterHeight],
    ["filterWidth", "int32", info.filterWidth],
    ["strideHeight", "int32", info.strideHeight],
    ["strideWidth", "int32", info.strideWidth],
    ["padTop", "int32", info.padInfo.top],
    ["padLeft", "int32", info.padInfo.left],
  ];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/**
 * Gradient of a convolution by its filter: dW[r,s,c,o] = Σ x[n, y·stride + r − top, x·stride + s − left, c]·dy[n,y,x,o].
 *
 * One invocation makes a tile of four input by four output channels for one filter tap and a part of the rows of dy, so
 * that each value loaded is used four times; the parts are then added. tfjs gives each filter element one invocation.
 */
export const mendConv2dBackpropFilter =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (args) => {
    const attrs = args.attrs as unknown as BackpropAttrs;
    if (attrs.dataFormat === "NCHW") return stock(args);
    const { x, dy } = args.inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const info = infoOf(x.shape as Shape4D, attrs.filterShape as Shape4D, attrs);
    return filterGradient(args, x, dy, info);
  };

function filterGradient(
  args: WebgpuKernelArgs,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const backend = gpuBackend(args);
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const vectors = inChannels % 4 === 0 && outChannels % 4 === 0;
  const [inTile, outTile] = [Math.min(4, inChannels), Math.min(4, outChannels)];
  const tiles =
    filterHeight * filterWidth * Math.ceil(inChannels / inTile) * Math.ceil(outChannels / outTile);
  const rows = info.batchSize * info.outHeight;
  const parts = Math.max(1, Math.min(rows, Math.floor(enoughInvocations / tiles)));
  const invocations = tiles * parts;
  const partial = runProgram(
    backend,
    {
      name: "conv2d-grad-filter",
      variant: `${vectors}_${inTile}_${outTile}`,
      variables: ["x", "dy"],
      outputShape: [parts, filterHeight * filterWidth * inChannels * outChannels],
      workgroupSize: lanes,
      workgroups: Math.ceil(invocations / lanes),
      uniforms: [
        ...uniformsOf(info),
        ["inTiles", "int32", Math.ceil(inChannels / inTile)],
        ["outTiles", "int32", Math.ceil(outChannels / outTile)],
        ["invocations", "int32", invocations],
        ["rowsPerPart", "int32", Math.ceil(rows / parts)],
      ],
      components: vectors ? 4 : 1,
      code: filterGradientCode(vectors, inTile, outTile),
    },
    [x, dy],
  );
  return sumParts(backend, partial, info.filterShape);
}

function filterGradientCode(vectors: boolean, inTile: number, outTile: number): string {
  const ins = range(inTile);
  const outs = range(outTile);
  // Beyond the last channel a tile repeats it and drops the result.
  const load = vectors
    ? "let xs = x[(xBase + firstIn) / 4]; let ds = dy[(dyBase + firstOut) / 4];"
    : [
        ...ins.map((i) => `let x${i} = x[xBase + min(firstIn + ${i}, uniforms.inChannels - 1)];`),
        ...outs.map((o) => `let d${o} = dy[dyBase + min(firstOut + ${o}, uniforms.outChannels - 1)];`),
      ].join("\n");
  const accumulate = vectors
    ? ins.map((i) => `sum${i} += xs[${i}] * ds;`).join(" ")
    : ins.flatMap((i) => outs.map((o) => `sum${i}${o} += x${i} * d${o};`)).join(" ");
  const declare = vectors
    ? ins.map((i) => `var sum${i} = vec4<f32>(0.0);`).join(" ")
    : ins.flatMap((i) => outs.map((o) => `var sum${i}${o} = 0.0;`)).join(" ");
  const store = vectors
    ? ins.map((i) => `result[(outBase + ${i} * uniforms.outChannels) / 4] = sum${i};`).join(" ")
    : ins
        .flatMap((i) =>
          outs.map(
            (o) => `
        if (firstIn + ${i} < uniforms.inChannels && firstOut + ${o} < uniforms.outChannels) {
          result[outBase + ${i} * uniforms.outChannels + ${o}] = sum${i}${o};
        }`,
          ),
        )
        .join("");
  return `
    fn main(index : i32) {
      if (index >= uniforms.invocations) { return; }
      var rest = index;
      let firstOut = (rest % uniforms.outTiles) * ${outTile};
      rest = rest / uniforms.outTiles;
      let firstIn = (rest % uniforms.inTiles) * ${inTile};
      rest = rest / uniforms.inTiles;
      let tapX = rest % uniforms.filterWidth;
      rest = rest / uniforms.filterWidth;
      let tapY = rest % uniforms.filterHeight;
      let part = rest / uniforms.filterHeight;
      // The columns of dy whose source column lies within the picture.
      let shift = uniforms.padLeft - tapX;
      let firstX = max(0, (shift + uniforms.strideWidth - 1) / uniforms.strideWidth);
      let reach = uniforms.inWidth - 1 + shift;
      let endX = select(0, min(uniforms.outWidth, reach / uniforms.strideWidth + 1), reach >= 0);
      ${declare}
      let rows = uniforms.batch * uniforms.outHeight;
      let end = min(rows, (part + 1) * uniforms.rowsPerPart);
      for (var row = part * uniforms.rowsPerPart; row < end; row++) {
        let picture = row / uniforms.outHeight;
        let sourceY = (row - picture * uniforms.outHeight) * uniforms.strideHeight + tapY - uniforms.padTop;
        if (sourceY < 0 || sourceY >= uniforms.inHeight) { continue; }
        let sourceRow = (picture * uniforms.inHeight + sourceY) * uniforms.inWidth;
        for (var col = firstX; col < endX; col++) {
          let xBase = (sourceRow + col * uniforms.strideWidth - shift) * uniforms.inChannels;
          let dyBase = (row * uniforms.outWidth + col) * uniforms.outChannels;
          ${load}
          ${accumulate}
        }
      }
      let tap = (part * uniforms.filterHeight + tapY) * uniforms.filterWidth + tapX;
      let outBase = (tap * uniforms.inChannels + firstIn) * uniforms.outChannels + firstOut;
      ${store}
    }`;
}

/**
 * Gradient of a convolution by its input: dx[n,y,x,c] = Σ dy[n, (y + top − r)/stride, (x + left − s)/stride, o]·W[r,s,c,o].
 *
 * One invocation makes four columns by four channels of dx, four output channels of each product at a time.
 */
export const mendConv2dBackpropInput =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (args) => {
    const attrs = args.attrs as unknown as BackpropAttrs;
    const { dy, filter } = args.inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const info = infoOf(attrs.inputShape as Shape4D, filter.shape as Shape4D, attrs);
    const suits =
      attrs.dataFormat === "NHWC" &&
      info.strideWidth === 1 &&
      info.inChannels % 4 === 0 &&
      info.outChannels % 4 === 0;
    if (!suits) return stock(args);
    const colTiles = Math.ceil(info.inWidth / 4);
    const channelTiles = info.inChannels / 4;
    const invocations = info.batchSize * info.inHeight * colTiles * channelTiles;
    const program = {
      name: "conv2d-grad-input",
      variables: ["dy", "w"],
      outputShape: info.inShape,
      workgroupSize: lanes,
      workgroups: Math.ceil(invocations / lanes),
      uniforms: [
        ...uniformsOf(info).filter(([name]) => name !== "strideWidth" && name !== "batch"),
        ["colTiles", "int32", colTiles],
        ["channelTiles", "int32", channelTiles],
        ["invocations", "int32", invocations],
      ] as Uniform[],
      components: 4 as const,
      code: inputGradientCode,
    };
    return runProgram(gpuBackend(args), program, [dy, filter]);
  };

const inputGradientCode = `
  fn main(index : i32) {
    if (index >= uniforms.invocations) { return; }
    var rest = index;
    let firstChannel = (rest % uniforms.channelTiles) * 4;
    rest = rest / uniforms.channelTiles;
    let firstCol = (rest % uniforms.colTiles) * 4;
    rest = rest / uniforms.colTiles;
    let row = rest % uniforms.inHeight;
    let picture = rest / uniforms.inHeight;
    let vectors = uniforms.outChannels / 4;
    ${range(4)
      .map((col) => `var sum${col} = vec4<f32>(0.0);`)
      .join(" ")}
    for (var tapY = 0; tapY < uniforms.filterHeight; tapY++) {
      let ahead = row + uniforms.padTop - tapY;
      if (ahead < 0 || ahead % uniforms.strideHeight != 0) { continue; }
      let outRow = ahead / uniforms.strideHeight;
      if (outRow >= uniforms.outHeight) { continue; }
      let dyRow = (picture * uniforms.outHeight + outRow) * uniforms.outWidth;
      for (var tapX = 0; tapX < uniforms.filterWidth; tapX++) {
        let outCol = firstCol + uniforms.padLeft - tapX;
        let wBase = ((tapY * uniforms.filterWidth + tapX) * uniforms.inChannels + firstChannel) * vectors;
        ${range(4)
          .map(
            (col) => `
        let inside${col} = select(0.0, 1.0, outCol + ${col} >= 0 && outCol + ${col} < uniforms.outWidth);
        let dyBase${col} = (dyRow + clamp(outCol + ${col}, 0, uniforms.outWidth - 1)) * vectors;`,
          )
          .join("")}
        for (var o = 0; o < vectors; o++) {
          ${range(4)
            .map((channel) => `let w${channel} = w[wBase + ${channel} * vectors + o];`)
            .join(" ")}
          ${range(4)
            .map(
              (col) => `
          let d${col} = dy[dyBase${col} + o] * inside${col};
          sum${col} += vec4<f32>(dot(d${col}, w0), dot(d${col}, w1), dot(d${col}, w2), dot(d${col}, w3));`,
            )
            .join("")}
        }
      }
    }
    let outBase = ((picture * uniforms.inHeight + row) * uniforms.inWidth + firstCol) * uniforms.inChannels + firstChannel;
    ${range(4)
      .map(
        (col) => `
    if (firstCol + ${col} < uniforms.inWidth) { result[(outBase + ${col} * uniforms.inChannels) / 4] = sum${col}; }`,
      )
      .join("")}
  }`;
