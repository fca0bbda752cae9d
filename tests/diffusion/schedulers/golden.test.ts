import * as tf from "@tensorflow/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { createScheduler } from "../../../src/diffusion/schedulers/index.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { golden, nhwc, relativeError, tensorOf, type GoldenCase } from "./golden.ts";
import { planOf, replay } from "./replay.ts";

/** Every option and every pair of options, on the backends that compute in plain float32. */
const tolerance = 1e-5;
/** webgpu's division and square root may be off by a few units in the last place. */
const webgpuTolerance = 1e-4;

const isThresholding = ({ config }: GoldenCase): boolean => config["thresholding"] === true;
const forWebgpu = golden.cases.filter((candidate, i) => {
  const same = (other: GoldenCase): boolean =>
    other.config._class_name === candidate.config._class_name &&
    isThresholding(other) === isThresholding(candidate);
  return golden.cases.findIndex(same) === i;
});

describe("plans", () => {
  it.each(golden.cases)("$key $title: timesteps, sigmas and first noise", (golden) => {
    const plan = planOf({ ...golden, strength: null });
    expect(relativeError(plan.timesteps, golden.timesteps)).toBeLessThanOrEqual(1e-6);
    if (golden.sigmas) expect(relativeError(plan.sigmas ?? [], golden.sigmas)).toBeLessThanOrEqual(1e-6);
    expect(relativeError([plan.initNoiseSigma], [golden.initNoiseSigma])).toBeLessThanOrEqual(1e-6);
    const whole = golden.timesteps.every(Number.isInteger);
    if (whole) expect(plan.timesteps).toEqual(golden.timesteps);
  });
});

describeOnBackends("scheduler loops", ({ name }) => {
  const cases = name === "webgpu" ? forWebgpu : golden.cases;
  const allowed = name === "webgpu" ? webgpuTolerance : tolerance;
  let worst = { error: 0, title: "" };
  afterAll(() => {
    console.log(
      `${name}: largest relative error of ${cases.length} loops ${worst.error.toExponential(1)} (${worst.title})`,
    );
  });

  it.each(cases)("$key $title $options strength $strength", async (golden) => {
    const before = tf.memory().numTensors;
    const errors = await replay(golden);
    const error = Math.max(errors.first, errors.samples, errors.guesses);
    if (error > worst.error) worst = { error, title: golden.title };
    expect(error, JSON.stringify(errors)).toBeLessThanOrEqual(allowed);
    expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  });
});

describeOnBackends("forward process", ({ name }) => {
  const allowed = name === "webgpu" ? 1e-5 : 1e-6;
  it.each(golden.forward)("$className with a timestep for each sample", async ({ className, timesteps }) => {
    const before = tf.memory().numTensors;
    const scheduler = createScheduler({ _class_name: className });
    const [original, noise] = [tensorOf("original"), tensorOf("forward.noise")];
    const noisy = scheduler.addNoise(original, noise, timesteps);
    const velocity = scheduler.getVelocity(original, noise, timesteps);
    expect(relativeError(await noisy.data(), nhwc(`forward.${className}.noisy`))).toBeLessThanOrEqual(
      allowed,
    );
    expect(relativeError(await velocity.data(), nhwc(`forward.${className}.velocity`))).toBeLessThanOrEqual(
      allowed,
    );
    tf.dispose([original, noise, noisy, velocity]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
