import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { convolveToFewChannels } from "./conv2d-few-channels.ts";
import { convGeometry } from "./conv2d-geometry.ts";
import { convolveGrouped } from "./conv2d-grouped.ts";
import { inputOf, sizeOf, type KernelBody } from "./kernel.ts";

/**
 * Convolution by whichever kernel measures fastest for its shape: ours for filters of several taps and whole groups of
 * channels in one thread, a matrix product for one to three output channels, and the stock one otherwise.
 */
export const conv2D =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend, attrs } = call;
    const x = inputOf(call, "x");
    const filter = inputOf(call, "filter");
    const [filterHeight = 0, filterWidth = 0, inChannels = 0, outChannels = 0] = filter.shape;
    const { strides, dilations } = attrs as Record<"strides" | "dilations", number | [number, number]>;
    const isOne = (value: number | [number, number]): boolean => [value].flat().every((part) => part === 1);
    if (filterHeight * filterWidth < 4 || inChannels < 8 || !isOne(dilations) || sizeOf(x.shape) === 0) {
      return stock(call);
    }
    if (outChannels <= 3 && isOne(strides)) {
      return convolveToFewChannels(backend, x, filter, convGeometry(x.shape, filter.shape, attrs));
    }
    if (inChannels % 4 === 0 && outChannels % 8 === 0 && threadsOf(backend) === 1) {
      return convolveGrouped(backend, x, filter, convGeometry(x.shape, filter.shape, attrs));
    }
    return stock(call);
  };

/** The threads that stock kernels share their work out to. */
const threadsOf = (backend: BackendWasm): number =>
  (backend.wasm as unknown as { tfjs: { getThreadsCount: () => number } }).tfjs.getThreadsCount();
