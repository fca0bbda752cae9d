import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createScheduler, drawNoise, trainingTarget } from "../../../src/diffusion/schedulers/index.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";
import { relativeError } from "./golden.ts";

beforeAll(async () => {
  await initRuntime({ backend: "cpu" });
});

const shape: [number, number, number, number] = [2, 3, 4, 2];
const picture = (seed: number): tf.Tensor4D => drawNoise(TorchGenerator.fromSeed(seed), shape).noise;

describe("DDIM inversion", () => {
  it("leads from a picture to the noise that DDIM makes the picture from", async () => {
    const original = tf.tanh(picture(1));
    const noise = picture(2);
    const config = { clip_sample: false, set_alpha_to_one: true };
    const inverse = createScheduler({ _class_name: "DDIMInverseScheduler", ...config }).setTimesteps(10);
    const forward = createScheduler({ _class_name: "DDIMScheduler", ...config }).setTimesteps(10);
    expect(inverse.timesteps).toEqual([...forward.timesteps].reverse());
    let sample = original as tf.Tensor4D;
    inverse.timesteps.forEach((_, stepIndex) => {
      sample = inverse.step({ modelOutput: noise, sample, stepIndex }).prevSample;
    });
    const noisy = forward.addNoise(original, noise, 0);
    expect(relativeError(await sample.data(), await noisy.data())).toBeLessThan(1e-5);
    forward.timesteps.forEach((_, stepIndex) => {
      sample = forward.step({ modelOutput: noise, sample, stepIndex }).prevSample;
    });
    expect(relativeError(await sample.data(), await original.data())).toBeLessThan(2e-5);
  });
});

describe("noise", () => {
  it("is drawn in torch's order, batch, channels, height, width", async () => {
    const generator = TorchGenerator.fromSeed(3);
    const { noise, generator: advanced } = drawNoise(generator, shape);
    const torchOrder = await tf.transpose(noise, [0, 3, 1, 2]).data();
    const expected = generator.clone();
    expect(torchOrder).toEqual(expected.randn(48));
    expect(advanced.equals(expected)).toBe(true);
    expect(generator.equals(TorchGenerator.fromSeed(3))).toBe(true);
  });
});

describe("training", () => {
  const target = async (config: Record<string, unknown>): Promise<number[]> => {
    const [original, noise] = [tf.tensor2d([[1], [2]]), tf.tensor2d([[10], [20]])];
    return Array.from(await trainingTarget(createScheduler(config), original, noise, [0, 999]).data());
  };

  it("compares with the noise, the clean sample, the velocity or the flow", async () => {
    expect(await target({ _class_name: "DDPMScheduler" })).toEqual([10, 20]);
    expect(await target({ _class_name: "DDPMScheduler", prediction_type: "sample" })).toEqual([1, 2]);
    const velocity = await target({ _class_name: "DDPMScheduler", prediction_type: "v_prediction" });
    expect(velocity[0]).toBeCloseTo(Math.sqrt(1 - 1e-4) * 10 - 0.01, 4);
    expect(velocity[1]).toBeCloseTo(20 * 0.006353 - 2, 3);
    expect(await target({ _class_name: "FlowMatchEulerDiscreteScheduler" })).toEqual([9, 18]);
  });

  it("is differentiable through the forward process", async () => {
    const scheduler = createScheduler({ _class_name: "DDPMScheduler" });
    const noise = tf.tensor2d([[10], [20]]);
    const gradient = tf.grad((x) => scheduler.addNoise(x, noise, [0, 999]).sum());
    const values = await gradient(tf.tensor2d([[1], [2]])).data();
    [0, 999].forEach((t, i) =>
      expect(values[i]).toBeCloseTo(Math.sqrt(scheduler.alphasCumprod?.[t] ?? NaN), 6),
    );
  });

  it("refuses timesteps that do not exist, and the wrong number of them", () => {
    const scheduler = createScheduler({ _class_name: "DDPMScheduler" });
    const x = tf.zeros([2, 1]);
    expect(() => scheduler.addNoise(x, x, 1000)).toThrow(/timestep 1000 is no whole number from 0 to 999/);
    expect(() => scheduler.addNoise(x, x, [1, 2, 3])).toThrow(/3 timesteps for 2 samples/);
  });
});
