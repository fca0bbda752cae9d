import type { ParameterKind } from "./parameters.ts";

/** Shape in this project's layout of a parameter that has `shape` in the file: OIHW → HWIO, `[out, in]` → `[in, out]`. */
export function shapeInMemory(kind: ParameterKind, shape: readonly number[]): number[] {
  return axes(kind).length === 0 ? [...shape] : axes(kind).map((axis) => shape[axis] ?? 1);
}

/** Values of a parameter from file order to this project's; the same array when the layouts agree. */
export function toMemoryLayout(
  kind: ParameterKind,
  shape: readonly number[],
  values: Float32Array,
): Float32Array {
  const order = axes(kind);
  return order.length === 0 ? values : permute(values, shape, order);
}

/** Values of a parameter from this project's order to the file's. `shape` is the file's. */
export function toFileLayout<T extends Float32Array | Uint16Array>(
  kind: ParameterKind,
  shape: readonly number[],
  values: T,
): T {
  const order = axes(kind);
  if (order.length === 0) return values;
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return permute(values, shapeInMemory(kind, shape), inverse);
}

/** For each axis in memory the axis in the file; empty where the layouts agree. */
function axes(kind: ParameterKind): readonly number[] {
  switch (kind) {
    case "conv":
      return [2, 3, 1, 0];
    case "linear":
      return [1, 0];
    case "embedding":
    case "vector":
      return [];
  }
}

/** Moves axis `order[i]` of `values` to place i. */
function permute<T extends Float32Array | Uint16Array>(
  values: T,
  shape: readonly number[],
  order: readonly number[],
): T {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = order.map((axis) => shape[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 1);
  while (sizes.length < 4) {
    sizes.unshift(1);
    steps.unshift(0);
  }
  const [n0 = 1, n1 = 1, n2 = 1, n3 = 1] = sizes;
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = steps;
  const moved = (
    values instanceof Float32Array ? new Float32Array(values.length) : new Uint16Array(values.length)
  ) as T;
  let to = 0;
  for (let a = 0; a < n0; a++) {
    for (let b = 0; b < n1; b++) {
      for (let c = 0; c < n2; c++) {
        let from = a * s0 + b * s1 + c * s2;
        for (let d = 0; d < n3; d++, from += s3) moved[to++] = values[from] ?? 0;
      }
    }
  }
  return moved;
}
