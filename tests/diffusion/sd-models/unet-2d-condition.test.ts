import * as tf from "@tensorflow/tfjs";
import { widenWeights } from "../../../src/diffusion/weights/dense.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUnet2dConditionConfig } from "../../../src/diffusion/models/unet-2d-condition-config.ts";
import { guidanceScaleEmbedding } from "../../../src/diffusion/models/unet-2d-condition-embeddings.ts";
import {
  unet2dConditionForward,
  unet2dConditionParameters,
  type Unet2dConditionInputs,
} from "../../../src/diffusion/models/unet-2d-condition.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { Weights } from "../../../src/diffusion/weights/parameters.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { arrayOf, readCase, relativeError, tensorOf, type GoldenCase, type Layout } from "./golden-case.ts";

const cases = [
  "unet-sd1",
  "unet-sd2-depth",
  "unet-lcm-inpaint",
  "unet-no-middle",
  "unet-rare",
  "unet-class-timestep",
  "unet-class-projection",
  "unet-class-simple",
  "unet-class-identity",
];

function inputsOf(golden: GoldenCase): Unet2dConditionInputs {
  const has = (name: string): boolean => golden.arrays.has(`extra.${name}`);
  const extra = (name: string): tf.Tensor2D => tensorOf(golden, `extra.${name}`) as tf.Tensor2D;
  const times = Array.from(arrayOf(golden, "timestep").values);
  const labels = has("class_labels") ? arrayOf(golden, "extra.class_labels") : undefined;
  return {
    sample: tensorOf(golden, "sample") as tf.Tensor4D,
    encoderHiddenStates: tensorOf(golden, "encoderHiddenStates") as tf.Tensor3D,
    timestep: times.length === 1 ? (times[0] ?? 0) : times,
    ...(has("timestep_cond") && { timestepCond: extra("timestep_cond") }),
    ...(has("encoder_attention_mask") && { encoderAttentionMask: extra("encoder_attention_mask") }),
    ...(labels && {
      classLabels: labels.shape.length === 1 ? Array.from(labels.values) : extra("class_labels"),
    }),
  };
}

const layoutOf = (name: string, rank: number): Layout =>
  name.endsWith("bias") ? "same" : rank === 4 ? "kernel" : "linear";

describeOnBackends("UNet2DConditionModel against diffusers", ({ tolerance }) => {
  for (const name of cases) {
    describe(name, async () => {
      const golden = await readCase(name);
      const config = parseUnet2dConditionConfig(golden.config);
      let weights: Weights;
      let inputs: Unet2dConditionInputs;
      beforeAll(async () => {
        weights = await loadWeights(golden.weights, unet2dConditionParameters(config));
        inputs = inputsOf(golden);
      });
      afterAll(() => {
        disposeWeights(weights);
        tf.dispose(inputs as unknown as Record<string, tf.Tensor>);
      });

      it("gives the same output and leaves no tensor behind", async () => {
        const before = tf.memory().numTensors;
        const output = unet2dConditionForward(config, weights, inputs);
        expect(tf.memory().numTensors).toBe(before + 1);
        expect(await relativeError(output, golden, "output")).toBeLessThan(tolerance);
        output.dispose();
      });

      if (golden.meta["probe"]) {
        it("shows the attention of one layer to each text token", async () => {
          const layers: string[] = [];
          let probabilities: tf.Tensor4D | undefined;
          const output = unet2dConditionForward(config, weights, {
            ...inputs,
            onCrossAttention: (layer, found) => {
              layers.push(layer);
              if (layer === golden.meta["probe"]) probabilities = tf.keep(tf.clone(found));
            },
          });
          expect(layers).toHaveLength(11);
          if (!probabilities)
            throw new Error(`${String(golden.meta["probe"])} was not seen among ${layers.join(", ")}.`);
          expect(await relativeError(probabilities, golden, "probabilities", "same")).toBeLessThan(tolerance);
          tf.dispose([probabilities, output]);
        });
      }

      if (golden.meta["residuals"]) {
        it("adds a ControlNet's residuals", async () => {
          const count = golden.meta["residuals"] as number;
          const residuals = Array.from(
            { length: count },
            (_, i) => tensorOf(golden, `residual.${String(i)}`) as tf.Tensor4D,
          );
          const before = tf.memory().numTensors;
          const output = unet2dConditionForward(config, weights, {
            ...inputs,
            downBlockAdditionalResiduals: residuals.slice(0, -1),
            midBlockAdditionalResidual: residuals.at(-1) as tf.Tensor4D,
          });
          expect(tf.memory().numTensors).toBe(before + 1);
          expect(await relativeError(output, golden, "outputWithResiduals")).toBeLessThan(tolerance);
          const wrongCount = { ...inputs, downBlockAdditionalResiduals: residuals.slice(0, 3) };
          expect(() => unet2dConditionForward(config, weights, wrongCount)).toThrow("has 3 tensors");
          tf.dispose([output, ...residuals]);
        });
      }

      const gradients = [...golden.arrays.keys()].filter((key) => key.startsWith("gradient."));
      if (gradients.length > 0) {
        it("has the same gradients", async () => {
          const names = gradients.map((key) => key.slice("gradient.".length));
          const cotangent = tensorOf(golden, "cotangent");
          // What a file in half precision holds is trained in float32.
          const dense = widenWeights(weights);
          const originals = names.map((parameter) => dense[parameter] as tf.Tensor);
          const before = tf.memory().numTensors;
          const { value, grads } = tf.valueAndGrads((...given: tf.Tensor[]) => {
            const changed = Object.fromEntries(
              names.map((parameter, i) => [parameter, given[i] as tf.Tensor]),
            );
            return tf.sum(
              tf.mul(unet2dConditionForward(config, { ...weights, ...changed }, inputs), cotangent),
            );
          })(originals);
          expect(tf.memory().numTensors).toBe(before + 1 + grads.length);
          for (const [i, key] of gradients.entries()) {
            const gradient = grads[i] as tf.Tensor;
            expect(await relativeError(gradient, golden, key, layoutOf(key, gradient.rank))).toBeLessThan(
              10 * tolerance,
            );
          }
          tf.dispose([value, cotangent, ...grads]);
        });
      }
    });
  }
});

