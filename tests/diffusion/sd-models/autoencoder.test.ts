import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAutoencoderKlConfig } from "../../../src/diffusion/models/autoencoder-kl-config.ts";
import {
  autoencoderKlDecode,
  autoencoderKlEncode,
  autoencoderKlParameters,
  drawLatents,
  latentMode,
  scaleLatents,
  unscaleLatents,
} from "../../../src/diffusion/models/autoencoder-kl.ts";
import {
  autoencoderTinyDecode,
  autoencoderTinyEncode,
  autoencoderTinyParameters,
  parseAutoencoderTinyConfig,
} from "../../../src/diffusion/models/autoencoder-tiny.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { Weights } from "../../../src/diffusion/weights/parameters.ts";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { readCase, relativeError, tensorOf, type GoldenCase } from "./golden-case.ts";

const picture = (golden: GoldenCase, name: string): tf.Tensor4D => tensorOf(golden, name) as tf.Tensor4D;

describeOnBackends("AutoencoderKL against diffusers", ({ tolerance }) => {
  for (const name of ["vae-sd", "vae-bare", "vae-old-names"]) {
    describe(name, async () => {
      const golden = await readCase(name);
      const config = parseAutoencoderKlConfig(golden.config);
      let weights: Weights;
      beforeAll(async () => {
        weights = await loadWeights(golden.weights, autoencoderKlParameters(config));
      });
      afterAll(() => disposeWeights(weights));

      it("encodes: mode, logarithm of the variance and torch's draw", async () => {
        const before = tf.memory().numTensors;
        const sample = picture(golden, "sample");
        const distribution = autoencoderKlEncode(config, weights, sample);
        const mode = latentMode(distribution);
        const draw = drawLatents(distribution, TorchGenerator.fromSeed(11));
        expect(await relativeError(mode, golden, "mean")).toBeLessThan(tolerance);
        expect(await relativeError(distribution.logvar, golden, "logvar")).toBeLessThan(tolerance);
        expect(await relativeError(draw, golden, "draw")).toBeLessThan(tolerance);
        tf.dispose([sample, distribution.mean, distribution.logvar, mode, draw]);
        expect(tf.memory().numTensors).toBe(before);
      });

      it("decodes, the whole batch or one picture at a time", async () => {
        const before = tf.memory().numTensors;
        const latents = picture(golden, "latents");
        for (const slicing of [false, true]) {
          const decoded = autoencoderKlDecode(config, weights, latents, { slicing });
          expect(await relativeError(decoded, golden, "decoded")).toBeLessThan(tolerance);
          decoded.dispose();
        }
        latents.dispose();
        expect(tf.memory().numTensors).toBe(before);
      });

      if (golden.arrays.has("tiledSample")) {
        it("encodes and decodes in tiles", async () => {
          const before = tf.memory().numTensors;
          const sample = picture(golden, "tiledSample");
          const latents = picture(golden, "tiledLatents");
          const distribution = autoencoderKlEncode(config, weights, sample, { tiling: true });
          const decoded = autoencoderKlDecode(config, weights, latents, { tiling: true, slicing: true });
          expect(await relativeError(distribution.mean, golden, "tiledMean")).toBeLessThan(tolerance);
          expect(await relativeError(decoded, golden, "tiledDecoded")).toBeLessThan(tolerance);
          const whole = autoencoderKlDecode(config, weights, latents, { tiling: true, tileSize: 40 });
          const plain = autoencoderKlDecode(config, weights, latents);
          expect(await whole.data()).toEqual(await plain.data());
          tf.dispose([sample, latents, distribution.mean, distribution.logvar, decoded, whole, plain]);
          expect(tf.memory().numTensors).toBe(before);
        });
      }
    });
  }
});

