import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  cloneSchedulerState,
  createScheduler,
  disposeSchedulerState,
  drawNoise,
  schedulerCatalogue,
  schedulerStateBytes,
  sliceForStrength,
  type SamplingPlan,
  type SchedulerState,
  type StepResult,
} from "../../../src/diffusion/schedulers/index.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";
import { relativeError } from "./golden.ts";
import { variants, type Variant } from "./variants.ts";

const STEPS = 7;
const shape: [number, number, number, number] = [2, 3, 4, 2];

beforeAll(async () => {
  await initRuntime({ backend: "cpu" });
});

const planFor = ({ config, options }: Variant, steps = STEPS): SamplingPlan =>
  createScheduler(config).setTimesteps(steps, options);

const pictureOf = (seed: number): tf.Tensor4D => drawNoise(TorchGenerator.fromSeed(seed), shape).noise;

interface Loop {
  readonly sample: Float32Array;
  readonly generator: TorchGenerator | undefined;
}

type Model = (input: tf.Tensor4D, stepIndex: number, sample: tf.Tensor4D) => tf.Tensor4D;

/** Walks a plan from `sample`, which it takes over. */
async function walk(
  plan: SamplingPlan,
  model: Model,
  from: tf.Tensor4D,
  seed: number,
  onStep?: (result: StepResult, i: number) => void,
): Promise<Loop> {
  let sample = from;
  let generator: TorchGenerator | undefined = plan.needsGenerator ? TorchGenerator.fromSeed(seed) : undefined;
  let state: SchedulerState | undefined;
  for (let i = 0; i < plan.timesteps.length; i += 1) {
    const input = plan.scaleModelInput(sample, i);
    const modelOutput = model(input, i, sample);
    const result = plan.step({ modelOutput, sample, stepIndex: i, state, generator });
    onStep?.(result, i);
    tf.dispose([input, modelOutput, sample, result.predOriginalSample]);
    disposeSchedulerState(state);
    ({ prevSample: sample, state, generator } = result);
  }
  disposeSchedulerState(state);
  const values = (await sample.data()) as Float32Array;
  sample.dispose();
  return { sample: values, generator };
}

const anyModel: Model = (input, i) => tf.tidy(() => tf.add(tf.mul(tf.sin(input), 0.5), 0.1 * i));

const startOf = (plan: SamplingPlan, seed: number): tf.Tensor4D =>
  tf.tidy(() => tf.mul(pictureOf(seed), plan.initNoiseSigma));

