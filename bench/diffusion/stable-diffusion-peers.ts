import * as tf from "@tensorflow/tfjs";
import type { Example, TorchArray } from "./stable-diffusion-modules.ts";

/** The part of onnxruntime-node that is used; the package is installed by the benchmark alone, so its types may be absent. */
interface OnnxRuntime {
  readonly InferenceSession: { create(path: string, options: object): Promise<OnnxSession> };
  readonly Tensor: new (
    type: string,
    data: Float32Array | BigInt64Array,
    dims: readonly number[],
  ) => { readonly data: Float32Array };
}

interface OnnxSession {
  run(feeds: object): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

export interface OnnxModule {
  readonly call: () => Promise<Float32Array>;
  readonly release: () => Promise<void>;
}

/**
 * The network in ONNX Runtime. For `webgpu`, an adapter must have been looked for before: on Linux without a graphics card
 * that names the software driver in the environment, which ONNX Runtime's own Vulkan loader reads when it starts.
 */
export async function loadOnnx(
  folder: string,
  provider: "cpu" | "webgpu",
  example: Example,
): Promise<OnnxModule> {
  const name = "onnxruntime-node";
  const imported = (await import(name)) as OnnxRuntime & { readonly default?: OnnxRuntime };
  // A CommonJS package: who loads it decides whether its exports come under "default".
  const onnx = imported.default ?? imported;
  const session = await onnx.InferenceSession.create(`${folder}/model.onnx`, {
    executionProviders: [provider],
    // Warnings about which nodes stay on the CPU.
    logSeverityLevel: 3,
  });
  const tensorOf = ({ shape, values }: TorchArray): unknown =>
    values instanceof Float32Array
      ? new onnx.Tensor("float32", values, shape)
      : new onnx.Tensor("int64", BigInt64Array.from(values, BigInt), shape);
  const feeds = Object.fromEntries(
    Object.entries(example.inputs).map(([input, array]) => [input, tensorOf(array)]),
  );
  return {
    call: async () => (await session.run(feeds))["output"]?.data ?? new Float32Array(),
    release: () => session.release(),
  };
}

/** How many kernels `run` sends to the GPU. */
export async function countDispatches(run: () => Promise<unknown>): Promise<number> {
  const { prototype } = GPUComputePassEncoder;
  const original = Object.getOwnPropertyDescriptor(prototype, "dispatchWorkgroups");
  if (!original) throw new Error("This WebGPU has no dispatchWorkgroups to count.");
  const dispatch = original.value as GPUComputePassEncoder["dispatchWorkgroups"];
  let count = 0;
  Object.defineProperty(prototype, "dispatchWorkgroups", {
    ...original,
    value: function (this: GPUComputePassEncoder, ...size: Parameters<typeof dispatch>) {
      count++;
      dispatch.apply(this, size);
    },
  });
  try {
    await run();
  } finally {
    Object.defineProperty(prototype, "dispatchWorkgroups", original);
  }
  return count;
}

interface PooledBackend {
  submitQueue(): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  readonly bufferManager: {
    readonly freeBuffers: Map<string, GPUBuffer[]>;
    numFreeBuffers: number;
    numBytesAllocated: number;
  };
}

/** Does to stock tfjs's WebGPU backend, while it is current, what trimMemory does to ours. */
export function trimStock(): void {
  const backend = tf.backend() as unknown as PooledBackend;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  const pool = backend.bufferManager;
  for (const buffers of pool.freeBuffers.values())
    for (const buffer of buffers.splice(0)) {
      pool.numFreeBuffers--;
      pool.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
}

/** Bytes of all GPU buffers of the current tfjs backend. */
export const gpuBytes = (): number => {
  const { numBytesAllocatedInGPU = 0 } = tf.memory() as { numBytesAllocatedInGPU?: number };
  return numBytesAllocatedInGPU;
};
