import { beforeAll, describe, expect, it } from "vitest";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { initRuntime } from "../../src/tensor/runtime.ts";
import { poisonPool } from "../support/poisoned-pool.ts";
import { compactCases } from "./compact-cases.ts";
import { cases, measure } from "./sd-cases.ts";

const search = await findAdapter();
const reason = search.adapter ? undefined : search.reason;
if (reason !== undefined) console.warn(`SKIPPED: Stable Diffusion on webgpu, because ${reason}.`);
describe.skipIf(reason !== undefined)(
  `the templates give diffusers' results on webgpu${reason === undefined ? "" : ` [skipped: ${reason}]`}`,
  () => {
    let filledBuffers = (): number => 0;
    // No number may come from memory that nobody wrote.
    beforeAll(async () => {
      await initRuntime({ backend: "webgpu" });
      filledBuffers = poisonPool();
    });

    it.each(Object.keys(cases))("%s: latents to 1e-3, pixels to 2/255", async (name) => {
      const found = await measure(name, "webgpu");
      expect(found.latents).toBeLessThanOrEqual(1e-3);
      expect(found.pixels).toBeLessThanOrEqual(2 / 255);
    });

    it("all of them in buffers that held NaN before", () => {
      expect(filledBuffers()).toBeGreaterThan(1000);
    });

    // What the Sampler node does itself; the networks are those of the open loops.
    it.each(["inpaint", "inpaint-any-model", "depth-to-image", "controlnet", "ddim-inversion"])(
      "%s with the Sampler node: the same",
      async (name) => {
        const found = await measure(name, "webgpu", compactCases[name]);
        expect(found.latents).toBeLessThanOrEqual(1e-3);
        expect(found.pixels).toBeLessThanOrEqual(2 / 255);
      },
    );
  },
);
