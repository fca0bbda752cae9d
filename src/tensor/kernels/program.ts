import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** What a kernel function is called with on WebGPU. */
export interface WebgpuKernelArgs {
  readonly inputs: tf.NamedTensorInfoMap;
  readonly attrs?: tf.NamedAttrMap;
  readonly backend: unknown;
}

export const gpuBackend = (args: { readonly backend: unknown }): WebGPUBackend =>
  args.backend as WebGPUBackend;

/** One scalar handed to a shader as `uniforms.<name>`. */
export type Uniform = readonly [name: string, type: "int32" | "float32", value: number];

export interface Program {
  /** Names the shader in errors; with `variant` it must tell apart all shaders of different code. */
  readonly name: string;
  readonly variant?: string;
  /** Names of the input arrays in the shader, in the order of `inputs` of {@link runProgram}. */
  readonly variables: readonly string[];
  readonly outputShape: readonly number[];
  readonly workgroupSize: number;
  /** How many workgroups; spread over two dimensions by tfjs where one does not suffice, so shaders must guard. */
  readonly workgroups: number;
  /** At least one, and all used in the shader: WebGPU drops a dispatch whose layout lacks a binding. */
  readonly uniforms: readonly Uniform[];
  /** WGSL with `fn main(index : i32)`, index counting all invocations; it may read `localId` and write `result[i]`. */
  readonly code: string;
  /** 4 when arrays are declared as `array<vec4<f32>>`. Default 1. */
  readonly components?: 1 | 4;
  /** The same for each input by itself. */
  readonly variableComponents?: readonly (1 | 4)[];
}

/** Runs a shader of our own on tfjs's backend. */
export function runProgram(
  backend: WebGPUBackend,
  program: Program,
  inputs: readonly tf.TensorInfo[],
  dtype: tf.DataType = "float32",
  output?: tf.TensorInfo,
): tf.TensorInfo {
  const {
    name,
    variant,
    variables,
    outputShape,
    workgroupSize,
    workgroups,
    uniforms,
    code,
    components = 1,
  } = program;
  const shape = [...outputShape];
  return backend.runWebGPUProgram(
    {
      shaderKey: variant ? `loom-${name}_${variant}` : `loom-${name}`,
      variableNames: [...variables],
      outputShape: shape,
      workgroupSize: [workgroupSize, 1, 1],
      dispatch: [workgroups, 1, 1],
      dispatchLayout: { x: shape.map((_, axis) => axis) },
      uniforms: uniforms
        .map(([uniform, type]) => `${uniform} : ${type === "int32" ? "i32" : "f32"},`)
        .join(" "),
      outputComponent: components,
      getUserCode: () => code,
      ...(program.variableComponents ? { variableComponents: [...program.variableComponents] } : {}),
    },
    [...inputs],
    dtype,
    uniforms.map(([, type, value]) => ({ type, data: [value] })),
    output,
  );
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** WGSL: sum, sum of pairs and maximum over a workgroup of `size` invocations (a power of two), for all of them. */
export function workgroupReductions(size: number, ...wanted: ("Sum" | "PairSum" | "Max")[]): string {
  return wanted
    .map((kind) => {
      const type = kind === "PairSum" ? "vec2<f32>" : "f32";
      const [mine, other] = [`reduce${kind}Buffer[lane]`, `reduce${kind}Buffer[lane + half]`];
      return `
  var<workgroup> reduce${kind}Buffer : array<${type}, ${size}>;
  fn workgroup${kind}(value : ${type}, lane : i32) -> ${type} {
    ${mine} = value;
    workgroupBarrier();
    for (var half = ${size / 2}; half > 0; half = half >> 1u) {
      if (lane < half) { ${mine} = ${kind === "Max" ? `max(${mine}, ${other})` : `${mine} + ${other}`}; }
      workgroupBarrier();
    }
    let all = reduce${kind}Buffer[0];
    workgroupBarrier();
    return all;
  }`;
    })
    .join("\n");
}
