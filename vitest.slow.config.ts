import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** Tests that take minutes: training on the whole of MNIST, models of full size. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["tests/slow/**/*.test.ts"],
    exclude: ["node_modules/**"],
    testTimeout: 3_600_000,
    maxWorkers: 1,
    env: { LOOM_SEED: process.env["LOOM_SEED"] ?? "random" },
  },
});
