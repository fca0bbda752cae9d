import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import {
  basicUnetForward,
  basicUnetParameters,
  defaultBasicUnetConfig,
} from "../../../src/diffusion/models/basic-unet.ts";
import { parseUnet2dConfig } from "../../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../../src/diffusion/models/unet-2d.ts";
import { createScheduler } from "../../../src/diffusion/schedulers/create-scheduler.ts";
import { defaultAdam, defaultAdamW } from "../../../src/diffusion/training/adam.ts";
import { corrupt } from "../../../src/diffusion/training/corrupt.ts";
import { defaultEma, initEma, updateEma } from "../../../src/diffusion/training/ema.ts";
import { lossAndGradients } from "../../../src/diffusion/training/gradients.ts";
import { learningRateFactor } from "../../../src/diffusion/training/learning-rate.ts";
import { mseLoss } from "../../../src/diffusion/training/losses.ts";
import { disposeOptimizerState, initOptimizer } from "../../../src/diffusion/training/optimizer.ts";
import {
  ddpmTrainStep,
  trainStep,
  type TrainStepResult,
} from "../../../src/diffusion/training/train-step.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../../src/diffusion/weights/init-weights.ts";
import { toFileLayout } from "../../../src/diffusion/weights/layout.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { DenseWeights, ParameterSpec, Weights } from "../../../src/diffusion/weights/parameters.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { goldenJson, goldenSource, pictures, readGolden, relativeError, take } from "../support/golden.ts";

interface Facts {
  readonly losses: number[];
  readonly norms: number[];
  readonly seed: number;
  /** Which values of each weight are kept. */
  readonly every: number;
}

const STEPS = 4;

/** Largest relative error over all parameters, each against its own largest value. `every` is the golden's sampling. */
async function weightsError(
  weights: Weights,
  specs: readonly ParameterSpec[],
  expected: (name: string) => Float32Array,
  every = 1,
): Promise<{ error: number; name: string }> {
  let worst = { error: 0, name: "" };
  for (const { name, kind, shape } of specs) {
    const values = toFileLayout(kind, shape, (await weights[name]?.data()) as Float32Array).filter(
      (_, i) => i % every === 0,
    );
    const error = relativeError(values, expected(name));
    if (error > worst.error) worst = { error, name };
  }
  return worst;
}

