import * as tf from "@tensorflow/tfjs";
import type { PackedConvAttrs } from "../kernels/webgpu-packed-conv2d.ts";
import { expand, expandColumns } from "./expand.ts";
import { StoredTensor } from "./stored-tensor.ts";
import { bindingLimit } from "./upload.ts";

/** The operations of `ops.ts` with weights that are stored. */

/** A gradient is taken through plain operations, with the weight widened. */
const isDifferentiating = (): boolean => tf.engine().state.gradientDepth > 0;

function run(
  x: tf.Tensor,
  { packed }: StoredTensor,
  bias: tf.Tensor1D | undefined,
  attrs: PackedConvAttrs,
): tf.Tensor4D {
  const inputs = { x, packed: packed as tf.Tensor, ...(bias && { bias }) };
  return tf
    .engine()
    .runKernel("LoomPackedConv2d", inputs, attrs as unknown as tf.NamedAttrMap) as tf.Tensor4D;
}

/** With the whole weight widened, or column by column where a kernel could not bind it. `dense` leaves the bias to us. */
function widened<T extends tf.Tensor, W extends tf.Tensor>(
  stored: StoredTensor,
  bias: tf.Tensor1D | undefined,
  dense: (part: W) => T,
): T {
  return tf.tidy(() => {
    const y = inPieces(stored, dense, bindingLimit()) ?? dense(expand(stored) as W);
    return (bias ? tf.add(y, bias) : y) as T;
  });
}

/**
 * The result for groups of columns, joined; undefined if the widened weight is within the limit.
 * @param limit bytes that a kernel can bind.
 */
export function inPieces<T extends tf.Tensor, W extends tf.Tensor>(
  stored: StoredTensor,
  dense: (part: W) => T,
  limit: number,
): T | undefined {
  if (4 * stored.size <= limit || !stored.host || isDifferentiating()) return undefined;
  const columns = stored.shape.at(-1) ?? 1;
  const step = Math.max(1, Math.floor((limit * columns) / (4 * stored.size)));
  const pieces: T[] = [];
  for (let begin = 0; begin < columns; begin += step) {
    const count = Math.min(step, columns - begin);
    pieces.push(tf.tidy(() => dense(expandColumns(stored, begin, count) as W)));
  }
  return tf.concat(pieces, -1) as T;
}

export function storedConv2d(
  x: tf.Tensor4D,
  filter: StoredTensor,
  bias: tf.Tensor1D | undefined,
  options: Pick<PackedConvAttrs, "stride" | "padding">,
  dense: (filter: tf.Tensor4D) => tf.Tensor4D,
): tf.Tensor4D {
  if (filter.dtype === "float32" || !filter.packed || isDifferentiating())
    return widened(filter, bias, dense);
  const filterShape = filter.shape as [number, number, number, number];
  if (x.shape[3] !== filterShape[2])
    throw new Error(
      `conv2d: x [${x.shape.join(", ")}] has ${String(x.shape[3])} channels, the filter [${filterShape.join(", ")}] takes ${String(filterShape[2])}.`,
    );
  return run(x, filter, bias, { dtype: filter.dtype, filterShape, ...options });
}

export function storedLinear(
  x: tf.Tensor,
  weight: StoredTensor,
  bias: tf.Tensor1D | undefined,
  dense: (weight: tf.Tensor2D) => tf.Tensor,
): tf.Tensor {
  if (weight.dtype === "float32" || !weight.packed || isDifferentiating())
    return widened(weight, bias, dense);
  const [inFeatures = 1, outFeatures = 1] = weight.shape;
  if (x.shape.at(-1) !== inFeatures)
    throw new Error(
      `linear: x [${x.shape.join(", ")}] does not end in the ${String(inFeatures)} features of the weight.`,
    );
  return tf.tidy(() => {
    const rows = tf.reshape(x, [1, 1, -1, inFeatures]);
    const y = run(rows, weight, bias, {
      dtype: weight.dtype,
      filterShape: [1, 1, inFeatures, outFeatures],
      stride: 1,
      padding: [0, 0, 0, 0],
    });
    return tf.reshape(y, [...x.shape.slice(0, -1), outFeatures]);
  });
}

/** Rows of a table. Where numbers and table are on different sides, the whole table is widened. */
export function storedGather(table: StoredTensor, rows: tf.Tensor1D | readonly number[]): tf.Tensor2D {
  const [, dim = 1] = table.shape;
  if (isDifferentiating() || (rows instanceof tf.Tensor && !table.packed))
    return tf.tidy(() =>
      tf.gather(
        expand(table) as tf.Tensor2D,
        rows instanceof tf.Tensor ? rows : tf.tensor1d([...rows], "int32"),
      ),
    );
  const { packed, dtype } = table;
  if (packed)
    return tf.tidy(() => {
      const indices = rows instanceof tf.Tensor ? rows : tf.tensor1d([...rows], "int32");
      return tf.engine().runKernel("LoomPackedGather", { packed, indices }, { dtype, dim }) as tf.Tensor2D;
    });
  return gatherOnHost(table, rows as readonly number[], dim);
}

function gatherOnHost(table: StoredTensor, rows: readonly number[], dim: number): tf.Tensor2D {
  const { host, dtype } = table;
  if (!host) throw new Error("The table is not on the host.");
  const taken =
    host instanceof Float32Array ? new Float32Array(rows.length * dim) : new Uint16Array(rows.length * dim);
  rows.forEach((row, i) => {
    taken.set(host.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  const part = StoredTensor.onHost(taken, dtype, [rows.length, dim]);
  return expand(part) as tf.Tensor2D;
}
