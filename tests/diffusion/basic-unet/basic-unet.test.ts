import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import {
  basicUnetConfigToJson,
  basicUnetForward,
  basicUnetParameters,
  defaultBasicUnetConfig,
  parseBasicUnetConfig,
} from "../../../src/diffusion/models/basic-unet.ts";
import { countParameters, disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../../src/diffusion/weights/init-weights.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { pictureError, pictures, readGolden, take } from "../support/golden.ts";

const GOLDEN = "basic-unet/basic-unet.safetensors";

interface Facts {
  readonly seed: number;
  readonly count: number;
}

describeOnBackends("BasicUNet of the course", ({ tolerance }) => {
  test("drawn from torch's seed, gives torch's output", async () => {
    const { arrays, facts } = await readGolden<Facts>(GOLDEN);
    const weights = initWeights(basicUnetParameters(defaultBasicUnetConfig), facts.seed);
    const sample = pictures(take(arrays, "sample"));
    const before = tf.memory().numTensors;
    const output = basicUnetForward(defaultBasicUnetConfig, weights, { sample });
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(await pictureError(output, take(arrays, "output"))).toBeLessThanOrEqual(tolerance);
    tf.dispose([sample, output]);
    disposeWeights(weights);
  });
});

describe("BasicUNet's config", () => {
  test("has the course's 309,057 parameters", async () => {
    const { facts } = await readGolden<Facts>(GOLDEN);
    expect(countParameters(basicUnetParameters(defaultBasicUnetConfig))).toBe(309_057);
    expect(facts.count).toBe(309_057);
  });

  test("survives its own config.json", () => {
    const config = { inChannels: 3, outChannels: 2 };
    expect(parseBasicUnetConfig(basicUnetConfigToJson(config))).toEqual(config);
  });

  test("refuses what it does not know, by name", () => {
    expect(() => parseBasicUnetConfig({ in_channels: 0 })).toThrow(/in_channels/);
    expect(() => parseBasicUnetConfig({ depth: 4 })).toThrow(/depth/);
    expect(() => parseBasicUnetConfig({ _class_name: "UNet2DModel" })).toThrow(/UNet2DModel/);
  });

  test("names the sample that does not fit", () => {
    const sample = tf.zeros<tf.Rank.R4>([1, 6, 8, 1]);
    expect(() => basicUnetForward(defaultBasicUnetConfig, {}, { sample })).toThrow(
      /sample is \[1, 6, 8, 1\].*multiples of 4/,
    );
  });
});
