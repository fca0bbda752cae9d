import type * as tf from "@tensorflow/tfjs";
import {
  gpuBackend,
  runProgram,
  sizeOf,
  workgroupReductions,
  type Program,
  type Uniform,
} from "./program.ts";
import { sumParts } from "./webgpu-sum-parts.ts";

/**
 * Normalization of channels-last x as a matrix `[rows, channels]`. One mean and one deviation belong to a block of
 * `rowsPerStat` rows and `channels / groups` channels: group normalization has a picture's rows, layer normalization one.
 */
export interface NormAttrs {
  readonly rowsPerStat: number;
  readonly groups: number;
  readonly epsilon: number;
  /** Applied to the result: y = z·σ(z). */
  readonly silu: boolean;
}

const lanes = 64;
/** Blocks up to this size are summed by one invocation, larger ones by a workgroup. */
const smallBlock = 128;
/** How many rows one invocation adds up for the gradients of gamma and beta. */
const rowsPerSum = 64;

interface Geometry {
  readonly shape: readonly number[];
  readonly rows: number;
  readonly channels: number;
  readonly stats: number;
  readonly blockSize: number;
  readonly uniforms: readonly Uniform[];
}

function geometry(x: tf.TensorInfo, { rowsPerStat, groups, epsilon }: NormAttrs): Geometry {
  const channels = x.shape.at(-1) ?? 1;
  const rows = sizeOf(x.shape) / channels;
  const perGroup = channels / groups;
  return {
    shape: x.shape,
    rows,
    channels,
    stats: (rows / rowsPerStat) * groups,
    blockSize: rowsPerStat * perGroup,
    uniforms: [
      ["rows", "int32", rows],
      ["channels", "int32", channels],
      ["rowsPerStat", "int32", rowsPerStat],
      ["groups", "int32", groups],
      ["perGroup", "int32", perGroup],
      ["stats", "int32", (rows / rowsPerStat) * groups],
      ["epsilon", "float32", epsilon],
    ],
  };
}

/** WGSL that runs `body` for the index `i` and channel `c` of every element of block `stat`, shared out over lanes. */
function overBlock(body: string, { rowsPerStat }: NormAttrs, step: number): string {
  const alongRows = rowsPerStat >= step;
  const [rowStart, rowStep] = alongRows ? ["lane", step] : ["0", 1];
  const [channelStart, channelStep] = alongRows ? ["0", 1] : ["lane", step];
  return `
    for (var r = ${rowStart}; r < uniforms.rowsPerStat; r += ${rowStep}) {
      let rowBegin = (firstRow + r) * uniforms.channels;
      for (var k = ${channelStart}; k < uniforms.perGroup; k += ${channelStep}) {
        let c = firstChannel + k;
        let i = rowBegin + c;
        ${body}
      }
    }`;
}

/**
 * WGSL of a reduction of each block to two numbers, written to `result[2·stat]` and `result[2·stat + 1]`. `element` adds
 * to `sums`, a pair; `finish` makes the pair from the `sums` of the whole block.
 */
function blockReduction(
  attrs: NormAttrs,
  small: boolean,
  prepare: string,
  element: string,
  finish: string,
): string {
  // Superfluous workgroups repeat the last block without writing, so that barriers stay in uniform control flow.
  return `
    ${small ? "" : workgroupReductions(lanes, "PairSum")}
    fn main(index : i32) {
      let block = ${small ? "index" : `index / ${lanes}`};
      let stat = min(block, uniforms.stats - 1);
      let lane = ${small ? "0" : "i32(localId.x)"};
      let firstRow = (stat / uniforms.groups) * uniforms.rowsPerStat;
      let firstChannel = (stat % uniforms.groups) * uniforms.perGroup;
      let count = f32(uniforms.rowsPerStat * uniforms.perGroup);
      ${prepare}
      var sums = vec2<f32>(0.0);
      ${overBlock(element, attrs, small ? 1 : lanes)}
      ${small ? "" : "sums = workgroupPairSum(sums, lane);"}
      let pair = ${finish};
      if (block < uniforms.stats && lane == 0) {
        result[2 * block] = pair.x;
        result[2 * block + 1] = pair.y;
      }
    }`;
}

