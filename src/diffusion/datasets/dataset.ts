import * as tf from "@tensorflow/tfjs";

/** Pictures in memory. Never changed. */
export interface Dataset {
  readonly name: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 for gray, 3 for red, green, blue. */
  readonly channels: number;
  /** `[count, height, width, channels]`, 0 to 255. */
  readonly images: Uint8Array;
  /** One class a picture, an index into classNames. */
  readonly labels?: Uint8Array;
  readonly classNames?: readonly string[];
}

/** What the bytes 0 to 255 become. */
export type PixelRange = "minus-one-one" | "zero-one";

export interface BatchOptions {
  /** Default `minus-one-one`, which diffusion models are trained on. */
  readonly range?: PixelRange;
  /** Which pictures of the batch are mirrored left to right; see `drawFlips`. */
  readonly flips?: readonly boolean[];
}

/**
 * Pictures of a data set as a tensor `[batch, height, width, channels]`. Synchronous, so that it may stand in a training loop.
 * @throws naming the index that is not in the data set.
 */
export function takeBatch(
  dataset: Dataset,
  indices: readonly number[],
  options: BatchOptions = {},
): tf.Tensor4D {
  const { range = "minus-one-one", flips } = options;
  const { height, width, channels, images } = dataset;
  if (flips && flips.length !== indices.length) {
    throw new Error(
      `"${dataset.name}": ${String(flips.length)} flips for ${String(indices.length)} pictures.`,
    );
  }
  const size = height * width * channels;
  const values = new Float32Array(indices.length * size);
  const [scale, shift] = range === "minus-one-one" ? [2 / 255, -1] : [1 / 255, 0];
  indices.forEach((index, i) => {
    checkIndex(dataset, index);
    const from = index * size;
    const to = i * size;
    if (flips?.[i])
      mirror(images.subarray(from, from + size), values.subarray(to, to + size), width, channels);
    else values.set(images.subarray(from, from + size), to);
  });
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * scale + shift;
  return tf.tensor4d(values, [indices.length, height, width, channels]);
}

function mirror(from: Uint8Array, to: Float32Array, width: number, channels: number): void {
  const places = from.length / channels;
  for (let place = 0; place < places; place++) {
    const column = place % width;
    const source = (place - column + width - 1 - column) * channels;
    for (let c = 0; c < channels; c++) to[place * channels + c] = from[source + c] ?? 0;
  }
}

/** Classes of pictures. @throws when the data set has none, or naming the index that is not in it. */
export function takeLabels(dataset: Dataset, indices: readonly number[]): number[] {
  const { labels } = dataset;
  if (!labels) throw new Error(`"${dataset.name}" has no labels.`);
  return indices.map((index) => {
    checkIndex(dataset, index);
    return labels[index] ?? 0;
  });
}

/** The first `count` pictures, or all when there are fewer. Shares the memory of the whole. */
export function firstPictures(dataset: Dataset, count: number): Dataset {
  const kept = Math.min(count, dataset.count);
  const { labels, ...rest } = dataset;
  return {
    ...rest,
    count: kept,
    images: dataset.images.subarray(0, kept * dataset.height * dataset.width * dataset.channels),
    ...(labels && { labels: labels.subarray(0, kept) }),
  };
}

function checkIndex({ name, count }: Dataset, index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new Error(`"${name}" has pictures 0 to ${String(count - 1)}; ${String(index)} is none of them.`);
  }
}
