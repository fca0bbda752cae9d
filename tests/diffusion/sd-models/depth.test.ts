import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { parseDptConfig } from "../../../src/diffusion/models/depth-dpt-config.ts";
import { dptForward, dptParameters, dptWeightName } from "../../../src/diffusion/models/depth-dpt.ts";
import { depthLatents, depthPixelValues } from "../../../src/diffusion/models/depth-map.ts";
import { resizeBicubic } from "../../../src/diffusion/models/layers/resize-bicubic.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { readArrays, readCase, relativeError, tensorOf } from "./golden-case.ts";

const resize = await readArrays(new URL("../../golden/sd-models/resize/arrays.safetensors", import.meta.url));

describeOnBackends("DPT depth estimator against transformers", ({ tolerance }) => {
  for (const name of ["depth-hybrid", "depth-plain", "depth-add"]) {
    it(`${name}: the same depth, and no tensor left behind`, async () => {
      const golden = await readCase(name);
      const config = parseDptConfig(golden.config);
      const weights = await loadWeights(golden.weights, dptParameters(config), { rename: dptWeightName });
      const before = tf.memory().numTensors;
      const pixelValues = tensorOf(golden, "pixelValues") as tf.Tensor4D;
      const depth = dptForward(config, weights, pixelValues);
      expect(await relativeError(depth, golden, "depth")).toBeLessThan(tolerance);
      tf.dispose([pixelValues, depth]);
      expect(tf.memory().numTensors).toBe(before);
      disposeWeights(weights);
    });
  }

  it("resizes as torch does, with and without antialiasing", async () => {
    const picture = tensorOf(resize, "picture") as tf.Tensor4D;
    const before = tf.memory().numTensors;
    const small = resizeBicubic(picture, [16, 64], { antialias: true });
    const large = resizeBicubic(picture, [47, 50]);
    expect(await relativeError(small, resize, "antialiased")).toBeLessThan(tolerance);
    expect(await relativeError(large, resize, "enlarged")).toBeLessThan(tolerance);
    tf.dispose([small, large]);
    expect(tf.memory().numTensors).toBe(before);
    picture.dispose();
  });

  it("stretches a depth map to [-1, 1] at the latents' size", async () => {
    const depth = tensorOf(resize, "depth") as tf.Tensor3D;
    const latents = depthLatents(depth, 8, 11);
    expect(await relativeError(latents, resize, "depthLatents")).toBeLessThan(tolerance);
    const flat = await depthLatents(tf.fill([1, 4, 4], 7), 2, 2).data();
    expect(Array.from(flat)).toEqual([-1, -1, -1, -1]);
    tf.dispose([depth, latents]);
  });
});

describe("DPT depth estimator", async () => {
  const { config: json } = await readCase("depth-hybrid");
  const { config: plain } = await readCase("depth-plain");
  const backbone = json["backbone_config"] as Record<string, unknown>;

  it.each([
    ["batch norm", { use_batch_norm_in_fusion_residual: true }, "use_batch_norm_in_fusion_residual"],
    ["another model", { model_type: "dinov2" }, "model_type"],
    ["another readout with a backbone", { readout_type: "add" }, "readout_type"],
    ["another backbone", { backbone_config: { ...backbone, layer_type: "preactivation" } }, "layer_type"],
    ["other stages", { neck_ignore_stages: [] }, "neck_ignore_stages"],
    ["a projection before the head", { add_projection: true }, "add_projection"],
    ["factors that are not whole", { reassemble_factors: [1, 1, 1, 0.4] }, "reassemble_factors"],
  ])("refuses %s, by name", (_, change, message) => {
    expect(() => parseDptConfig({ ...json, ...change })).toThrow(message);
  });

  it("refuses a transformer of another family as backbone, by name", () => {
    expect(() => parseDptConfig({ ...plain, backbone_config: { model_type: "dinov2" } })).toThrow(
      "backbone_config",
    );
  });

  it("refuses a picture of the wrong size, and says which it takes", () => {
    expect(() => dptForward(parseDptConfig(json), {}, tf.zeros([1, 32, 64, 3]))).toThrow(
      "[batch, 64, 64, 3]",
    );
  });

  it("prepares pictures: size, then mean and deviation", async () => {
    const white = depthPixelValues(tf.ones([1, 5, 9, 3]), { size: 4, mean: [0.5, 0, 1], std: [0.5, 2, 1] });
    expect(white.shape).toEqual([1, 4, 4, 3]);
    Array.from(await white.data()).forEach((value, i) =>
      expect(value).toBeCloseTo([1, 0.5, 0][i % 3] ?? NaN, 5),
    );
  });
});
