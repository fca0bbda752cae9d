/** Where the code runs. Kept apart so that no file imports a Node module statically: the page loads the same files. */

/** True in Node's main thread and its workers; false in a page or a web worker, also under a bundler's `process` shim. */
export function isNode(): boolean {
  return (
    typeof process !== "undefined" &&
    typeof process.versions?.node === "string" &&
    !("document" in globalThis)
  );
}

/** True where SharedArrayBuffer, and with it multi-threaded WebAssembly, may be used. Always true in Node. */
export function isCrossOriginIsolated(): boolean {
  return isNode() || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
}

/** A Node built-in module, without an import that a bundler for the page would have to resolve. */
export function nodeBuiltin<T extends "node:fs" | "node:path" | "node:module">(name: T) {
  return process.getBuiltinModule(name);
}
