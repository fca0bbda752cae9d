import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { relativeError, spread, spreadTensor } from "../support/arrays.ts";
import { startWasm } from "./start-wasm.ts";

beforeAll(startWasm);

/** Runs `f` without leaving data behind, and returns its values. */
async function valuesOf(f: () => tf.Tensor): Promise<{ shape: number[]; values: Float32Array }> {
  const { backend } = tf.engine();
  const before = backend.numDataIds();
  const result = tf.tidy(f);
  expect(backend.numDataIds(), "data left behind").toBe(before + 1);
  const values = (await result.data()) as Float32Array;
  const { shape } = result;
  result.dispose();
  return { shape, values };
}

/** The same on the CPU backend: the reference for operations that move numbers without computing. */
async function onCpu(f: () => tf.Tensor): Promise<{ shape: number[]; values: Float32Array }> {
  await tf.setBackend("cpu");
  const result = tf.tidy(f);
  const values = (await result.data()) as Float32Array;
  const { shape } = result;
  result.dispose();
  await tf.setBackend("wasm");
  return { shape, values };
}

describe("pools' gradients", () => {
  const windows = [
    { shape: [3, 4, 6, 8], size: 2, stride: 2, pad: "valid" },
    { shape: [1, 5, 7, 5], size: 2, stride: 2, pad: "valid" },
    { shape: [2, 7, 5, 6], size: 3, stride: 2, pad: "same" },
    { shape: [3, 6, 6, 1], size: 3, stride: 1, pad: "same" },
    { shape: [2, 5, 6, 9], size: 3, stride: 1, pad: "valid" },
    { shape: [1, 6, 5, 4], size: 2, stride: 3, pad: "valid" },
  ] as const;

  /** Every window of the pool as lists of flat indices, for each value of its output in order. */
  function windowsOf(
    shape: readonly number[],
    size: number,
    stride: number,
    pad: "valid" | "same",
  ): number[][] {
    const info = tf.backend_util.computePool2DInfo(
      [...shape] as [number, number, number, number],
      size,
      stride,
      1,
      pad,
    );
    const [batch = 0, height = 0, width = 0, channels = 0] = shape;
    const result: number[][] = [];
    for (let n = 0; n < batch; n += 1)
      for (let u = 0; u < info.outHeight; u += 1)
        for (let v = 0; v < info.outWidth; v += 1)
          for (let c = 0; c < channels; c += 1) {
            const places: number[] = [];
            for (let i = 0; i < size; i += 1)
              for (let j = 0; j < size; j += 1) {
                const [h, w] = [u * stride + i - info.padInfo.top, v * stride + j - info.padInfo.left];
                if (h >= 0 && w >= 0 && h < height && w < width)
                  places.push(((n * height + h) * width + w) * channels + c);
              }
            result.push(places);
          }
    return result;
  }

  for (const { shape, size, stride, pad } of windows) {
    const name = `[${shape.join()}] size ${size}, stride ${stride}, ${pad}`;
    const total = tf.util.sizeFromShape([...shape]);
    const places = windowsOf(shape, size, stride, pad);
    const dy = spread(places.length, 2);

    it(`max, ${name}, with ties`, async () => {
      // Few distinct values: the first largest of a window gets all.
      const x = spread(total, 1).map((value) => Math.round(value * 3));
      const expected = new Float64Array(total);
      places.forEach((window, index) => {
        const best = window.reduce((most, place) => ((x[place] ?? 0) > (x[most] ?? 0) ? place : most));
        expected[best] = (expected[best] ?? 0) + (dy[index] ?? 0);
      });
      const gradient = tf.grad((t: tf.Tensor) => tf.maxPool(t as tf.Tensor4D, size, stride, pad));
      const { values } = await valuesOf(() => {
        const tensor = tf.tensor4d(x, [...shape]);
        return gradient(tensor, tf.tensor(dy, tf.maxPool(tensor, size, stride, pad).shape));
      });
      expect(relativeError(values, expected)).toBeLessThan(1e-6);
    });

    it(`average, ${name}`, async () => {
      const expected = new Float64Array(total);
      places.forEach((window, index) => {
        for (const place of window)
          expected[place] = (expected[place] ?? 0) + (dy[index] ?? 0) / window.length;
      });
      const gradient = tf.grad((t: tf.Tensor) => tf.avgPool(t as tf.Tensor4D, size, stride, pad));
      const { values } = await valuesOf(() => {
        const tensor = spreadTensor([...shape] as [number, number, number, number], 3);
        return gradient(tensor, tf.tensor(dy, tf.avgPool(tensor as tf.Tensor4D, size, stride, pad).shape));
      });
      expect(relativeError(values, expected)).toBeLessThan(1e-6);
    });
  }
});

