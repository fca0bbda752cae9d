import type * as tf from "@tensorflow/tfjs";

/** WebGPU promises eight storage buffers to a shader: seven inputs and the output. */
const MOST = 7;

/**
 * A sum of any number of tensors, a few at a time. tfjs binds all of them in one program; beyond the device's limit the
 * dispatch is dropped without an error, and what was in the buffer before is returned.
 */
export const mendAddN =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (args) => {
    const terms = args.inputs as unknown as tf.TensorInfo[];
    const backend = args.backend as tf.KernelBackend;
    const sum = (some: readonly tf.TensorInfo[]): tf.TensorInfo =>
      stock({ ...args, inputs: some as unknown as tf.NamedTensorInfoMap }) as tf.TensorInfo;
    let [first, ...rest] = [sum(terms.slice(0, MOST)), ...terms.slice(MOST)];
    while (rest.length > 0) {
      const next = sum([first, ...rest.slice(0, MOST - 1)]);
      backend.disposeData(first.dataId);
      [first, rest] = [next, rest.slice(MOST - 1)];
    }
    return first;
  };
