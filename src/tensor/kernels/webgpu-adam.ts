import type * as tf from "@tensorflow/tfjs";
import type { AdamCoefficients } from "../adam.ts";
import {
  gpuBackend,
  runProgram,
  sizeOf,
  type Program,
  type Uniform,
  type WebgpuKernelArgs,
} from "./program.ts";

const lanes = 64;

function elementwise(
  args: WebgpuKernelArgs,
  name: string,
  variables: readonly string[],
  scalars: Uniform[],
  value: string,
): tf.TensorInfo {
  const inputs = variables.map((variable) => args.inputs[variable] as tf.TensorInfo);
  const outputShape = inputs[0]?.shape ?? [];
  const size = sizeOf(outputShape);
  const components = size % 4 === 0 ? 4 : 1;
  const count = size / components;
  const program: Program = {
    name,
    variant: String(components),
    variables,
    outputShape,
    workgroupSize: lanes,
    workgroups: Math.ceil(count / lanes),
    uniforms: [["count", "int32", count], ...scalars],
    components,
    code: `
      fn main(index : i32) {
        if (index >= uniforms.count) { return; }
        let g = ${variables.includes("gradient") ? "gradient[index] + uniforms.l2 * weight[index]" : "0.0"};
        result[index] = ${value};
      }`,
  };
  return runProgram(gpuBackend(args), program, inputs);
}

const coefficientsOf = (args: WebgpuKernelArgs): AdamCoefficients =>
  args.attrs as unknown as AdamCoefficients;

/** first, gradient, weight → the next first moment. */
export const adamFirst: tf.KernelFunc = (args) => {
  const { beta1, l2 } = coefficientsOf(args);
  const scalars: Uniform[] = [
    ["rate", "float32", 1 - beta1],
    ["l2", "float32", l2],
  ];
  return elementwise(
    args,
    "adam-first",
    ["first", "gradient", "weight"],
    scalars,
    "first[index] + uniforms.rate * (g - first[index])",
  );
};

/** second, gradient, weight → the next second moment. */
export const adamSecond: tf.KernelFunc = (args) => {
  const { beta2, l2 } = coefficientsOf(args);
  const scalars: Uniform[] = [
    ["keep", "float32", beta2],
    ["rate", "float32", 1 - beta2],
    ["l2", "float32", l2],
  ];
  const value = "uniforms.keep * second[index] + uniforms.rate * g * g";
  return elementwise(args, "adam-second", ["second", "gradient", "weight"], scalars, value);
};

/** weight and the next moments → the next weight. */
export const adamWeight: tf.KernelFunc = (args) => {
  const { shrink, stepSize, secondCorrection, epsilon } = coefficientsOf(args);
  const scalars: Uniform[] = [
    ["shrink", "float32", shrink],
    ["stepSize", "float32", stepSize],
    ["secondCorrection", "float32", secondCorrection],
    ["epsilon", "float32", epsilon],
  ];
  const value = `uniforms.shrink * weight[index]
    - uniforms.stepSize * first[index] / (sqrt(second[index]) / uniforms.secondCorrection + uniforms.epsilon)`;
  return elementwise(args, "adam-weight", ["weight", "first", "second"], scalars, value);
};