describe("nearest-neighbour resizing and its gradient", () => {
  const sizes = [
    { shape: [3, 4, 5, 6], size: [8, 10] },
    { shape: [2, 3, 2, 5], size: [9, 4] },
    { shape: [1, 4, 4, 3], size: [4, 12] },
    { shape: [3, 3, 5, 4], size: [5, 7] },
    { shape: [2, 8, 7, 3], size: [4, 3] },
    { shape: [2, 5, 5, 2], size: [1, 1] },
  ] as const;
  for (const { shape, size } of sizes) {
    for (const mode of ["plain", "aligned corners", "half pixels"] as const) {
      const [align, half] = [mode === "aligned corners", mode === "half pixels"];
      it(`[${shape.join()}] to [${size.join()}], ${mode}`, async () => {
        const resize = (x: tf.Tensor): tf.Tensor =>
          tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [...size], align, half);
        const [batch, height, width, channels] = shape;
        const source = (i: number, inSize: number, outSize: number): number => {
          if (align && outSize > 1) return Math.round((i * (inSize - 1)) / (outSize - 1));
          return Math.min(
            inSize - 1,
            Math.floor(half ? ((i + 0.5) * inSize) / outSize : (i * inSize) / outSize),
          );
        };
        const x = spread(batch * height * width * channels, 4);
        const dy = spread(batch * size[0] * size[1] * channels, 5);
        const y = new Float64Array(dy.length);
        const dx = new Float64Array(x.length);
        y.forEach((_, index) => {
          const c = index % channels;
          const v = Math.floor(index / channels) % size[1];
          const u = Math.floor(index / channels / size[1]) % size[0];
          const n = Math.floor(index / channels / size[1] / size[0]);
          const place =
            ((n * height + source(u, height, size[0])) * width + source(v, width, size[1])) * channels + c;
          y[index] = x[place] ?? Number.NaN;
          dx[place] = (dx[place] ?? 0) + (dy[index] ?? 0);
        });
        const forward = await valuesOf(() => resize(tf.tensor4d(x, [...shape])));
        expect(forward.shape).toEqual([batch, ...size, channels]);
        expect(relativeError(forward.values, y)).toBe(0);
        const outShape: [number, number, number, number] = [batch, ...size, channels];
        const backward = await valuesOf(() =>
          tf.grad(resize)(tf.tensor4d(x, [...shape]), tf.tensor4d(dy, outShape)),
        );
        expect(relativeError(backward.values, dx)).toBeLessThan(1e-6);
      });
    }
  }
});