/** WGSL: the gradient before the activation, from x, dy and the block's mean and deviation. */
const gradientBeforeActivation = (silu: boolean): string => `
  fn normalized(i : i32, stat : i32) -> f32 { return (x[i] - stats[2 * stat]) * stats[2 * stat + 1]; }
  fn beforeActivation(i : i32, c : i32, normal : f32) -> f32 {
    ${
      silu
        ? `let z = normal * gamma[c] + beta[c];
           let s = 1.0 / (1.0 + exp(-z));
           return dy[i] * s * (1.0 + z * (1.0 - s));`
        : "return dy[i];"
    }
  }`;

type Shader = Pick<Program, "variant" | "outputShape" | "workgroups" | "code">;

/** A kernel over the inputs `variables`, x first; those of `activation` are read only where SiLU follows. */
const normKernel =
  (
    name: string,
    variables: readonly string[],
    activation: readonly string[],
    shader: (attrs: NormAttrs, of: Geometry) => Shader,
  ): tf.KernelFunc =>
  (args) => {
    const attrs = args.attrs as unknown as NormAttrs;
    const read = attrs.silu ? [...variables, ...activation] : variables;
    const inputs = read.map((input) => args.inputs[input] as tf.TensorInfo);
    const of = geometry(inputs[0] as tf.TensorInfo, attrs);
    const program = {
      name,
      variables: read,
      workgroupSize: lanes,
      uniforms: of.uniforms,
      ...shader(attrs, of),
    };
    return runProgram(gpuBackend(args), program, inputs);
  };

/** Two numbers for every block, `[stats, 2]`: what {@link blockReduction} makes of its four pieces of WGSL. */
function perBlock(
  attrs: NormAttrs,
  { stats, blockSize }: Geometry,
  before: string,
  ...pieces: readonly [prepare: string, element: string, finish: string]
): Shader {
  const small = blockSize <= smallBlock;
  return {
    variant: `${attrs.silu}_${small}_${attrs.rowsPerStat >= lanes}`,
    outputShape: [stats, 2],
    workgroups: small ? Math.ceil(stats / lanes) : stats,
    code: `${before} ${blockReduction(attrs, small, ...pieces)}`,
  };
}

/** One number for every element: WGSL that ends in setting `result[index]`, given `index`, `c` and `stat`. */
const perElement = ({ silu }: NormAttrs, { shape }: Geometry, before: string, body: string): Shader => ({
  variant: String(silu),
  outputShape: shape,
  workgroups: Math.ceil(sizeOf(shape) / lanes),
  code: `
    ${statOf}
    ${before}
    fn main(index : i32) {
      if (index >= uniforms.rows * uniforms.channels) { return; }
      let row = index / uniforms.channels;
      let c = index - row * uniforms.channels;
      let stat = statOf(row, c);
      ${body}
    }`,
});

/** WGSL: the block of a row and a channel. */
const statOf = `
  fn statOf(row : i32, c : i32) -> i32 { return (row / uniforms.rowsPerStat) * uniforms.groups + c / uniforms.perGroup; }`;

/** x → mean and 1/√(variance + ε) of every block, `[stats, 2]`. */
export const normStats = normKernel("norm-stats", ["x"], [], (attrs, of) =>
  // One pass over the differences from a value near the mean: with the raw squares, a mean far from zero would leave
  // the variance no digits. The average of a few of the block's elements is near enough.
  perBlock(
    attrs,
    of,
    "",
    `var near = 0.0;
      let begin = firstRow * uniforms.channels + firstChannel;
      for (var sample = 0; sample < 8; sample++) {
        let r = (sample * uniforms.rowsPerStat) / 8;
        let k = (sample * uniforms.perGroup) / 8;
        near += x[begin + r * uniforms.channels + k] / 8.0;
      }`,
    "let off = x[i] - near; sums += vec2<f32>(off, off * off);",
    `vec2<f32>(
        near + sums.x / count,
        inverseSqrt(max(sums.y / count - (sums.x / count) * (sums.x / count), 0.0) + uniforms.epsilon))`,
  ),
);

