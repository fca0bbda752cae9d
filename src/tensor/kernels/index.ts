import { resizeBilinearGrad, resizeNearestNeighborGrad } from "./cpu-resize-gradients.ts";
import { broadcastingMatMul } from "./matmul-broadcast.ts";
import { addKernel, replaceKernel } from "./registry.ts";
import { activation, activationGrad, geglu, gegluGrad } from "./webgpu-activations.ts";
import { adamFirst, adamSecond, adamWeight } from "./webgpu-adam.ts";
import { attention } from "./webgpu-attention.ts";
import { mendAddN } from "./webgpu-add-n.ts";
import { mendConv2d } from "./webgpu-conv2d.ts";
import { mendConv2dBackpropFilter, mendConv2dBackpropInput } from "./webgpu-conv2d-gradients.ts";
import { mendFill } from "./webgpu-int32.ts";
import { mendFusedMatMul, mendMatMul } from "./webgpu-matmul.ts";
import { multinomial } from "./webgpu-multinomial.ts";
import { normApply, normGradInput, normGradParameters, normGradStats, normStats } from "./webgpu-norm.ts";
import { mendSum } from "./webgpu-sum.ts";
import { packedGather, unpack } from "./webgpu-packed.ts";
import { packedConv2d } from "./webgpu-packed-conv2d.ts";
import { softmax } from "./webgpu-softmax.ts";

/** Replaces the kernels of tfjs's WebGPU backend that are wrong or slow. To be called once its package is imported. */
export function mendWebgpuKernels(): void {
  replaceKernel("webgpu", "BatchMatMul", (stock) => broadcastingMatMul("webgpu")(mendMatMul(stock)));
  replaceKernel("webgpu", "_FusedMatMul", mendFusedMatMul);
  replaceKernel("webgpu", "Conv2D", (stock) => mendConv2d(stock));
  replaceKernel("webgpu", "FusedConv2D", (stock) => mendConv2d(stock));
  replaceKernel("webgpu", "Conv2DBackpropFilter", mendConv2dBackpropFilter);
  replaceKernel("webgpu", "Conv2DBackpropInput", mendConv2dBackpropInput);
  replaceKernel("webgpu", "AddN", mendAddN);
  replaceKernel("webgpu", "Sum", mendSum);
  replaceKernel("webgpu", "Softmax", () => softmax);
  replaceKernel("webgpu", "Multinomial", () => multinomial);
  replaceKernel("webgpu", "Fill", mendFill);
}

/** Registers the kernels that tfjs's WebGPU backend does not have. */
export function addWebgpuKernels(): void {
  addKernel("webgpu", "LoomAdamFirst", adamFirst);
  addKernel("webgpu", "LoomAdamSecond", adamSecond);
  addKernel("webgpu", "LoomAdamWeight", adamWeight);
  addKernel("webgpu", "LoomAttention", attention);
  addKernel("webgpu", "LoomActivation", activation);
  addKernel("webgpu", "LoomActivationGrad", activationGrad);
  addKernel("webgpu", "LoomGeglu", geglu);
  addKernel("webgpu", "LoomGegluGrad", gegluGrad);
  addKernel("webgpu", "LoomNormStats", normStats);
  addKernel("webgpu", "LoomNormApply", normApply);
  addKernel("webgpu", "LoomNormGradStats", normGradStats);
  addKernel("webgpu", "LoomNormGradInput", normGradInput);
  addKernel("webgpu", "LoomNormGradParameters", normGradParameters);
  addKernel("webgpu", "LoomPackedConv2d", packedConv2d);
  addKernel("webgpu", "LoomPackedGather", packedGather);
  addKernel("webgpu", "LoomUnpack", unpack);
}

/** Replaces the kernels of tfjs's CPU backend that are wrong. */
export function mendCpuKernels(): void {
  replaceKernel("cpu", "BatchMatMul", broadcastingMatMul("cpu"));
  replaceKernel("cpu", "ResizeNearestNeighborGrad", () => resizeNearestNeighborGrad);
  replaceKernel("cpu", "ResizeBilinearGrad", () => resizeBilinearGrad);
}

/** Replaces the kernels of tfjs's WASM backend that are wrong; those that are slow or missing are in `../wasm`. */
export function mendWasmKernels(): void {
  replaceKernel("wasm", "BatchMatMul", broadcastingMatMul("wasm"));
}
