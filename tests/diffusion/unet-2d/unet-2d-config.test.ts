import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { parseUnet2dConfig, unet2dConfigToJson } from "../../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../../src/diffusion/models/unet-2d.ts";
import { countParameters, disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../../src/diffusion/weights/init-weights.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";
import { toFileLayout } from "../../../src/diffusion/weights/layout.ts";
import { goldenJson } from "../support/golden.ts";

/** The UNet2DModel of the diffusion course, unit 1. */
const COURSE = {
  sample_size: 28,
  in_channels: 1,
  out_channels: 1,
  layers_per_block: 2,
  block_out_channels: [32, 64, 64],
  down_block_types: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
  up_block_types: ["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
};

interface Published {
  readonly config: unknown;
  readonly count: number;
  readonly shapes: Record<string, string>;
}

interface Initial {
  readonly seed: number;
  readonly count: number;
  readonly parameters: Record<string, { shape: number[]; sum: number; first: number; last: number }>;
}

describe("parameters", () => {
  test("the course's model has 1,707,009", () => {
    expect(countParameters(unet2dParameters(parseUnet2dConfig(COURSE)))).toBe(1_707_009);
  });

  test.each(["ddpm-cifar10-32", "ddpm-celebahq-256"])(
    "google/%s has diffusers' names and shapes",
    async (name) => {
      const published = (await goldenJson<Record<string, Published>>("unet-2d/published.json"))[name];
      const specs = unet2dParameters(parseUnet2dConfig(published?.config));
      expect(Object.fromEntries(specs.map((spec) => [spec.name, spec.shape.join("x")]))).toEqual(
        published?.shapes,
      );
      expect(countParameters(specs)).toBe(published?.count);
    },
  );
});

describe("new weights", () => {
  beforeAll(async () => {
    await initRuntime({ backend: "cpu" });
  });

  test("are those that torch draws from the same seed, to the last bits", async () => {
    const golden = await goldenJson<Initial>("unet-2d/init.json");
    const specs = unet2dParameters(parseUnet2dConfig(COURSE));
    expect(countParameters(specs)).toBe(golden.count);
    const weights = initWeights(specs, golden.seed);
    for (const { name, kind, shape } of specs) {
      const expected = golden.parameters[name];
      const values = toFileLayout(kind, shape, (await weights[name]?.data()) as Float32Array);
      expect(values[0], name).toBeCloseTo(expected?.first ?? NaN, 7);
      expect(values.at(-1), name).toBeCloseTo(expected?.last ?? NaN, 7);
      expect(
        values.reduce((sum, value) => sum + value, 0),
        name,
      ).toBeCloseTo(expected?.sum ?? NaN, 4);
    }
    disposeWeights(weights);
  });
});

describe("config.json", () => {
  test("survives parse → write → parse", () => {
    const config = parseUnet2dConfig({
      ...COURSE,
      sample_size: [28, 20],
      attention_head_dim: null,
      norm_eps: 1e-6,
    });
    const json = unet2dConfigToJson(config);
    expect(json).toMatchObject({
      _class_name: "UNet2DModel",
      block_out_channels: [32, 64, 64],
      norm_eps: 1e-6,
    });
    expect(parseUnet2dConfig(JSON.parse(JSON.stringify(json)))).toEqual(config);
  });

  test("takes the block names of the first releases", () => {
    const old = {
      ...COURSE,
      down_block_types: ["UNetResDownBlock2D", "UNetResAttnDownBlock2D", "AttnDownBlock2D"],
    };
    expect(parseUnet2dConfig(old).downBlockTypes).toEqual([
      "DownBlock2D",
      "AttnDownBlock2D",
      "AttnDownBlock2D",
    ]);
  });

  test.each<[string, Record<string, unknown>]>([
    ["down_block_types", { down_block_types: ["DownBlock2D", "SkipDownBlock2D", "DownBlock2D"] }],
    ["up_block_types", { up_block_types: ["UpBlock2D"] }],
    ["act_fn", { act_fn: "tanh" }],
    ["attention_head_dim", { attention_head_dim: 100 }],
    ["norm_num_groups", { norm_num_groups: 5 }],
    ["resnet_time_scale_shift", { resnet_time_scale_shift: "spatial" }],
    ["downsample_padding", { downsample_padding: 2 }],
    ["sample_size", { sample_size: [28] }],
    ["num_train_timesteps", { time_embedding_type: "learned" }],
    ["encoder_hid_dim", { encoder_hid_dim: 32 }],
    ["_class_name", { _class_name: "UNet2DConditionModel" }],
  ])("refuses %s by name", (name, options) => {
    expect(() => parseUnet2dConfig({ ...COURSE, ...options })).toThrow(name);
  });
});

describe("inputs that do not fit", () => {
  const config = parseUnet2dConfig({
    ...COURSE,
    block_out_channels: [4, 4, 4],
    norm_num_groups: 2,
    attention_head_dim: 2,
  });
  const weights = () => initWeights(unet2dParameters(config), 1);

  test.each<[RegExp, [number, number, number, number], number | number[]]>([
    [/sample is \[1, 8, 8, 3\]; this U-Net takes \[batch, height, width, 1\]/, [1, 8, 8, 3], 1],
    [/sample is 6×8; .*multiples of 4/, [1, 6, 8, 1], 1],
    [/timestep: 3 values for a batch of 2/, [2, 8, 8, 1], [1, 2, 3]],
  ])("%s", (message, shape, timestep) => {
    const own = weights();
    const sample = tf.zeros<tf.Rank.R4>(shape);
    expect(() => unet2dForward(config, own, { sample, timestep })).toThrow(message);
    disposeWeights(own);
  });

  test("class labels for a model without classes", () => {
    const own = weights();
    const sample = tf.zeros<tf.Rank.R4>([1, 8, 8, 1]);
    expect(() => unet2dForward(config, own, { sample, timestep: 1, classLabels: [1] })).toThrow(
      /classLabels.*no class embedding/,
    );
    disposeWeights(own);
  });

  test("a missing weight, by name", () => {
    const sample = tf.zeros<tf.Rank.R4>([1, 8, 8, 1]);
    expect(() => unet2dForward(config, {}, { sample, timestep: 1 })).toThrow(
      /time_embedding\.linear_1\.weight/,
    );
  });
});
