import * as tf from "@tensorflow/tfjs";

/** Keys' cubic kernel (1981) with its free parameter a. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** Row i says how the output's place i is mixed from the input's places: `[to, from]`. */
function mixing(from: number, to: number, antialias: boolean): tf.Tensor2D {
  const scale = from / to;
  // torch's values: a = -0.5 with antialiasing, as Pillow; -0.75 without, as OpenCV.
  const a = antialias ? -0.5 : -0.75;
  const stretch = antialias ? Math.max(scale, 1) : 1;
  const rows = new Float32Array(to * from);
  for (let place = 0; place < to; place++) {
    const centre = (place + 0.5) * scale - 0.5;
    const reach = 2 * stretch;
    const taps: [index: number, weight: number][] = [];
    for (let i = Math.ceil(centre - reach); i <= Math.floor(centre + reach); i++) {
      const weight = cubic((i - centre) / stretch, a);
      if (!antialias) taps.push([Math.min(from - 1, Math.max(0, i)), weight]);
      else if (i >= 0 && i < from) taps.push([i, weight]);
    }
    const sum = taps.reduce((total, [, weight]) => total + weight, 0);
    for (const [index, weight] of taps) {
      const at = place * from + index;
      rows[at] = (rows[at] ?? 0) + weight / sum;
    }
  }
  return tf.tensor2d(rows, [to, from]);
}

/**
 * Bicubic resizing as torch's `interpolate(mode="bicubic", align_corners=False, antialias=…)`; places beyond the edge count as
 * the edge, or with antialiasing not at all. Differentiable.
 * @param x `[batch, height, width, channels]`.
 */
export function resizeBicubic(
  x: tf.Tensor4D,
  [height, width]: readonly [height: number, width: number],
  { antialias = false }: { readonly antialias?: boolean } = {},
): tf.Tensor4D {
  return tf.tidy(() => {
    const tall = mixAxis(x, 1, height, antialias);
    return mixAxis(tall, 2, width, antialias);
  });
}

/** One matrix product over the whole batch, with the axis that changes in front. */
function mixAxis(x: tf.Tensor4D, axis: 1 | 2, size: number, antialias: boolean): tf.Tensor4D {
  // Changing places of two axes is its own inverse.
  const order = axis === 1 ? [1, 0, 2, 3] : [2, 1, 0, 3];
  const front = tf.transpose(x, order);
  const [from = 0, ...others] = front.shape;
  const mixed = tf.matMul(mixing(from, size, antialias), tf.reshape(front, [from, -1]));
  return tf.transpose(tf.reshape(mixed, [size, ...others]), order) as tf.Tensor4D;
}
