import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { formatBytes } from "./format-bytes.ts";
import { wantsIntegers, withIntegers } from "./kernels/webgpu-int32.ts";

type BackendClass = typeof WebGPUBackend;
type RunArguments = Parameters<WebGPUBackend["runWebGPUProgram"]>;

/** The parts of tfjs's buffer pool that trimming needs; TypeScript calls them private. */
interface BufferPool {
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  readonly numBytesUsed: number;
  numBytesAllocated: number;
}

/** Dispatches recorded before they are sent; tfjs's 15 leave much of the time to the submits. */
export const dispatchesPerSubmit = 64;

/** Results recorded before they are sent: buffers of disposed tensors are used again only after that. */
export const bytesPerSubmit = 128 * 2 ** 20;

/**
 * Free buffers that the pool may hold within one node. It finds buffers by their exact size, and a decoder has so many sizes that
 * without this it holds twice what it uses. More is not worth its room, less would make new buffers at every step.
 */
export const pooledBytes = 512 * 2 ** 20;

/** What {@link defineBackend}'s class adds to tfjs's. */
export interface OwnBackend extends WebGPUBackend {
  /** Sends what has been recorded to the GPU. */
  flush(): void;
  /** Frees the pooled buffers that no tensor uses; returns the bytes given back. */
  trim(): number;
}

/**
 * tfjs's WebGPU backend with three additions: a tensor that no kernel could bind is refused before the dispatch (WebGPU
 * would drop the whole submit and read back zeros), the buffer pool can be emptied (tfjs's only grows), and integer
 * tensors go through shaders as integers.
 *
 * A function and not a class, because tfjs's module may be imported only once `navigator.gpu` exists.
 */
export function defineBackend(
  Base: BackendClass,
): new (device: GPUDevice, info?: GPUAdapterInfo) => OwnBackend {
  return class extends Base implements OwnBackend {
    private lost = false;
    private compilesIntegers = false;
    private bytesSinceSubmit = 0;

    constructor(device: GPUDevice, info?: GPUAdapterInfo) {
      super(device, info);
      void device.lost.then(() => (this.lost = true));
      const create = device.createShaderModule.bind(device);
      device.createShaderModule = (descriptor) =>
        create(this.compilesIntegers ? { ...descriptor, code: withIntegers(descriptor.code) } : descriptor);
    }

    override runWebGPUProgram(...[program, inputs, dtype, uniforms, output]: RunArguments): tf.TensorInfo {
      if (this.lost)
        throw new Error(
          "The GPU device was lost; its tensors are gone. Call recoverRuntime() and run again.",
        );
      if (this.freeBytes() > pooledBytes) this.shed(pooledBytes / 2);
      const limit = this.device.limits.maxStorageBufferBindingSize;
      refuseOversize(program.shaderKey, "output", output?.shape ?? program.outputShape, limit);
      for (const input of inputs) refuseOversize(program.shaderKey, "input", input.shape, limit);
      const result = this.runExactly(program, inputs, dtype, uniforms, output);
      this.bytesSinceSubmit += bytesOf(result.shape);
      if (this.bytesSinceSubmit > bytesPerSubmit) this.flush();
      return result;
    }

    private runExactly(...[program, inputs, dtype, uniforms, output]: RunArguments): tf.TensorInfo {
      if (!wantsIntegers(program.shaderKey, inputs, output?.dtype ?? dtype)) {
        return super.runWebGPUProgram(program, inputs, dtype, uniforms, output);
      }
      program.shaderKey = `int32-${program.shaderKey}`;
      this.compilesIntegers = true;
      try {
        const whole = uniforms?.map(({ data }) => ({ type: "int32", data: data.map(Math.round) }));
        return super.runWebGPUProgram(program, inputs, dtype, whole, output);
      } finally {
        this.compilesIntegers = false;
      }
    }

    override submitQueue(): void {
      this.bytesSinceSubmit = 0;
      super.submitQueue();
    }

    flush(): void {
      this.ensureCommandEncoderReady();
      this.endComputePassEncoder();
      this.submitQueue();
    }

    trim(): number {
      // Buffers of disposed tensors reach the pool only when the commands that read them have been submitted.
      this.flush();
      return this.shed(0);
    }

    private get pool(): BufferPool {
      return this.bufferManager as unknown as BufferPool;
    }

    private freeBytes(): number {
      return this.pool.numBytesAllocated - this.pool.numBytesUsed;
    }

    /** Frees pooled buffers until no more than `keep` bytes are left, first those of sizes that were first asked for. */
    private shed(keep: number): number {
      const { pool } = this;
      let freed = 0;
      for (const buffers of pool.freeBuffers.values()) {
        while (buffers.length > 0 && this.freeBytes() > keep) {
          const buffer = buffers.pop() as GPUBuffer;
          freed += buffer.size;
          pool.numFreeBuffers--;
          pool.numBytesAllocated -= buffer.size;
          buffer.destroy();
        }
      }
      return freed;
    }
  };
}

/** All dtypes take four bytes on the GPU: bool is widened, complex is split. */
const bytesOf = (shape: readonly number[]): number => 4 * shape.reduce((product, size) => product * size, 1);

function refuseOversize(shaderKey: string, role: string, shape: readonly number[], limit: number): void {
  const bytes = bytesOf(shape);
  if (bytes <= limit) return;
  throw new Error(
    `${shaderKey.split("_")[0]}: its ${role} [${shape.join(", ")}] takes ${formatBytes(bytes)}, but this GPU binds at most ` +
      `${formatBytes(limit)} to a kernel. Use a smaller batch or picture, or the backend "wasm".`,
  );
}
