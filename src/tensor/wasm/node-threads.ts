import { BackendWasm, setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { nodeBuiltin } from "../platform.ts";

/** What we use of tfjs's Emscripten module. */
interface EmscriptenModule {
  readonly cwrap: (
    name: string,
    returns: string | null,
    parameters: string[],
  ) => (...args: number[]) => number;
  readonly PThread: { readonly unusedWorkers: NodeWorker[]; readonly runningWorkers: NodeWorker[] };
  tfjs: Record<string, (...args: number[]) => number>;
}

interface NodeWorker {
  readonly unref: () => void;
}

interface ModuleConfig {
  readonly mainScriptUrlOrBlob: string;
  readonly locateFile: (path: string, prefix: string) => string | URL;
  readonly instantiateWasm: (
    imports: { env: Record<string, unknown> },
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => WebAssembly.Exports;
}

/** tfjs's thread pool has no more. */
export const MOST_THREADS = 4;

/**
 * tfjs's WASM backend with several threads in Node, where tfjs itself always takes the single-threaded build: its
 * loader makes its workers from blob URLs, which Node does not have. XNNPACK's operations (convolutions, matrix
 * products, elementwise ones) share their work out over the threads.
 *
 * The module takes half of the logical cores at the most; it is told of twice as many as it is to use.
 *
 * @param threads 1 to {@link MOST_THREADS}
 */
export async function createThreadedBackend(threads: number): Promise<BackendWasm> {
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS) {
    throw new RangeError(`WASM threads: ${threads} is not a whole number from 1 to ${MOST_THREADS}.`);
  }
  const require = nodeBuiltin("node:module").createRequire(import.meta.url);
  const script = require.resolve("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js");
  const createModule = require(script) as (config: ModuleConfig) => Promise<EmscriptenModule>;
  const worker = require(script.replace(/\.js$/, ".worker.js")) as { wasmWorkerContents: string };
  const bytes = nodeBuiltin("node:fs").readFileSync(script.replace(/\.js$/, ".wasm"));

  // The worker's script is written for CommonJS; a data URL is an ES module.
  const prologue =
    `import { createRequire } from "node:module";` +
    `const __filename = ${JSON.stringify(script)}; const require = createRequire(__filename);`;
  const source = prologue + worker.wasmWorkerContents.replaceAll("\n", "\\n");
  const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`);

  const events = ["uncaughtException", "unhandledRejection"] as const;
  const listeners = events.map((event) => process.listeners(event as "uncaughtException"));
  const module = await createModule({
    mainScriptUrlOrBlob: script,
    locateFile: (path, prefix) => (path.endsWith(".worker.js") ? workerUrl : prefix + path),
    instantiateWasm: (imports, receive) => {
      imports.env["emscripten_num_logical_cores"] = () => 2 * threads;
      const compiled = new WebAssembly.Module(bytes);
      const instance = new WebAssembly.Instance(compiled, imports as unknown as WebAssembly.Imports);
      receive(instance, compiled);
      return instance.exports;
    },
  });
  // The module's script rethrows every uncaught error from listeners of its own: errors are the caller's business.
  events.forEach((event, i) => {
    for (const listener of process.listeners(event as "uncaughtException")) {
      if (!listeners[i]?.includes(listener)) process.off(event, listener);
    }
  });
  module.tfjs = {
    init: module.cwrap("init", null, []),
    initWithThreadsCount: module.cwrap("init_with_threads_count", null, ["number"]),
    getThreadsCount: module.cwrap("get_threads_count", "number", []),
    registerTensor: module.cwrap("register_tensor", null, ["number", "number", "number"]),
    disposeData: module.cwrap("dispose_data", null, ["number"]),
    dispose: module.cwrap("dispose", null, []),
  };
  setThreadsCount(threads);
  const backend = new BackendWasm(module as unknown as ConstructorParameters<typeof BackendWasm>[0]);
  // Starting the pool's threads takes a hold on the process; idle ones must not keep it alive.
  for (const thread of [...module.PThread.unusedWorkers, ...module.PThread.runningWorkers]) thread.unref();
  return backend;
}