describe("operations that move numbers equal the CPU backend's", () => {
  const cases: Record<string, () => tf.Tensor> = {
    "concat of channels": () => tf.concat([spreadTensor([2, 3, 4, 5], 1), spreadTensor([2, 3, 4, 8], 2)], 3),
    "concat of channels, counted from the end": () =>
      tf.concat([spreadTensor([3, 2], 1), spreadTensor([3, 1], 2), spreadTensor([3, 4], 3)], -1),
    "concat along a middle axis": () =>
      tf.concat([spreadTensor([2, 3, 5], 1), spreadTensor([2, 1, 5], 2)], 1),
    "concat of batches": () => tf.concat([spreadTensor([2, 3], 1), spreadTensor([1, 3], 2)], 0),
    "concat with an empty tensor": () =>
      tf.concat([spreadTensor([2, 3], 1), tf.zeros([2, 0]), spreadTensor([2, 1], 2)], 1),
    "concat of whole numbers": () =>
      tf.concat([tf.tensor2d([[1, 2]], [1, 2], "int32"), tf.tensor2d([[3]], [1, 1], "int32")], 1),
    "split of channels": () => tf.stack(tf.split(spreadTensor([2, 3, 4, 6], 1), 2, 3)),
    "slice of channels": () => tf.slice(spreadTensor([2, 3, 4, 7], 1), [0, 0, 0, 2], [2, 3, 4, 4]),
    "slice with -1": () => tf.slice(spreadTensor([3, 9], 1), [0, 5], [-1, -1]),
    "slice of nothing": () => tf.slice(spreadTensor([3, 9], 1), [0, 5], [3, 0]),
    "slice of rows": () => tf.slice(spreadTensor([5, 4, 3], 1), [1, 0, 1], [2, 4, 2]),
    "slice of one axis": () => tf.slice(spreadTensor([9], 1), [2], [5]),
    "gather and its shape": () => tf.gather(spreadTensor([5, 3], 1), tf.tensor1d([4, 0, 0], "int32")),
  };
  for (const [name, f] of Object.entries(cases)) {
    it(name, async () => {
      const expected = await onCpu(f);
      const { shape, values } = await valuesOf(f);
      expect(shape).toEqual(expected.shape);
      expect([...values]).toEqual([...expected.values]);
    });
  }

  it("a slice past the end is refused", () => {
    expect(() => tf.slice(spreadTensor([3, 4], 1), [0, 2], [3, 3])).toThrow();
  });

  it("a clone lives on when its origin is gone, and shares its data", async () => {
    const { backend } = tf.engine();
    const before = backend.numDataIds();
    const origin = tf.tensor1d([1, 2, 3]);
    const copy = origin.clone();
    expect(backend.numDataIds()).toBe(before + 1);
    origin.dispose();
    expect(await copy.data()).toEqual(Float32Array.from([1, 2, 3]));
    copy.dispose();
    expect(backend.numDataIds()).toBe(before);
  });
});

describe("sums", () => {
  const cases: [shape: number[], axis: number | number[] | undefined, keep?: boolean][] = [
    [
      [3, 4, 5, 6],
      [0, 1, 2],
    ],
    [
      [3, 4, 5, 7],
      [1, 2],
    ],
    [[3, 4, 5, 7], [2, 1], true],
    [[2, 3, 5], 0],
    [[2, 3, 5], -2, true],
    [
      [2, 3, 5],
      [0, 2],
    ],
    [[2, 3, 5], -1],
    [
      [2, 3, 1],
      [0, 1],
    ],
    [[4, 3], undefined],
    [[1, 2, 6], 0],
  ];
  for (const [shape, axis, keep = false] of cases) {
    it(`[${shape.join()}] over ${axis === undefined ? "all" : `[${[axis].flat().join()}]`}${keep ? ", axes kept" : ""}`, async () => {
      const f = (): tf.Tensor => tf.sum(spreadTensor(shape as [number], 1), axis, keep);
      const expected = await onCpu(f);
      const { shape: outShape, values } = await valuesOf(f);
      expect(outShape).toEqual(expected.shape);
      expect(relativeError(values, expected.values)).toBeLessThan(1e-6);
    });
  }

  it("a hundred thousand numbers of 0.1 lose no digits", async () => {
    const { values } = await valuesOf(() => tf.sum(tf.fill([100_000, 4], 0.1), 0));
    const exact = 100_000 * Math.fround(0.1);
    expect(Math.abs((values[0] ?? 0) - exact)).toBeLessThan(1e-3);
  });

  it("whole numbers", async () => {
    const { values } = await valuesOf(() =>
      tf.sum(
        tf.tensor2d(
          [
            [1, 2],
            [3, 4],
          ],
          [2, 2],
          "int32",
        ),
        0,
      ),
    );
    expect([...values]).toEqual([4, 6]);
  });
});

