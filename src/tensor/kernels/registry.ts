import * as tf from "@tensorflow/tfjs";

/** tfjs's own kernels that {@link replaceKernel} put aside, by `backend/name`. */
const stock = new Map<string, tf.KernelFunc>();

/** The kernel that came with tfjs, also after its replacement. */
export function stockKernel(backend: string, name: string): tf.KernelFunc {
  const found = stock.get(`${backend}/${name}`) ?? tf.getKernel(name, backend)?.kernelFunc;
  if (!found) throw new Error(`tfjs has no kernel "${name}" for the backend "${backend}".`);
  return found;
}

/** Puts our kernel in the place of tfjs's. Doing so twice leaves the first replacement in place. */
export function replaceKernel(
  backend: string,
  name: string,
  make: (stock: tf.KernelFunc) => tf.KernelFunc,
): void {
  const key = `${backend}/${name}`;
  if (stock.has(key)) return;
  const original = stockKernel(backend, name);
  stock.set(key, original);
  // What else the kernel brings stays: WASM kernels have a set-up that runs when the backend starts.
  const config = tf.getKernel(name, backend);
  tf.unregisterKernel(name, backend);
  tf.registerKernel({ ...config, kernelName: name, backendName: backend, kernelFunc: make(original) });
}

/** Registers a kernel that tfjs does not have; again is no error. */
export function addKernel(backend: string, name: string, kernelFunc: tf.KernelFunc): void {
  if (tf.getKernel(name, backend)) return;
  tf.registerKernel({ kernelName: name, backendName: backend, kernelFunc });
}

/** Runs another kernel of the same backend from within a kernel: what it returns is for the caller to dispose of. */
export function callKernel(
  backend: tf.KernelBackend,
  backendName: string,
  name: string,
  inputs: Record<string, tf.TensorInfo> | tf.TensorInfo[],
  attrs: Record<string, unknown> = {},
): tf.TensorInfo {
  const kernel = tf.getKernel(name, backendName);
  if (!kernel) throw new Error(`The backend "${backendName}" has no kernel "${name}".`);
  const result = kernel.kernelFunc({
    inputs: inputs as unknown as tf.NamedTensorInfoMap,
    attrs: attrs as tf.NamedAttrMap,
    backend,
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (!first) throw new Error(`The kernel "${name}" returned nothing.`);
  return first;
}
