import * as tf from "@tensorflow/tfjs";
import { mendWasmKernels } from "./kernels/index.ts";
import { isNode } from "./platform.ts";

let loaded: Promise<void> | undefined;
let threadsInUse = 1;

/**
 * Registers tfjs's WASM backend with our kernels. Its files are found beside the package in Node, and under the
 * bundler's URLs in a page.
 *
 * @param threads More than one only in Node. Asking for another number than before registers the backend anew, and the
 *   tensors of the old one are gone.
 */
export async function loadWasmBackend(threads = 1): Promise<void> {
  await (loaded ??= load());
  if (!isNode() || threads === threadsInUse) return;
  threadsInUse = threads;
  const { createThreadedBackend } = await import("./wasm/node-threads.ts");
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", () => createThreadedBackend(threads), 2);
}

async function load(): Promise<void> {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  if (!isNode()) {
    setWasmPaths((await import("./wasm-paths.browser.ts")).wasmPaths);
    // tfjs starts its threads from the source text of a bundled function, which refers to names that a minifier has
    // changed: in a built page every thread would fail and the backend never be ready.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  }
  const { registerWasmKernels } = await import("./wasm/index.ts");
  registerWasmKernels();
  mendWasmKernels();
}
