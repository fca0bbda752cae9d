import * as tf from "@tensorflow/tfjs";
import { dispose, doublesAt, floatsOf, inputOf, sizeOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

/**
 * Sums over neighbouring axes that are not the last, such as a bias's gradient, without the transpose that the stock
 * kernel makes first, and in double precision; other sums stay with the stock kernel.
 */
export const sum =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend, attrs } = call;
    const x = inputOf(call, "x");
    const { axis, keepDims } = attrs as { axis: number | number[]; keepDims: boolean };
    const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
    const first = axes[0] ?? 0;
    const after = first + axes.length;
    const neighbouring = axes.every((value, i) => value === first + i);
    const inner = sizeOf(x.shape.slice(after));
    if (x.dtype !== "float32" || axes.length === 0 || !neighbouring || inner < 2) return stock(call);

    const outer = sizeOf(x.shape.slice(0, first));
    const reduced = sizeOf(x.shape.slice(first, after));
    const shape = x.shape.flatMap((length, i) => (i < first || i >= after ? [length] : keepDims ? [1] : []));
    const result = backend.makeOutput(shape, "float32");
    const totals = backend.makeOutput([inner * 2], "float32");
    const { addRowSums } = simdOf(backend);
    const source = addressOf(backend, x);
    const target = addressOf(backend, totals);
    const to = floatsOf(backend, result);
    const sums = doublesAt(backend, totals);
    for (let i = 0; i < outer; i += 1) {
      sums.fill(0);
      addRowSums(source + i * reduced * inner * 4, target, reduced, inner);
      to.set(sums, i * inner);
    }
    dispose(backend, totals);
    return result;
  };
