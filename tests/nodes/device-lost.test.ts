import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { nodeServices, Runner } from "../../src/index.ts";
import { describeOnBackends } from "../support/backends.ts";

const graph = readFileSync(new URL("../../graphs/sample-digits.graph.json", import.meta.url), "utf8");
const set = { "noise.batch": 1, "timesteps.numInferenceSteps": 4 };

describeOnBackends(
  "a GPU device lost in mid-run",
  () => {
    it("fails the run in words that name the node, and the next run works, with what was cached made anew", async () => {
      const runner = new Runner({ services: nodeServices() });
      const whole = await runner.run(graph, { backend: "webgpu", set });
      const expected = Array.from(await whole.tensor("decode.image").data());
      whole.dispose();
      const { device } = tf.backend() as unknown as { device: GPUDevice };
      const broken = runner.run(graph, {
        backend: "webgpu",
        set: { ...set, "seed.seed": 1 },
        onEvent: (event) => {
          if (event.type === "iteration" && event.index === 1) device.destroy();
        },
      });
      await expect(broken).rejects.toThrow(/^Node "\w+" \(.*\): .*device was lost/);
      const again = await runner.run(graph, { backend: "webgpu", set });
      const actual = Array.from(await again.tensor("decode.image").data());
      again.dispose();
      expect(actual).toEqual(expected);
    });
  },
  { only: ["webgpu"] },
);
