import { builtinModules } from "node:module";
import { defineConfig } from "vite";
import manifest from "./package.json" with { type: "json" };

/** The headless library and the command line for Node: our own code bundled, packages left as imports. */
export default defineConfig({
  publicDir: false,
  build: {
    target: "node20",
    ssr: true,
    outDir: "dist/lib",
    rollupOptions: {
      input: { index: "src/index.ts", cli: "src/cli/main.ts" },
      external: [
        ...builtinModules,
        /^node:/,
        ...Object.keys(manifest.dependencies).flatMap((name) => [name, new RegExp(`^${name}/`)]),
      ],
    },
  },
});