describeOnBackends("AutoencoderTiny against diffusers", ({ tolerance }) => {
  for (const name of ["taesd", "taesd-other"]) {
    it(`${name} encodes and decodes`, async () => {
      const golden = await readCase(name);
      const config = parseAutoencoderTinyConfig(golden.config);
      const weights = await loadWeights(golden.weights, autoencoderTinyParameters(config));
      const before = tf.memory().numTensors;
      const sample = picture(golden, "sample");
      const latents = picture(golden, "latents");
      const encoded = autoencoderTinyEncode(config, weights, sample);
      const decoded = autoencoderTinyDecode(config, weights, latents);
      expect(await relativeError(encoded, golden, "encoded")).toBeLessThan(tolerance);
      expect(await relativeError(decoded, golden, "decoded")).toBeLessThan(tolerance);
      tf.dispose([sample, latents, encoded, decoded]);
      expect(tf.memory().numTensors).toBe(before);
      disposeWeights(weights);
    });
  }
});

describe("autoencoders", async () => {
  const kl = await readCase("vae-bare");
  const tiny = await readCase("taesd");
  const config = parseAutoencoderKlConfig(kl.config);

  it.each([
    [
      "other blocks",
      { down_block_types: ["AttnDownEncoderBlock2D", "DownEncoderBlock2D"] },
      "down_block_types",
    ],
    ["lists of different lengths", { up_block_types: ["UpDecoderBlock2D"] }, "up_block_types"],
    ["groups that do not divide the channels", { norm_num_groups: 3 }, "norm_num_groups"],
    ["latents_mean", { latents_mean: [0, 0, 0] }, "latents_mean"],
    ["an unknown option", { use_magic: "yes" }, "use_magic"],
  ])("AutoencoderKL refuses %s, by name", (_, change, message) => {
    expect(() => parseAutoencoderKlConfig({ ...kl.config, ...change })).toThrow(message);
  });

  it.each([
    ["bilinear upsampling", { upsample_fn: "bilinear" }, "upsample_fn"],
    ["stages of different widths", { encoder_block_out_channels: [8, 16, 8] }, "encoder_block_out_channels"],
    ["lists of different lengths", { num_decoder_blocks: [1, 1] }, "num_decoder_blocks"],
  ])("AutoencoderTiny refuses %s, by name", (_, change, message) => {
    expect(() => parseAutoencoderTinyConfig({ ...tiny.config, ...change })).toThrow(message);
  });

  it("pictures that do not fit are refused with their size", () => {
    expect(() => autoencoderKlEncode(config, {}, tf.zeros([1, 7, 8, 3]))).toThrow("7×8");
    expect(() => autoencoderKlEncode(config, {}, tf.zeros([1, 8, 8, 4]))).toThrow("[1, 8, 8, 4]");
    expect(() => autoencoderKlDecode(config, {}, tf.zeros([1, 8, 8, 4]))).toThrow(
      "[batch, height, width, 3]",
    );
  });

  it("scales latents by (z − shift)·scale and back", async () => {
    const z = tf.tensor4d([1, -3], [1, 1, 1, 2]);
    expect(Array.from(await scaleLatents(config, z).data())).toEqual([1.5, -6.5]);
    expect(Array.from(await unscaleLatents(config, scaleLatents(config, z)).data())).toEqual([1, -3]);
  });

  it("draws with one generator a picture as with each alone", async () => {
    const mean = tf.zeros<tf.Rank.R4>([2, 2, 3, 2]);
    const generators = [3, 4].map((seed) => TorchGenerator.fromSeed(seed));
    const both = await drawLatents({ mean, logvar: mean }, generators).data();
    const one = tf.zeros<tf.Rank.R4>([1, 2, 3, 2]);
    const second = await drawLatents({ mean: one, logvar: one }, TorchGenerator.fromSeed(4)).data();
    expect(Array.from(both.slice(12))).toEqual(Array.from(second));
    expect(() => drawLatents({ mean, logvar: mean }, [...generators, ...generators])).toThrow("4 generators");
  });
});
