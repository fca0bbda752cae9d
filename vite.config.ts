import { defineConfig } from "vite";
import { HEADERS, contentSecurity } from "./vite/content-security.ts";
import { mnistData } from "./vite/mnist-data.ts";
import { nodeMetadata } from "./vite/node-metadata.ts";
import { serviceWorker } from "./vite/service-worker.ts";

export default defineConfig({
  // Relative, so that the built page can be served from any folder.
  base: "./",
  plugins: [nodeMetadata(), mnistData(), contentSecurity(), serviceWorker()],
  server: { port: 5173, headers: HEADERS },
  preview: { port: 4173, headers: HEADERS },
  // The worker's packages are found before the page asks for them; finding them late would reload it.
  optimizeDeps: { entries: ["index.html", "src/editor/**/*.worker.ts"] },
  worker: { format: "es" },
  build: { target: "es2022", outDir: "dist/page", chunkSizeWarningLimit: 4000 },
});
