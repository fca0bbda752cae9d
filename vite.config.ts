import { defineConfig } from "vite";
import { mnistData } from "./vite/mnist-data.ts";
import { nodeMetadata } from "./vite/node-metadata.ts";

/** Cross-origin isolation: SharedArrayBuffer, and with it multi-threaded WASM, needs both headers. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  // Relative, so that the built page can be served from any folder.
  base: "./",
  plugins: [nodeMetadata(), mnistData()],
  server: { port: 5173, headers: isolation },
  preview: { port: 4173, headers: isolation },
  // The worker's packages are found before the page asks for them; finding them late would reload it.
  optimizeDeps: { entries: ["index.html", "src/editor/worker/*.worker.ts"] },
  worker: { format: "es" },
  build: { target: "es2022", outDir: "dist/page", chunkSizeWarningLimit: 4000 },
});
