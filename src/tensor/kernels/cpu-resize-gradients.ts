import type * as tf from "@tensorflow/tfjs";

type Shape4D = [number, number, number, number];

interface ResizeAttrs {
  readonly alignCorners: boolean;
}

/** What tfjs's CPU backend keeps of a tensor. */
interface CpuBackend {
  readonly data: { get(dataId: object): { readonly values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Float32Array): tf.TensorInfo;
}

function prepare(args: Parameters<tf.KernelFunc>[0]) {
  const { images, dy } = args.inputs;
  if (!images || !dy)
    throw new Error("The gradient of a resize takes the picture and the gradient of the result.");
  const { alignCorners } = args.attrs as unknown as ResizeAttrs;
  const backend = args.backend as CpuBackend;
  const [batch, height, width, channels] = images.shape as Shape4D;
  const [, outHeight, outWidth] = dy.shape as Shape4D;
  const ratio = (from: number, to: number): number =>
    alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return {
    backend,
    alignCorners,
    shape: images.shape,
    ...{ batch, height, width, channels, outHeight, outWidth },
    dyValues: backend.data.get(dy.dataId).values,
    rowRatio: ratio(height, outHeight),
    colRatio: ratio(width, outWidth),
    dx: new Float32Array(batch * height * width * channels),
  };
}

/**
 * Adds every pixel of dy to the pixel that the forward pass copied it from. tfjs's own takes the offset of a picture
 * within dy from the size of the input picture, and so is wrong from the second picture on.
 */
export const resizeNearestNeighborGrad: tf.KernelFunc = (args) => {
  const { backend, alignCorners, shape, batch, height, width, channels, ...rest } = prepare(args);
  const { outHeight, outWidth, dyValues, rowRatio, colRatio, dx } = rest;
  const source = (position: number, size: number): number =>
    Math.min(size - 1, alignCorners ? Math.round(position) : Math.floor(position));
  let from = 0;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      const sourceRow = n * height + source(row * rowRatio, height);
      for (let col = 0; col < outWidth; col++) {
        const to = (sourceRow * width + source(col * colRatio, width)) * channels;
        for (let c = 0; c < channels; c++) dx[to + c] = (dx[to + c] ?? 0) + (dyValues[from++] ?? 0);
      }
    }
  }
  return backend.makeTensorInfo(shape, "float32", dx);
};

/**
 * Adds every pixel of dy to the four pixels it was interpolated from. tfjs's own swaps height and width in the shape of
 * what it returns.
 */
export const resizeBilinearGrad: tf.KernelFunc = (args) => {
  const { backend, shape, batch, height, width, channels, ...rest } = prepare(args);
  const { outHeight, outWidth, dyValues, rowRatio, colRatio, dx } = rest;
  let from = 0;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      const y = row * rowRatio;
      const top = Math.floor(y);
      const bottom = Math.min(Math.ceil(y), height - 1);
      const down = y - top;
      for (let col = 0; col < outWidth; col++) {
        const x = col * colRatio;
        const left = Math.floor(x);
        const right = Math.min(Math.ceil(x), width - 1);
        const across = x - left;
        const at = (pixelRow: number, pixelCol: number): number =>
          ((n * height + pixelRow) * width + pixelCol) * channels;
        const corners: [number, number][] = [
          [at(top, left), (1 - down) * (1 - across)],
          [at(top, right), (1 - down) * across],
          [at(bottom, left), down * (1 - across)],
          [at(bottom, right), down * across],
        ];
        for (const [to, weight] of corners) {
          for (let c = 0; c < channels; c++)
            dx[to + c] = (dx[to + c] ?? 0) + weight * (dyValues[from + c] ?? 0);
        }
        from += channels;
      }
    }
  }
  return backend.makeTensorInfo(shape, "float32", dx);
};