/** x, stats, gamma, beta → y. */
export const normApply = normKernel("norm-apply", ["x", "stats", "gamma", "beta"], [], (attrs, of) =>
  perElement(
    attrs,
    of,
    "",
    `let z = (x[index] - stats[2 * stat]) * stats[2 * stat + 1] * gamma[c] + beta[c];
      result[index] = ${attrs.silu ? "z / (1.0 + exp(-z))" : "z"};`,
  ),
);

/** x, dy, stats, gamma, beta → the block means of γ·dz and of γ·dz·x̂, `[stats, 2]`, dz being dy before the activation. */
export const normGradStats = normKernel(
  "norm-grad-stats",
  ["x", "dy", "stats", "gamma"],
  ["beta"],
  (attrs, of) =>
    perBlock(
      attrs,
      of,
      gradientBeforeActivation(attrs.silu),
      "",
      `let normal = normalized(i, stat);
        let scaled = beforeActivation(i, c, normal) * gamma[c];
        sums += vec2<f32>(scaled, scaled * normal);`,
      "sums / count",
    ),
);

/** x, dy, stats, means, gamma, beta → dx = (γ·dz − mean(γ·dz) − x̂·mean(γ·dz·x̂)) / deviation. */
export const normGradInput = normKernel(
  "norm-grad-input",
  ["x", "dy", "stats", "means", "gamma"],
  ["beta"],
  (attrs, of) =>
    perElement(
      attrs,
      of,
      gradientBeforeActivation(attrs.silu),
      `let normal = normalized(index, stat);
      let scaled = beforeActivation(index, c, normal) * gamma[c];
      result[index] = (scaled - means[2 * stat] - normal * means[2 * stat + 1]) * stats[2 * stat + 1];`,
    ),
);

const piecesOf = ({ rows }: Geometry): number => Math.ceil(rows / rowsPerSum);

/** The gradients of gamma and beta, each piece of the rows by itself, `[pieces, 2·channels]`. */
const gradParameterPieces = normKernel(
  "norm-grad-parameters",
  ["x", "dy", "stats"],
  ["gamma", "beta"],
  ({ silu }, of) => ({
    variant: String(silu),
    outputShape: [piecesOf(of), 2 * of.channels],
    workgroups: Math.ceil((piecesOf(of) * of.channels) / lanes),
    code: `
    ${statOf}
    ${gradientBeforeActivation(silu)}
    fn main(index : i32) {
      let piece = index / uniforms.channels;
      let c = index - piece * uniforms.channels;
      let begin = piece * ${rowsPerSum};
      if (begin >= uniforms.rows) { return; }
      var scale = 0.0;
      var shift = 0.0;
      for (var row = begin; row < min(begin + ${rowsPerSum}, uniforms.rows); row++) {
        let i = row * uniforms.channels + c;
        let normal = normalized(i, statOf(row, c));
        let dz = beforeActivation(i, c, normal);
        scale += dz * normal;
        shift += dz;
      }
      result[(2 * piece) * uniforms.channels + c] = scale;
      result[(2 * piece + 1) * uniforms.channels + c] = shift;
    }`,
  }),
);

/** x, dy, stats, gamma, beta → the gradients of gamma and beta, Σ dz·x̂ and Σ dz over the rows, `[2, channels]`. */
export const normGradParameters: tf.KernelFunc = (args) =>
  sumParts(gpuBackend(args), gradParameterPieces(args) as tf.TensorInfo, [
    2,
    (args.inputs.x as tf.TensorInfo).shape.at(-1) ?? 1,
  ]);
