import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { parseControlnetConfig } from "../../../src/diffusion/models/controlnet-config.ts";
import {
  controlnetForward,
  controlnetParameters,
  sumControlnetResiduals,
  type ControlnetInputs,
  type ControlnetResiduals,
} from "../../../src/diffusion/models/controlnet.ts";
import { parseUnet2dConditionConfig } from "../../../src/diffusion/models/unet-2d-condition-config.ts";
import {
  unet2dConditionForward,
  unet2dConditionParameters,
} from "../../../src/diffusion/models/unet-2d-condition.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../../src/diffusion/weights/init-weights.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { readCase, relativeError, tensorOf, type GoldenCase } from "./golden-case.ts";

const inputsOf = (golden: GoldenCase): ControlnetInputs => ({
  sample: tensorOf(golden, "sample") as tf.Tensor4D,
  encoderHiddenStates: tensorOf(golden, "encoderHiddenStates") as tf.Tensor3D,
  controlnetCond: tensorOf(golden, "controlnetCond") as tf.Tensor4D,
  timestep: golden.meta["timestep"] as number,
  conditioningScale: golden.meta["conditioningScale"] as number,
  guessMode: golden.meta["guessMode"] as boolean,
});
const listOf = (residuals: ControlnetResiduals): tf.Tensor4D[] => [
  ...residuals.downBlockAdditionalResiduals,
  residuals.midBlockAdditionalResidual,
];

describeOnBackends("ControlNetModel against diffusers", ({ tolerance }) => {
  for (const name of ["controlnet", "controlnet-pooled"]) {
    it(`${name}: the same residuals, and no tensor left behind`, async () => {
      const golden = await readCase(name);
      const config = parseControlnetConfig(golden.config);
      const weights = await loadWeights(golden.weights, controlnetParameters(config));
      const inputs = inputsOf(golden);
      const before = tf.memory().numTensors;
      const residuals = listOf(controlnetForward(config, weights, inputs));
      expect(tf.memory().numTensors).toBe(before + residuals.length);
      expect(golden.arrays.has(`residual.${String(residuals.length - 1)}`)).toBe(true);
      expect(golden.arrays.has(`residual.${String(residuals.length)}`)).toBe(false);
      for (const [i, residual] of residuals.entries()) {
        expect(await relativeError(residual, golden, `residual.${String(i)}`)).toBeLessThan(tolerance);
      }
      tf.dispose([...residuals, inputs.sample, inputs.encoderHiddenStates, inputs.controlnetCond]);
      disposeWeights(weights);
    });
  }
});

describe("ControlNetModel", async () => {
  const golden = await readCase("controlnet-pooled");
  const config = parseControlnetConfig(golden.config);

  it.each([
    ["class embeddings", { num_class_embeds: 3 }, "num_class_embeds"],
    ["SDXL's embeddings", { addition_embed_type: "text_time" }, "addition_embed_type"],
    [
      "another order of channels",
      { controlnet_conditioning_channel_order: "hsv" },
      "controlnet_conditioning_channel_order",
    ],
  ])("refuses %s, by name", (_, change, message) => {
    expect(() => parseControlnetConfig({ ...golden.config, ...change })).toThrow(message);
  });

  it("refuses a picture of the wrong size, and says which it must be", () => {
    const inputs = { ...inputsOf(golden), controlnetCond: tf.zeros<tf.Rank.R4>([2, 8, 24, 3]) };
    expect(() => controlnetForward(config, {}, inputs)).toThrow("[2, 16, 24, 3]");
  });

  it("several are added up, and the U-Net takes pooled residuals", async () => {
    const residuals = (value: number): ControlnetResiduals => ({
      downBlockAdditionalResiduals: [8, 8, 8, 12].map((channels) =>
        tf.fill<tf.Rank.R4>([2, 1, 1, channels], value),
      ),
      midBlockAdditionalResidual: tf.fill<tf.Rank.R4>([2, 1, 1, 12], value),
    });
    const before = tf.memory().numTensors;
    const sum = sumControlnetResiduals([residuals(1), residuals(2), residuals(-3)]);
    expect(tf.memory().numTensors).toBe(before + 5);
    for (const tensor of listOf(sum)) expect(Math.max(...(await tensor.data()).map(Math.abs))).toBe(0);

    const unetConfig = parseUnet2dConditionConfig({
      block_out_channels: [8, 12],
      down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
      cross_attention_dim: 12,
      norm_num_groups: 4,
      attention_head_dim: 2,
      layers_per_block: 1,
    });
    const weights = initWeights(unet2dConditionParameters(unetConfig), 0);
    const inputs = {
      sample: tf.ones<tf.Rank.R4>([2, 4, 4, 4]),
      timestep: 5,
      encoderHiddenStates: tf.ones<tf.Rank.R3>([2, 5, 12]),
    };
    const plain = await unet2dConditionForward(unetConfig, weights, inputs).data();
    const zero = await unet2dConditionForward(unetConfig, weights, { ...inputs, ...sum }).data();
    const one = await unet2dConditionForward(unetConfig, weights, { ...inputs, ...residuals(1) }).data();
    expect(Array.from(zero)).toEqual(Array.from(plain));
    expect(Array.from(one)).not.toEqual(Array.from(plain));
    expect(() => sumControlnetResiduals([])).toThrow("at least one");
  });
});
