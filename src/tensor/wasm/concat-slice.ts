import * as tf from "@tensorflow/tfjs";
import { inputOf, sizeOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

/** Joins float tensors along an axis whatever the length of their rows: the stock kernel makes two typed arrays for each. */
export const concat =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend, attrs } = call;
    const inputs = (call.inputs as unknown as tf.TensorInfo[]).filter((input) => sizeOf(input.shape) > 0);
    const [first] = inputs;
    if (inputs.length < 2 || !first || inputs.some((input) => input.dtype !== "float32")) return stock(call);
    const [axis = 0] = tf.util.parseAxisParam(attrs["axis"] as number, first.shape);
    const shapes = inputs.map((input) => input.shape);
    tf.backend_util.assertParamsConsistent(shapes, axis);
    const outShape = tf.backend_util.computeOutShape(shapes, axis);
    const result = backend.makeOutput(outShape, "float32");
    const { copyRows } = simdOf(backend);
    const outer = sizeOf(outShape.slice(0, axis));
    const outRow = sizeOf(outShape.slice(axis));
    let offset = 0;
    for (const input of inputs) {
      const row = sizeOf(input.shape.slice(axis));
      const target = addressOf(backend, result) + offset * 4;
      copyRows(addressOf(backend, input), target, 1, outer, row, 0, row * 4, 0, outRow * 4);
      offset += row;
    }
    return result;
  };

/** Cuts float tensors along the last axis only, what splitting channels needs; other slices stay with the stock kernel. */
export const slice =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend, attrs } = call;
    const x = inputOf(call, "x");
    const { begin, size } = attrs as { begin: number[]; size: number[] };
    const [starts, sizes] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size) as [
      number[],
      number[],
    ];
    const last = x.shape.length - 1;
    const onlyLast = last >= 1 && x.shape.every((length, i) => i === last || sizes[i] === length);
    if (x.dtype !== "float32" || !onlyLast) return stock(call);
    tf.slice_util.assertParamsValid(x as tf.Tensor, starts, sizes);
    const result = backend.makeOutput(sizes, "float32");
    const row = x.shape[last] ?? 0;
    const start = starts[last] ?? 0;
    const length = sizes[last] ?? 0;
    const outer = sizeOf(x.shape.slice(0, last));
    const source = addressOf(backend, x) + start * 4;
    simdOf(backend).copyRows(source, addressOf(backend, result), 1, outer, length, 0, row * 4, 0, length * 4);
    return result;
  };
