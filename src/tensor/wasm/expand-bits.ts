import { expandBits, type StoredDtype } from "../stored/stored-tensor.ts";
import { floatsOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

interface ExpandAttrs {
  readonly bits: () => Uint16Array;
  readonly dtype: StoredDtype;
  readonly shape: number[];
}

/** 16-bit numbers of the host → float32 on the heap, in the place of the result: no room is needed beside it. */
export const expandBitsKernel: KernelBody = ({ attrs, backend }) => {
  const { bits: give, dtype, shape } = attrs as unknown as ExpandAttrs;
  const bits = give();
  const result = backend.makeOutput(shape, "float32");
  const whole = bits.length - (bits.length % 8);
  const values = floatsOf(backend, result);
  values.set(expandBits(bits.subarray(whole), dtype), whole);
  if (whole === 0) return result;
  const at = addressOf(backend, result);
  const raw = at + 2 * whole;
  new Uint16Array(values.buffer, raw, whole).set(bits.subarray(0, whole));
  const { widenFloat16, widenBfloat16 } = simdOf(backend);
  (dtype === "bfloat16" ? widenBfloat16 : widenFloat16)(raw, at, whole);
  return result;
};
