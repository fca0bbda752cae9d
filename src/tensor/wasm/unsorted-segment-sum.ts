import { floatsOf, inputOf, intsOf, sizeOf, type KernelBody } from "./kernel.ts";

/**
 * Sums rows of `x` [rows, …] into `numSegments` segments by `segmentIds` [rows]; ids outside of the segments are left
 * out. It is the gradient of a gather (embeddings).
 */
export const unsortedSegmentSum: KernelBody = (call) => {
  const { backend, attrs } = call;
  const x = inputOf(call, "x");
  const segmentIds = inputOf(call, "segmentIds");
  const numSegments = attrs["numSegments"] as number;
  const inner = x.shape.slice(segmentIds.shape.length);
  const rowSize = sizeOf(inner);
  const result = backend.makeOutput([numSegments, ...inner], x.dtype);
  const [from, to] =
    x.dtype === "int32"
      ? [intsOf(backend, x), intsOf(backend, result)]
      : [floatsOf(backend, x), floatsOf(backend, result)];
  to.fill(0);
  for (const [row, id] of intsOf(backend, segmentIds).entries()) {
    if (id < 0 || id >= numSegments) continue;
    for (let k = 0; k < rowSize; k += 1) {
      to[id * rowSize + k] = (to[id * rowSize + k] as number) + (from[row * rowSize + k] as number);
    }
  }
  return result;
};
