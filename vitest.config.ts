import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "latent-loom": fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["tests/slow/**", "tests/layers/planted/**", "node_modules/**"],
    pool: "forks",
    maxWorkers: 2,
    setupFiles: ["tests/setup.ts"],
    // A page on a busy machine takes longer than the one second that vitest would wait.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
