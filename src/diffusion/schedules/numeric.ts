/**
 * The few array functions that diffusers takes from numpy and torch, with their rounding. A schedule whose last bit
 * differs moves 1 − ᾱ_t by up to 6e-4 at small t, where ᾱ_t is nearly 1.
 */

/** Rounds a double to the nearest float32: one call per float32 operation. */
export const f32 = Math.fround;

/** √x in float32. */
export const sqrt32 = (x: number): number => f32(Math.sqrt(f32(x)));

/** ln x in float32. */
export const log32 = (x: number): number => f32(Math.log(f32(x)));

/** eˣ in float32. */
export const exp32 = (x: number): number => f32(Math.exp(f32(x)));

/** eˣ − 1 in float32. */
export const expm132 = (x: number): number => f32(Math.expm1(f32(x)));

/** The value at `index`; throws where an array of the caller's making is too short. */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`Index ${index} is outside of 0…${values.length - 1}.`);
  return value;
}

/** As numpy's `round`: halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** As numpy's `linspace` in float64. */
export function linspace(start: number, stop: number, count: number, endpoint = true): number[] {
  const divisions = endpoint ? count - 1 : count;
  const delta = stop - start;
  if (divisions <= 0) return Array.from({ length: count }, () => start);
  const step = delta / divisions;
  const values = Array.from({ length: count }, (_, i) => i * step + start);
  if (endpoint) values[count - 1] = stop;
  return values;
}

/** As numpy's `arange` with a fractional step: its length and its second value are rounded as numpy rounds them. */
export function arange(start: number, stop: number, step: number): number[] {
  const count = Math.max(0, Math.ceil((stop - start) / step));
  const delta = start + step - start;
  return Array.from({ length: count }, (_, i) => (i === 1 ? start + step : start + i * delta));
}

/** As torch's `linspace` in float32: from both ends to the middle, each value rounded once. */
export function linspace32(start: number, end: number, count: number): Float32Array {
  const first = f32(start);
  const last = f32(end);
  const values = new Float32Array(count);
  if (count === 1) values[0] = first;
  if (count < 2) return values;
  const step = f32(f32(last - first) / (count - 1));
  const half = Math.floor(count / 2);
  for (let i = 0; i < count; i += 1) values[i] = i < half ? first + step * i : last - step * (count - i - 1);
  return values;
}

/** As numpy's `interp` of `table` over its indices: linear between, constant outside. */
export function interpolateTable(x: number, table: ArrayLike<number>): number {
  const last = table.length - 1;
  if (x <= 0) return at(table, 0);
  if (x >= last) return at(table, last);
  const low = Math.floor(x);
  const slope = at(table, low + 1) - at(table, low);
  return slope * (x - low) + at(table, low);
}
