import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs";
import { assemble } from "./assembler.ts";
import { simdFunctions } from "./simd-functions.ts";

/** A function of simd-functions.ts on a heap: addresses, byte strides and counts. */
export type SimdFunctions = Record<keyof typeof simdFunctions, (...args: number[]) => void>;

const instances = new WeakMap<BackendWasm, SimdFunctions>();

/** Our SIMD functions, working on that backend's heap. */
export function simdOf(backend: BackendWasm): SimdFunctions {
  let functions = instances.get(backend);
  if (!functions) {
    const memory = memoryOf(backend);
    const shared = typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
    const module = new WebAssembly.Module(assemble(simdFunctions, shared));
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    functions = instance.exports as unknown as SimdFunctions;
    instances.set(backend, functions);
  }
  return functions;
}

/** The memory of tfjs's module: exported by the single-threaded build, made outside of it for the threaded one. */
function memoryOf(backend: BackendWasm): WebAssembly.Memory {
  const module = backend.wasm as unknown as {
    wasmMemory?: WebAssembly.Memory;
    asm?: Record<string, unknown>;
  };
  const memory =
    module.wasmMemory ?? Object.values(module.asm ?? {}).find((value) => value instanceof WebAssembly.Memory);
  if (!memory)
    throw new Error("tfjs's WASM module shows no memory: this version of the WASM backend is not supported.");
  return memory;
}

/** Where a tensor's values begin on the heap, in bytes. */
export function addressOf(backend: BackendWasm, info: tf.TensorInfo): number {
  return backend.getMemoryOffset(info.dataId) >>> 0;
}