describe.each(variants)("$name", (variant) => {
  it("has monotone timesteps, a sigma for each and one more, and says how long it is", () => {
    const plan = planFor(variant);
    const steps = plan.timesteps;
    const rises =
      variant.config._class_name === "DDIMInverseScheduler" || variant.config["invert_sigmas"] === true;
    const pairs = steps.slice(1).map((t, i) => [steps[i] ?? NaN, t] as const);
    expect(pairs.every(([before, after]) => (rises ? after >= before : after <= before))).toBe(true);
    if (plan.sigmas) expect(plan.sigmas).toHaveLength(steps.length + 1);
    expect(plan.numInferenceSteps).toBe(STEPS);
    expect(Object.isFrozen(plan)).toBe(true);
  });

  it("keeps the shape, changes no argument, and leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    const plan = planFor(variant);
    const first = startOf(plan, 3);
    const kept = first.clone();
    const values = Array.from(await kept.data());
    await walk(plan, anyModel, first, 5, ({ prevSample, predOriginalSample }) => {
      expect(prevSample.shape).toEqual(shape);
      expect(predOriginalSample.shape).toEqual(shape);
      expect(prevSample.dtype).toBe("float32");
    });
    expect(Array.from(await kept.data())).toEqual(values);
    kept.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("gives the same result for the same seed, and another for another where it draws noise", async () => {
    const plan = planFor(variant);
    const [a, b, other] = [
      await walk(plan, anyModel, startOf(plan, 3), 5),
      await walk(planFor(variant), anyModel, startOf(plan, 3), 5),
      await walk(plan, anyModel, startOf(plan, 3), 6),
    ];
    expect(a.sample).toEqual(b.sample);
    expect(a.sample.every(Number.isFinite)).toBe(true);
    expect(relativeError(other.sample, a.sample) > 1e-4).toBe(plan.needsGenerator);
  });

  it("gives each output an owner of its own: any of them may be freed first", async () => {
    const plan = planFor(variant);
    const [sample, modelOutput] = [startOf(plan, 3), pictureOf(4)];
    const generator = TorchGenerator.fromSeed(5);
    const result = plan.step({ modelOutput, sample, stepIndex: 0, generator });
    tf.dispose([sample, modelOutput]);
    const values = Array.from(await result.predOriginalSample.data());
    result.prevSample.dispose();
    disposeSchedulerState(result.state);
    expect(Array.from(await result.predOriginalSample.data())).toEqual(values);
    result.predOriginalSample.dispose();
    expect(generator.equals(TorchGenerator.fromSeed(5))).toBe(true);
    expect(result.generator?.equals(generator)).toBe(!plan.needsGenerator);
  });

  it("forks at any step: the same state may be stepped from twice", async () => {
    const plan = planFor(variant);
    const forked: {
      state: SchedulerState | undefined;
      sample: tf.Tensor4D;
      generator: TorchGenerator | undefined;
    }[] = [];
    const half = 3;
    const whole = await walk(plan, anyModel, startOf(plan, 3), 5, ({ state, prevSample, generator }, i) => {
      if (i !== half) return;
      const copy = state && cloneSchedulerState(state);
      expect(schedulerStateBytes(copy)).toBe(Object.keys(copy?.tensors ?? {}).length * 48 * 4);
      forked.push({ state: copy, sample: prevSample.clone(), generator });
    });
    const [fork] = forked;
    if (!fork) throw new Error("The loop is shorter than the fork.");
    let { state, sample, generator } = fork;
    for (let i = half + 1; i < plan.timesteps.length; i += 1) {
      const input = plan.scaleModelInput(sample, i);
      const modelOutput = anyModel(input, i, sample);
      const again = plan.step({ modelOutput, sample, stepIndex: i, state, generator });
      const result = plan.step({ modelOutput, sample, stepIndex: i, state, generator });
      expect(await again.prevSample.data()).toEqual(await result.prevSample.data());
      tf.dispose([
        input,
        modelOutput,
        sample,
        result.predOriginalSample,
        again.prevSample,
        again.predOriginalSample,
      ]);
      disposeSchedulerState(again.state);
      disposeSchedulerState(state);
      ({ prevSample: sample, state, generator } = result);
    }
    expect(await sample.data()).toEqual(whole.sample);
    sample.dispose();
    disposeSchedulerState(state);
  });

  it("recovers x_0 from a model that knows it", async () => {
    // 10 steps: PNDM's Runge-Kutta start halves the stride, and misses a timestep by one where it is odd.
    const plan = planFor(variant, 10);
    const original = tf.tidy(() => tf.tanh(pictureOf(8)));
    const result = await walk(plan, perfectModel(plan, original), startOf(plan, 3), 5);
    const error = relativeError(result.sample, await original.data());
    expect(error).toBeLessThanOrEqual(variant.recovers ?? 2e-5);
    original.dispose();
  });

  it("refuses a wrong shape, a step out of range, a state of another, and noise without a generator", () => {
    const plan = planFor(variant);
    const name = variant.config._class_name;
    const [sample, modelOutput, wrong] = [startOf(plan, 3), pictureOf(4), tf.zeros<tf.Rank.R4>([2, 3, 4, 5])];
    const generator = TorchGenerator.fromSeed(5);
    const step = { modelOutput, sample, stepIndex: 0, generator };
    const before = tf.memory().numTensors;
    expect(() => plan.step({ ...step, modelOutput: wrong })).toThrow(
      new RegExp(`${name} step 0: modelOutput is \\[2,3,4,5\\]; it must be \\[2,3,4,2\\]`),
    );
    expect(() => plan.step({ ...step, stepIndex: plan.timesteps.length })).toThrow(
      /stepIndex is \d+, outside of 0…/,
    );
    expect(() => plan.scaleModelInput(sample, -1)).toThrow(/stepIndex is -1/);
    const foreign: SchedulerState = { className: "OtherScheduler", tensors: {}, counters: {} };
    expect(() => plan.step({ ...step, state: foreign })).toThrow(/the state comes from OtherScheduler/);
    if (plan.needsGenerator) {
      const highest = plan.timesteps.indexOf(Math.max(...plan.timesteps));
      expect(() => plan.step({ ...step, stepIndex: highest, generator: undefined })).toThrow(
        /draws noise: give it a generator/,
      );
    }
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([sample, modelOutput, wrong]);
  });

  it("refuses counts that are no number of steps, and run options of other schedulers, by name", () => {
    const scheduler = createScheduler(variant.config);
    for (const count of [0, -1, 1.5, NaN]) {
      expect(() => scheduler.setTimesteps(count)).toThrow(/numInferenceSteps is .*at least 1/);
    }
    const known =
      schedulerCatalogue.find((entry) => entry.className === scheduler.className)?.samplingOptions ?? [];
    if (!known.includes("eta"))
      expect(() => scheduler.setTimesteps(STEPS, { eta: 0.5 })).toThrow(/cannot set "eta"/);
    if (!known.includes("sChurn"))
      expect(() => scheduler.setTimesteps(STEPS, { sChurn: 1 })).toThrow(/cannot set "sChurn"/);
  });

  it("adds the noise of a step, and cuts a run by strength", async () => {
    const plan = planFor(variant, 10);
    const sliced = sliceForStrength(plan, 0.35);
    expect(sliced.beginIndex).toBe(7 * plan.order);
    expect(sliced.timesteps).toEqual(plan.timesteps.slice(7 * plan.order));
    const [original, noise] = [tf.tidy(() => tf.tanh(pictureOf(8))), pictureOf(9)];
    const noisy = sliced.addNoise(original, noise, 0) as tf.Tensor4D;
    const whole = plan.addNoise(original, noise, 7 * plan.order);
    expect(await noisy.data()).toEqual(await whole.data());
    const result = await walk(sliced, perfectModel(sliced, original), noisy, 5);
    const error = relativeError(result.sample, await original.data());
    // A history begun in the middle of LMS's schedule counts the missing slopes as 0, and a sliced PNDM run begins with
    // a step that belongs to a whole one; diffusers' do too.
    if (!["LMSDiscreteScheduler", "PNDMScheduler"].includes(variant.config._class_name)) {
      expect(error).toBeLessThanOrEqual(variant.recovers ?? 2e-5);
    }
    for (const strength of [0, 1.2, NaN])
      expect(() => sliceForStrength(plan, strength)).toThrow(/strength is/);
    expect(() => sliceForStrength(plan, 0.05)).toThrow(/leaves none.*at least 0.1/);
    tf.dispose([original, noise, whole]);
  });
});

/** A model that returns what would be right for `original`, whatever noise the sample holds. */
function perfectModel(plan: SamplingPlan, original: tf.Tensor4D): Model {
  const { scheduler } = plan;
  const zeros = tf.zeros<tf.Rank.R4>(shape);
  const ones = tf.ones<tf.Rank.R4>(shape);
  // The plan itself tells α and σ of each step: it adds noise of 1 to 0, and of 0 to 1.
  const levels = plan.timesteps.map((_, i) => ({
    sigma: plan.addNoise(zeros, ones, i),
    alpha: plan.addNoise(ones, zeros, i),
  }));
  tf.dispose([zeros, ones]);
  return (_, i, sample) => {
    const level = levels[i];
    if (!level) throw new Error(`There is no step ${i}.`);
    const output = tf.tidy(() => {
      const { alpha, sigma } = level;
      const noise = tf.div(tf.sub(sample, tf.mul(original, alpha)), sigma);
      switch (scheduler.predictionType) {
        case "epsilon":
          return noise;
        case "sample":
          return original.clone();
        case "flow_prediction":
          return scheduler.config["invert_sigmas"] === true
            ? tf.sub(original, noise)
            : tf.sub(noise, original);
        case "v_prediction": {
          const norm = tf.sqrt(tf.add(tf.square(alpha), tf.square(sigma)));
          return tf.sub(tf.mul(tf.div(alpha, norm), noise), tf.mul(tf.div(sigma, norm), original));
        }
      }
    }) as tf.Tensor4D;
    if (i === levels.length - 1) levels.forEach(({ alpha, sigma }) => tf.dispose([alpha, sigma]));
    return output;
  };
}