describe("matMul, operands transposed or not", () => {
  const shapes: [a: number[], b: number[]][] = [
    [
      [2, 8, 6],
      [2, 6, 16],
    ],
    [
      [2, 7, 300],
      [2, 300, 9],
    ],
    [
      [4, 1, 3],
      [4, 3, 1],
    ],
    [
      [5, 7],
      [7, 9],
    ],
    [
      [3, 5, 6],
      [3, 6, 4],
    ],
    [
      [2, 3, 4, 5],
      [2, 3, 5, 1],
    ],
    [
      [1, 4, 3],
      [6, 3, 5],
    ],
    [
      [1, 1],
      [1, 6],
    ],
  ];
  for (const [aShape, bShape] of shapes) {
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      it(`[${aShape.join()}] · [${bShape.join()}]${transposeA ? ", a" : ""}${transposeB ? ", b" : ""} transposed`, async () => {
        const turned = (shape: number[], turn: boolean): number[] =>
          turn ? [...shape.slice(0, -2), shape.at(-1) ?? 0, shape.at(-2) ?? 0] : shape;
        const a = spreadTensor(turned(aShape, transposeA) as [number], 1);
        const b = spreadTensor(turned(bShape, transposeB) as [number], 2);
        const [aValues, bValues] = [await a.data(), await b.data()];
        const [m, k, n] = [aShape.at(-2) ?? 0, aShape.at(-1) ?? 0, bShape.at(-1) ?? 0];
        const [aCount, bCount] = [a.size / (m * k), b.size / (k * n)];
        const count = Math.max(aCount, bCount);
        const expected = new Float64Array(count * m * n);
        for (let batch = 0; batch < count; batch += 1)
          for (let i = 0; i < m; i += 1)
            for (let j = 0; j < n; j += 1)
              for (let l = 0; l < k; l += 1) {
                const aIndex = (batch % aCount) * m * k + (transposeA ? l * m + i : i * k + l);
                const bIndex = (batch % bCount) * k * n + (transposeB ? j * k + l : l * n + j);
                const place = (batch * m + i) * n + j;
                expected[place] = (expected[place] ?? 0) + (aValues[aIndex] ?? 0) * (bValues[bIndex] ?? 0);
              }
        const { values } = await valuesOf(() => tf.matMul(a, b, transposeA, transposeB));
        expect(relativeError(values, expected)).toBeLessThan(2e-6);
      });
    }
  }
});

describe("matMul's refusals", () => {
  it("a batch that would have to be repeated within", () => {
    expect(() => tf.matMul(tf.zeros([2, 1, 3, 4]), tf.zeros([1, 3, 4, 5]))).toThrow(/tile it first/);
  });

  it("products over nothing are zeros", async () => {
    const { values } = await valuesOf(() => tf.matMul(tf.zeros([2, 3, 0]), tf.zeros([2, 0, 2])));
    expect([...values]).toEqual(Array.from({ length: 12 }, () => 0));
  });
});

describe("unsortedSegmentSum", () => {
  it("adds up rows, leaves empty segments at 0 and ids outside out", async () => {
    const { shape, values } = await valuesOf(() =>
      tf.unsortedSegmentSum(
        tf.tensor2d([
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
          [9, 10],
        ]),
        tf.tensor1d([2, 0, 2, -1, 4], "int32"),
        4,
      ),
    );
    expect(shape).toEqual([4, 2]);
    expect([...values]).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
  });

  it("keeps whole numbers whole", async () => {
    const big = 2 ** 24 + 1;
    const { values } = await valuesOf(() =>
      tf.unsortedSegmentSum(tf.tensor1d([big, 2, 3], "int32"), tf.tensor1d([1, 0, 0], "int32"), 2),
    );
    expect([...values]).toEqual([5, big]);
  });

  it("is what a gather's gradient needs", async () => {
    const { values } = await valuesOf(() =>
      tf.grad((table: tf.Tensor) => tf.gather(table, tf.tensor1d([1, 1, 3], "int32")))(
        tf.zeros([4, 2]),
        tf.tensor2d([
          [1, 2],
          [10, 20],
          [5, 6],
        ]),
      ),
    );
    expect([...values]).toEqual([0, 0, 11, 22, 0, 0, 5, 6]);
  });
});
