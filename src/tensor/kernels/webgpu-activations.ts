import type * as tf from "@tensorflow/tfjs";
import { gpuBackend, runProgram, sizeOf, type Program, type Uniform } from "./program.ts";

export type ActivationKind = "silu" | "gelu" | "geluTanh" | "quickGelu" | "mish";

const lanes = 64;

/**
 * WGSL of each function `f(x)` and its derivative `d(x)`, over type T. Exponents are capped because WGSL leaves it to
 * the implementation what becomes of infinities.
 */
const common = `
  fn sigmoid(x : T) -> T { return 1.0 / (1.0 + exp(min(-x, T(80.0)))); }
  fn bell(x : T) -> T { return exp(-0.5 * min(x * x, T(160.0))) * 0.3989422804014327; }
  // Abramowitz and Stegun 1964, 7.1.26: |error| ≤ 1.5e-7.
  fn errorFunction(x : T) -> T {
    let t = 1.0 / (1.0 + 0.3275911 * abs(x));
    let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(x) * (1.0 - series * exp(-min(x * x, T(80.0))));
  }
  fn normalCdf(x : T) -> T { return 0.5 * (1.0 + errorFunction(x * 0.7071067811865476)); }`;

const functions: Readonly<Record<ActivationKind, string>> = {
  silu: `
  fn f(x : T) -> T { return x * sigmoid(x); }
  fn d(x : T) -> T { let s = sigmoid(x); return s * (1.0 + x * (1.0 - s)); }`,
  quickGelu: `
  fn f(x : T) -> T { return x * sigmoid(1.702 * x); }
  fn d(x : T) -> T { let s = sigmoid(1.702 * x); return s * (1.0 + 1.702 * x * (1.0 - s)); }`,
  gelu: `
  fn f(x : T) -> T { return x * normalCdf(x); }
  fn d(x : T) -> T { return normalCdf(x) + x * bell(x); }`,
  geluTanh: `
  fn inner(x : T) -> T { return tanh(clamp(0.7978845608028654 * (x + 0.044715 * x * x * x), T(-15.0), T(15.0))); }
  fn f(x : T) -> T { return 0.5 * x * (1.0 + inner(x)); }
  fn d(x : T) -> T {
    let t = inner(x);
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * 0.7978845608028654 * (1.0 + 0.134145 * x * x);
  }`,
  mish: `
  fn softplus(x : T) -> T { return max(x, T(0.0)) + log(1.0 + exp(-abs(x))); }
  fn f(x : T) -> T { return x * tanh(min(softplus(x), T(15.0))); }
  fn d(x : T) -> T { let t = tanh(min(softplus(x), T(15.0))); return t + x * (1.0 - t * t) * sigmoid(x); }`,
};

const typed = (kind: ActivationKind, components: 1 | 4): string =>
  `alias T = ${components === 4 ? "vec4<f32>" : "f32"}; ${common} ${functions[kind]}`;

function elementwise(
  name: string,
  kind: ActivationKind,
  x: tf.TensorInfo,
  variables: readonly string[],
  value: string,
): Program {
  const size = sizeOf(x.shape);
  const components = size % 4 === 0 ? 4 : 1;
  const count = size / components;
  const uniforms: Uniform[] = [["count", "int32", count]];
  const code = `${typed(kind, components)} fn main(index : i32) { if (index < uniforms.count) { result[index] = ${value}; } }`;
  const workgroups = Math.ceil(count / lanes);
  const variant = `${kind}_${components}`;
  return {
    name,
    variant,
    variables,
    outputShape: x.shape,
    workgroupSize: lanes,
    workgroups,
    uniforms,
    components,
    code,
  };
}

const kindOf = (args: Parameters<tf.KernelFunc>[0]): ActivationKind =>
  (args.attrs as unknown as { kind: ActivationKind }).kind;

/** x → f(x). */
export const activation: tf.KernelFunc = (args) => {
  const x = args.inputs.x as tf.TensorInfo;
  return runProgram(gpuBackend(args), elementwise("activation", kindOf(args), x, ["x"], "f(x[index])"), [x]);
};

/** x, dy → dy·f′(x). */
export const activationGrad: tf.KernelFunc = (args) => {
  const [x, dy] = [args.inputs.x, args.inputs.dy] as [tf.TensorInfo, tf.TensorInfo];
  const program = elementwise("activation-grad", kindOf(args), x, ["x", "dy"], "dy[index] * d(x[index])");
  return runProgram(gpuBackend(args), program, [x, dy]);
};

function gatedProgram(
  name: string,
  x: tf.TensorInfo,
  outputShape: number[],
  variables: string[],
  body: string,
): Program {
  const width = (x.shape.at(-1) ?? 2) / 2;
  const components = width % 4 === 0 ? 4 : 1;
  const count = sizeOf(x.shape) / 2 / components;
  const uniforms: Uniform[] = [
    ["count", "int32", count],
    ["width", "int32", width / components],
  ];
  const code = `${typed("gelu", components)}
    fn main(index : i32) {
      if (index >= uniforms.count) { return; }
      let row = index / uniforms.width;
      let value = index + row * uniforms.width;
      let gate = value + uniforms.width;
      ${body}
    }`;
  const workgroups = Math.ceil(count / lanes);
  return {
    name,
    variant: String(components),
    variables,
    outputShape,
    workgroupSize: lanes,
    workgroups,
    uniforms,
    components,
    code,
  };
}

/** x `[…, 2c]` → a·gelu(g) `[…, c]`, a and g being the halves of the last axis. */
export const geglu: tf.KernelFunc = (args) => {
  const x = args.inputs.x as tf.TensorInfo;
  const outputShape = [...x.shape.slice(0, -1), (x.shape.at(-1) ?? 0) / 2];
  return runProgram(
    gpuBackend(args),
    gatedProgram("geglu", x, outputShape, ["x"], "result[index] = x[value] * f(x[gate]);"),
    [x],
  );
};

/** x `[…, 2c]`, dy `[…, c]` → dx. */
export const gegluGrad: tf.KernelFunc = (args) => {
  const [x, dy] = [args.inputs.x, args.inputs.dy] as [tf.TensorInfo, tf.TensorInfo];
  const body = "result[value] = dy[index] * f(x[gate]); result[gate] = dy[index] * x[value] * d(x[gate]);";
  return runProgram(gpuBackend(args), gatedProgram("geglu-grad", x, x.shape, ["x", "dy"], body), [x, dy]);
};
