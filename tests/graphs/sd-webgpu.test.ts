import { describe, expect, it } from "vitest";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { cases, measure } from "./sd-cases.ts";

const search = await findAdapter();
const reason = search.adapter ? undefined : search.reason;
if (reason !== undefined) console.warn(`SKIPPED: Stable Diffusion on webgpu, because ${reason}.`);
describe.skipIf(reason !== undefined)(
  `the templates give diffusers' results on webgpu${reason === undefined ? "" : ` [skipped: ${reason}]`}`,
  () => {
    it.each(Object.keys(cases))("%s: latents to 1e-3, pixels to 2/255", async (name) => {
      const found = await measure(name, "webgpu");
      expect(found.latents).toBeLessThanOrEqual(1e-3);
      expect(found.pixels).toBeLessThanOrEqual(2 / 255);
    });
  },
);
