import { mendWasmKernels } from "./kernels/index.ts";
import { isNode } from "./platform.ts";

let loaded: Promise<void> | undefined;

/**
 * Registers tfjs's WASM backend with our kernels. Its files are found beside the package in Node, and under the
 * bundler's URLs in a page.
 */
export function loadWasmBackend(): Promise<void> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<void> {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  if (!isNode()) setWasmPaths((await import("./wasm-paths.browser.ts")).wasmPaths);
  const { registerWasmKernels } = await import("./wasm/index.ts");
  registerWasmKernels();
  mendWasmKernels();
}
