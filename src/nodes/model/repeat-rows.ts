import * as tf from "@tensorflow/tfjs";

/**
 * One row for each picture: text states for one prompt serve a whole batch.
 *
 * @param name Of the port, for the message.
 * @throws Error if there are several rows, but not one for each picture.
 */
export function repeatRows<T extends tf.Tensor>(name: string, rows: T, batch: number): T {
  const count = rows.shape[0] ?? 0;
  if (count === batch) return rows;
  if (count !== 1) throw new Error(`${name} is for ${String(count)} pictures, sample has ${String(batch)}.`);
  return tf.concat(Array.from({ length: batch }, () => rows)) as T;
}
