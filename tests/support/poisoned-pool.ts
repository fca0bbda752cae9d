import * as tf from "@tensorflow/tfjs";

interface PooledBackend {
  readonly device: GPUDevice;
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  };
}

const LARGEST = 2 ** 24;

/**
 * Fills every buffer that tfjs's WebGPU backend takes for a result with NaN first. A buffer comes from a pool and holds what
 * was in it, usually harmless numbers: a kernel that reads what it has not written, or leaves a place unwritten, goes wrong
 * by chance only. With this it does so every time; so does a buffer that is handed out while recorded commands still read it.
 *
 * @returns How many buffers were filled so far.
 */
export function poisonPool(): () => number {
  const backend = tf.backend() as unknown as PooledBackend;
  const { device, bufferManager: pool } = backend;
  const nan = device.createBuffer({ size: LARGEST, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
  new Float32Array(nan.getMappedRange()).fill(Number.NaN);
  nan.unmap();
  const acquire = pool.acquireBuffer.bind(pool);
  let filled = 0;
  pool.acquireBuffer = (size, usage, ...rest) => {
    const buffer = acquire(size, usage, ...rest);
    if ((usage & GPUBufferUsage.STORAGE) === 0 || buffer.mapState !== "unmapped") return buffer;
    // At once: before what is written through the queue, and before recorded commands that should no longer read it.
    const encoder = device.createCommandEncoder();
    for (let at = 0; at < size; at += LARGEST)
      encoder.copyBufferToBuffer(nan, 0, buffer, at, Math.min(LARGEST, size - at));
    device.queue.submit([encoder.finish()]);
    filled += 1;
    return buffer;
  };
  return () => filled;
}
