import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { initRuntime } from "../../src/tensor/runtime.ts";
import { spread } from "../support/arrays.ts";
import { onStockWebgpu } from "../support/stock-webgpu.ts";

/** The software adapter that Debian's Chromium brings. It runs workgroups side by side and so shows their races. */
const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

const title = "tfjs's softmax races above 65,535 rows; ours does not";
if (existsSync(swiftShader)) {
  // A file of its own, because the Vulkan driver is chosen once per process, before the first adapter.
  process.env.VK_ICD_FILENAMES = swiftShader;
  test(title, async () => {
    const info = await initRuntime({ backend: "webgpu" });
    expect(info.adapter?.architecture).toBe("swiftshader");
    const [rows, cols] = [65_540, 5];
    const values = spread(rows * cols);
    const worst = async (): Promise<number> => {
      const y = await tf.softmax(tf.tensor2d(values, [rows, cols])).data();
      let difference = 0;
      for (let begin = 0; begin < values.length; begin += cols) {
        const exponents = [...values.subarray(begin, begin + cols)].map(Math.exp);
        const total = exponents.reduce((sum, value) => sum + value, 0);
        exponents.forEach(
          (value, i) => (difference = Math.max(difference, Math.abs(Number(y[begin + i]) - value / total))),
        );
      }
      return difference;
    };
    expect(await onStockWebgpu(worst)).toBeGreaterThan(1e-3);
    expect(await worst()).toBeLessThan(1e-6);
  });
} else {
  console.warn(`SKIPPED: ${title}: SwiftShader is not installed (${swiftShader}).`);
  test.skip(`${title} (skipped: no SwiftShader at ${swiftShader})`, () => undefined);
}