describe("UNet2DConditionModel refuses", async () => {
  const golden = await readCase("unet-sd1");
  const config = parseUnet2dConditionConfig(golden.config);
  const states = (batch: number, width: number): tf.Tensor3D => tf.zeros([batch, 5, width]);
  const sample = tf.zeros<tf.Rank.R4>([2, 8, 8, 4]);

  it.each([
    ["SDXL's embeddings", { addition_embed_type: "text_time" }, "addition_embed_type"],
    [
      "blocks of other models",
      { down_block_types: ["SimpleCrossAttnDownBlock2D", "DownBlock2D", "DownBlock2D"] },
      "down_block_types",
    ],
    ["lists of different lengths", { block_out_channels: [8, 16] }, "block_types"],
    ["heads that do not divide the channels", { attention_head_dim: 3 }, "attention_head_dim"],
    ["groups that do not divide the channels", { norm_num_groups: 3 }, "norm_num_groups"],
    ["no norms", { norm_num_groups: null }, "norm_num_groups"],
    ["image prompts", { encoder_hid_dim: 8, encoder_hid_dim_type: "ip_image_proj" }, "encoder_hid_dim_type"],
    ["dual attention", { dual_cross_attention: true }, "dual_cross_attention"],
    ["gated attention", { attention_type: "gated" }, "attention_type"],
    ["Fourier embeddings", { time_embedding_type: "fourier" }, "time_embedding_type"],
    ["num_attention_heads, as diffusers does", { num_attention_heads: 4 }, "num_attention_heads"],
    ["an option that it has never heard of", { flux_capacitor: 3 }, "flux_capacitor"],
    ["another class", { _class_name: "UNet3DConditionModel" }, "UNet3DConditionModel"],
  ])("%s, by name", (_, change, message) => {
    expect(() => parseUnet2dConditionConfig({ ...golden.config, ...change })).toThrow(message);
  });

  it("takes an unknown option that says no", () => {
    expect(parseUnet2dConditionConfig({ ...golden.config, some_new_option: null, another: false })).toEqual(
      config,
    );
  });

  it("inputs that do not fit, by name", () => {
    const forward = (inputs: Partial<Unet2dConditionInputs>): tf.Tensor =>
      unet2dConditionForward(
        config,
        {},
        { sample, timestep: 1, encoderHiddenStates: states(2, 12), ...inputs },
      );
    expect(() => forward({ sample: tf.zeros([2, 8, 8, 3]) })).toThrow("sample is [2, 8, 8, 3]");
    expect(() => forward({ encoderHiddenStates: states(2, 16) })).toThrow(
      "encoderHiddenStates is [2, 5, 16]",
    );
    expect(() => forward({ encoderHiddenStates: states(1, 12) })).toThrow(
      "batch of 2, encoderHiddenStates of 1",
    );
    expect(() => forward({ classLabels: 1 })).toThrow();
  });
});

describe("guidanceScaleEmbedding", () => {
  it("is 1 and 0 in halves for guidance 1, and differs for every other scale", async () => {
    expect(Array.from(await guidanceScaleEmbedding(1, 6).data())).toEqual([0, 0, 0, 1, 1, 1]);
    const values = await guidanceScaleEmbedding(8.5, 4).data();
    [Math.sin(7500), Math.sin(0.75), Math.cos(7500), Math.cos(0.75)].forEach((expected, i) => {
      expect(values[i]).toBeCloseTo(expected, 3);
    });
  });
});
