/** A convolution and its gradients straight from their sums, in double precision. Layouts NHWC and HWIO. */

export interface ConvolutionCase {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly filter: readonly [height: number, width: number];
  readonly strides: readonly [number, number];
  readonly pad: readonly [top: number, bottom: number, left: number, right: number];
}

export const outputSize = ({ height, width, filter, strides, pad }: ConvolutionCase): [number, number] => [
  Math.floor((height + pad[0] + pad[1] - filter[0]) / strides[0]) + 1,
  Math.floor((width + pad[2] + pad[3] - filter[1]) / strides[1]) + 1,
];

/** Calls `visit` with the flat indices of every product x · w that goes into y. */
function eachProduct(c: ConvolutionCase, visit: (x: number, w: number, y: number) => void): void {
  const [outHeight, outWidth] = outputSize(c);
  for (let n = 0; n < c.batch; n += 1)
    for (let u = 0; u < outHeight; u += 1)
      for (let v = 0; v < outWidth; v += 1)
        for (let i = 0; i < c.filter[0]; i += 1)
          for (let j = 0; j < c.filter[1]; j += 1) {
            const row = u * c.strides[0] + i - c.pad[0];
            const column = v * c.strides[1] + j - c.pad[2];
            if (row < 0 || column < 0 || row >= c.height || column >= c.width) continue;
            for (let k = 0; k < c.inChannels; k += 1)
              for (let o = 0; o < c.outChannels; o += 1) {
                visit(
                  ((n * c.height + row) * c.width + column) * c.inChannels + k,
                  ((i * c.filter[1] + j) * c.inChannels + k) * c.outChannels + o,
                  ((n * outHeight + u) * outWidth + v) * c.outChannels + o,
                );
              }
          }
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

export function output(
  c: ConvolutionCase,
  input: ArrayLike<number>,
  filter: ArrayLike<number>,
): Float64Array {
  const [outHeight, outWidth] = outputSize(c);
  const y = new Float64Array(c.batch * outHeight * outWidth * c.outChannels);
  eachProduct(c, (x, w, place) => (y[place] = at(y, place) + at(input, x) * at(filter, w)));
  return y;
}

export function inputGradient(
  c: ConvolutionCase,
  filter: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  const dx = new Float64Array(c.batch * c.height * c.width * c.inChannels);
  eachProduct(c, (x, w, y) => (dx[x] = at(dx, x) + at(filter, w) * at(dy, y)));
  return dx;
}

export function filterGradient(
  c: ConvolutionCase,
  input: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  const dw = new Float64Array(c.filter[0] * c.filter[1] * c.inChannels * c.outChannels);
  eachProduct(c, (x, w, y) => (dw[w] = at(dw, w) + at(input, x) * at(dy, y)));
  return dw;
}
