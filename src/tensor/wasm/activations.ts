import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import {
  callKernel,
  dispose,
  floatsOf,
  inputOf,
  sizeOf,
  type KernelBody,
  type KernelCall,
} from "./kernel.ts";
import type { activationFunctions } from "./simd-activations.ts";
import { addressOf, simdOf } from "./simd.ts";

type Name = keyof typeof activationFunctions;
type Kind = Exclude<Name, `${string}Grad`>;

/**
 * Applies an activation function to tensors of one shape, the last of `infos` being the result, which must share no
 * data with the others. The functions take whole groups of four: the last group overlaps the one before it, and fewer
 * than four values are padded.
 */
export function applyActivation(backend: BackendWasm, name: Name, infos: readonly tf.TensorInfo[]): void {
  const result = infos.at(-1) as tf.TensorInfo;
  const size = sizeOf(result.shape);
  if (size === 0) return;
  if (size >= 4) {
    applyAt(
      backend,
      name,
      infos.map((info) => addressOf(backend, info)),
      size,
    );
    return;
  }
  const padded = infos.map(() => backend.makeOutput([4], "float32"));
  infos.slice(0, -1).forEach((input, i) => {
    floatsOf(backend, padded[i] as tf.TensorInfo)
      .fill(0)
      .set(floatsOf(backend, input));
  });
  applyAt(
    backend,
    name,
    padded.map((info) => addressOf(backend, info)),
    4,
  );
  floatsOf(backend, result).set(floatsOf(backend, padded.at(-1) as tf.TensorInfo).subarray(0, size));
  dispose(backend, ...padded);
}

/** {@link applyActivation} by heap addresses, for four values or more. */
export function applyAt(backend: BackendWasm, name: Name, addresses: readonly number[], size: number): void {
  const run = simdOf(backend)[name];
  run(...addresses, size - (size % 4));
  if (size % 4 !== 0) run(...addresses.map((address) => address + (size - 4) * 4), 4);
}

const kindOf = (call: KernelCall): Kind => call.attrs["kind"] as Kind;

/** `x` → f(x). */
export const activation: KernelBody = (call) => {
  const x = inputOf(call, "x");
  const result = call.backend.makeOutput(x.shape, "float32");
  applyActivation(call.backend, kindOf(call), [x, result]);
  return result;
};

/** `x`, `dy` → dy · f′(x). */
export const activationGrad: KernelBody = (call) => {
  const x = inputOf(call, "x");
  const result = call.backend.makeOutput(x.shape, "float32");
  applyActivation(call.backend, `${kindOf(call)}Grad`, [x, inputOf(call, "dy"), result]);
  return result;
};

interface Halves {
  readonly rows: number;
  readonly width: number;
  readonly shape: number[];
}

function halvesOf(x: tf.TensorInfo): Halves {
  const width = (x.shape.at(-1) ?? 0) / 2;
  return { rows: sizeOf(x.shape.slice(0, -1)), width, shape: [...x.shape.slice(0, -1), width] };
}

/** Copies one half of the last axis out of `whole`, or back into it. */
function moveHalf(
  backend: BackendWasm,
  half: tf.TensorInfo,
  whole: tf.TensorInfo,
  { rows, width }: Halves,
  which: "first" | "second",
  direction: "out" | "in",
): void {
  const { copyRows } = simdOf(backend);
  const halfAt = addressOf(backend, half);
  const wholeAt = addressOf(backend, whole) + (which === "first" ? 0 : width * 4);
  if (direction === "out") copyRows(wholeAt, halfAt, 1, rows, width, 0, width * 8, 0, width * 4);
  else copyRows(halfAt, wholeAt, 1, rows, width, 0, width * 4, 0, width * 8);
}

/** `x` with halves (a, g) in its last axis → a · gelu(g). */
export const geglu: KernelBody = (call) => {
  const { backend } = call;
  const x = inputOf(call, "x");
  const halves = halvesOf(x);
  const [a, gate, activated] = [0, 1, 2].map(() => backend.makeOutput(halves.shape, "float32")) as Three;
  moveHalf(backend, a, x, halves, "first", "out");
  moveHalf(backend, gate, x, halves, "second", "out");
  applyActivation(backend, "gelu", [gate, activated]);
  const result = callKernel(tf.Multiply, backend, { a, b: activated });
  dispose(backend, a, gate, activated);
  return result;
};

type Three = [tf.TensorInfo, tf.TensorInfo, tf.TensorInfo];

/** `x`, `dy` → the gradient of {@link geglu} by x: (dy · gelu(g), dy · a · gelu′(g)). */
export const gegluGrad: KernelBody = (call) => {
  const { backend } = call;
  const x = inputOf(call, "x");
  const dy = inputOf(call, "dy");
  const halves = halvesOf(x);
  const result = backend.makeOutput(x.shape, "float32");
  const [a, gate, activated] = [0, 1, 2].map(() => backend.makeOutput(halves.shape, "float32")) as Three;
  moveHalf(backend, a, x, halves, "first", "out");
  moveHalf(backend, gate, x, halves, "second", "out");
  applyActivation(backend, "gelu", [gate, activated]);
  const da = callKernel(tf.Multiply, backend, { a: dy, b: activated });
  moveHalf(backend, da, result, halves, "first", "in");
  const dActivated = callKernel(tf.Multiply, backend, { a: dy, b: a });
  applyActivation(backend, "geluGrad", [gate, dActivated, activated]);
  moveHalf(backend, activated, result, halves, "second", "in");
  dispose(backend, a, gate, activated, da, dActivated);
  return result;
};
