import { inputOf, reshaped, type KernelBody } from "./kernel.ts";

/**
 * Shares the data instead of copying it: values never change in place, and every tensor that a gradient saves passes
 * through this kernel.
 */
export const identity =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const x = inputOf(call, "x");
    return x.dtype === "string" ? stock(call) : reshaped(call.backend, x, [...x.shape]);
  };