describeOnBackends("training steps are torch's", ({ tolerance }) => {
  test("UNet2DModel: AdamW, cosine with warm-up, clipping, EMA", async () => {
    const { arrays, facts } = await readGolden<Facts>("training/unet-steps.safetensors");
    const config = parseUnet2dConfig(await goldenJson("training/tiny-unet/config.json"));
    const specs = unet2dParameters(config);
    const forward = (weights: Weights, inputs: Parameters<typeof unet2dForward>[2]) =>
      unet2dForward(config, weights, inputs);
    const scheduler = createScheduler({ _class_name: "DDPMScheduler" });
    let weights = (await loadWeights(
      await goldenSource("training/tiny-unet/diffusion_pytorch_model.safetensors"),
      specs,
    )) as DenseWeights;
    let optimizerState = initOptimizer(weights);
    const emaConfig = { ...defaultEma, decay: 0.5, useEmaWarmup: true, power: 0.75 };
    let ema = initEma(weights);
    const losses: number[] = [];
    const norms: number[] = [];
    const before = tf.memory().numTensors;
    for (let step = 0; step < STEPS; step++) {
      const sample = pictures(take(arrays, `sample.${String(step)}`));
      const noise = pictures(take(arrays, `noise.${String(step)}`));
      const timesteps = Array.from(take(arrays, `timesteps.${String(step)}`).values);
      if (step === 0) {
        const first = lossAndGradients(weights, (current) =>
          mseLoss(
            forward(current, {
              sample: scheduler.addNoise(sample, noise, timesteps) as tf.Tensor4D,
              timestep: timesteps,
            }),
            noise,
          ),
        );
        const largest = Math.max(
          ...specs.flatMap(({ name }) => Array.from(take(arrays, `gradient.${name}`).values, Math.abs)),
        );
        for (const { name, kind, shape } of specs) {
          const values = toFileLayout(kind, shape, (await first.gradients[name]?.data()) as Float32Array);
          // Against the largest of all gradients: some vanish but for rounding.
          const expected = take(arrays, `gradient.${name}`).values;
          const difference = Math.max(...values.map((value, i) => Math.abs(value - (expected[i] ?? NaN))));
          expect(difference / largest, name).toBeLessThanOrEqual(tolerance);
        }
        disposeWeights(first.gradients);
        first.loss.dispose();
      }
      const learningRate =
        2e-3 * learningRateFactor({ kind: "cosine", numWarmupSteps: 2, numTrainingSteps: 8 }, step);
      const optimizer = { ...defaultAdamW, beta1: 0.95, epsilon: 1e-5, weightDecay: 0.01 };
      const next = ddpmTrainStep({
        weights,
        optimizerState,
        optimizer,
        learningRate,
        maxGradNorm: 0.8,
        forward,
        scheduler,
        sample,
        noise,
        timesteps,
      });
      losses.push(...(await next.loss.data()));
      norms.push(...(await next.gradientNorm.data()));
      const averaged = updateEma(emaConfig, ema, next.weights);
      disposeWeights(weights);
      disposeOptimizerState(optimizerState);
      disposeWeights(ema.weights);
      tf.dispose([sample, noise, next.loss, next.gradientNorm]);
      ({ weights, optimizerState } = next);
      ema = averaged;
      expect(tf.memory().numTensors, `tensors after step ${String(step)}`).toBe(before);
    }
    expect(relativeError(losses, facts.losses)).toBeLessThanOrEqual(tolerance);
    expect(relativeError(norms, facts.norms)).toBeLessThanOrEqual(tolerance);
    const trained = await weightsError(weights, specs, (name) => take(arrays, `weight.${name}`).values);
    expect(trained.error, `weight ${trained.name}`).toBeLessThanOrEqual(tolerance);
    const average = await weightsError(ema.weights, specs, (name) => take(arrays, `ema.${name}`).values);
    expect(average.error, `average ${average.name}`).toBeLessThanOrEqual(tolerance);
    disposeWeights(weights);
    disposeWeights(ema.weights);
    disposeOptimizerState(optimizerState);
  });

  test("BasicUNet: the course's corruption, MSE and Adam", async () => {
    const { arrays, facts } = await readGolden<Facts>("training/basic-unet-steps.safetensors");
    const specs = basicUnetParameters(defaultBasicUnetConfig);
    let weights = initWeights(specs, facts.seed);
    let optimizerState = initOptimizer(weights);
    const losses: number[] = [];
    const norms: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      const sample = pictures(take(arrays, `sample.${String(step)}`));
      const noise = pictures(take(arrays, `noise.${String(step)}`));
      const noisy = corrupt(sample, noise, take(arrays, `amount.${String(step)}`).values);
      const next: TrainStepResult = trainStep({
        weights,
        optimizerState,
        optimizer: defaultAdam,
        learningRate: 1e-3,
        loss: (current) =>
          mseLoss(basicUnetForward(defaultBasicUnetConfig, current, { sample: noisy }), sample),
      });
      losses.push(...(await next.loss.data()));
      norms.push(...(await next.gradientNorm.data()));
      disposeWeights(weights);
      disposeOptimizerState(optimizerState);
      tf.dispose([sample, noise, noisy, next.loss, next.gradientNorm]);
      ({ weights, optimizerState } = next);
    }
    expect(relativeError(losses, facts.losses)).toBeLessThanOrEqual(tolerance);
    expect(relativeError(norms, facts.norms)).toBeLessThanOrEqual(tolerance);
    const { every } = facts;
    const trained = await weightsError(
      weights,
      specs,
      (name) => take(arrays, `weight.${name}`).values,
      every,
    );
    expect(trained.error, `weight ${trained.name}`).toBeLessThanOrEqual(tolerance);
    disposeWeights(weights);
    disposeOptimizerState(optimizerState);
  });
});
