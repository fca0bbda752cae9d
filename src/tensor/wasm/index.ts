import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { activation, activationGrad, geglu, gegluGrad } from "./activations.ts";
import { batchMatMul } from "./batch-mat-mul.ts";
import { concat, slice } from "./concat-slice.ts";
import { conv2DBackpropFilter } from "./conv2d-backprop-filter.ts";
import { conv2DBackpropInput } from "./conv2d-backprop-input.ts";
import { conv2D } from "./conv2d.ts";
import { expandBitsKernel } from "./expand-bits.ts";
import { identity } from "./identity.ts";
import { addKernel, replaceKernel } from "./kernel.ts";
import { normApply, normGradInput, normGradParameters, normGradStats, normStats } from "./normalization.ts";
import { avgPoolGrad, maxPoolGrad } from "./pool-gradients.ts";
import { resizeNearestNeighbor, resizeNearestNeighborGrad } from "./resize-nearest.ts";
import { sum } from "./sum.ts";
import { unsortedSegmentSum } from "./unsorted-segment-sum.ts";

let registered = false;

/**
 * Gives tfjs's WASM backend the kernels that training needs and it lacks, the fused kernels that ops.ts uses where it
 * finds them, and faster ones in the place of slow ones. To be called before or after the backend starts; again is no
 * error. Needs WebAssembly SIMD, which every engine since 2021 has (Safari since 16.4).
 */
export function registerWasmKernels(): void {
  if (registered) return;
  registered = true;

  addKernel(tf.Conv2DBackpropFilter, conv2DBackpropFilter);
  addKernel(tf.UnsortedSegmentSum, unsortedSegmentSum);

  addKernel("LoomExpandBits", expandBitsKernel);
  addKernel("LoomActivation", activation);
  addKernel("LoomActivationGrad", activationGrad);
  addKernel("LoomGeglu", geglu);
  addKernel("LoomGegluGrad", gegluGrad);
  addKernel("LoomNormStats", normStats);
  addKernel("LoomNormApply", normApply);
  addKernel("LoomNormGradStats", normGradStats);
  addKernel("LoomNormGradInput", normGradInput);
  addKernel("LoomNormGradParameters", normGradParameters);

  replaceKernel(tf.Conv2D, conv2D);
  replaceKernel(tf.Conv2DBackpropInput, () => conv2DBackpropInput);
  replaceKernel(tf.BatchMatMul, batchMatMul);
  replaceKernel(tf.MaxPoolGrad, () => maxPoolGrad);
  replaceKernel(tf.AvgPoolGrad, () => avgPoolGrad);
  replaceKernel(tf.ResizeNearestNeighbor, resizeNearestNeighbor);
  replaceKernel(tf.ResizeNearestNeighborGrad, () => resizeNearestNeighborGrad);
  replaceKernel(tf.Identity, identity);
  replaceKernel(tf.Concat, concat);
  replaceKernel(tf.Slice, slice);
  replaceKernel(tf.Sum, sum);
}
