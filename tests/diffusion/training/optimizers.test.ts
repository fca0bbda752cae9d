import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  adamStep,
  defaultAdam,
  defaultAdamW,
  type AdamConfig,
} from "../../../src/diffusion/training/adam.ts";
import { defaultEma, emaDecay } from "../../../src/diffusion/training/ema.ts";
import { clipByGlobalNorm, lossAndGradients } from "../../../src/diffusion/training/gradients.ts";
import {
  learningRateFactor,
  type LearningRateSchedule,
} from "../../../src/diffusion/training/learning-rate.ts";
import { mseLoss } from "../../../src/diffusion/training/losses.ts";
import { disposeOptimizerState, initOptimizer } from "../../../src/diffusion/training/optimizer.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import type { DenseWeights } from "../../../src/diffusion/weights/parameters.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { goldenJson, relativeError } from "../support/golden.ts";

interface Golden {
  readonly start: number[];
  readonly learningRate: number;
  readonly gradients: number[][];
  readonly optimizers: (AdamConfig & { weights: number[][]; first: number[]; second: number[] })[];
  readonly schedules: (LearningRateSchedule & { factors: number[] })[];
  readonly averages: { options: Record<string, number | boolean>; decays: number[] }[];
  readonly clipped: { maxNorm: number; norm: number; gradients: number[][] }[];
}
const golden = await goldenJson<Golden>("training/optimizers.json");

describeOnBackends("Adam and AdamW take torch.optim's steps", () => {
  test.each(golden.optimizers.map((run, i) => [`${run.kind} with settings ${String(i)}`, run] as const))(
    "%s",
    async (_, run) => {
      let weights: DenseWeights = { w: tf.tensor1d(golden.start) };
      let state = initOptimizer(weights);
      const before = tf.memory().numTensors;
      for (const [i, gradient] of golden.gradients.entries()) {
        const gradients = { w: tf.tensor1d(gradient) };
        const next = adamStep(run, golden.learningRate, weights, gradients, state);
        disposeWeights(weights);
        disposeWeights(gradients);
        disposeOptimizerState(state);
        ({ weights, state } = next);
        expect(relativeError((await weights["w"]?.data()) ?? [], run.weights[i] ?? [])).toBeLessThanOrEqual(
          2e-6,
        );
      }
      expect(state.step).toBe(golden.gradients.length);
      expect(relativeError((await state.firstMoments["w"]?.data()) ?? [], run.first)).toBeLessThanOrEqual(
        2e-6,
      );
      expect(relativeError((await state.secondMoments["w"]?.data()) ?? [], run.second)).toBeLessThanOrEqual(
        2e-6,
      );
      expect(tf.memory().numTensors).toBe(before);
      disposeWeights(weights);
      disposeOptimizerState(state);
    },
  );
});

describe("schedules and averages are diffusers'", () => {
  test.each(golden.schedules)(
    "learning rate $kind, $numWarmupSteps steps of warm-up",
    ({ factors, ...schedule }) => {
      const actual = factors.map((_, step) => learningRateFactor(schedule as LearningRateSchedule, step));
      expect(relativeError(actual, factors)).toBeLessThanOrEqual(1e-12);
    },
  );

  test.each(golden.averages)("EMA decays with $options", ({ options, decays }) => {
    const camel = Object.entries(options).map(([key, value]) => [
      key.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      value,
    ]);
    const config = { ...defaultEma, ...(Object.fromEntries(camel) as Partial<typeof defaultEma>) };
    expect(
      relativeError(
        decays.map((_, i) => emaDecay(config, i + 1)),
        decays,
      ),
    ).toBeLessThanOrEqual(1e-12);
  });

  test("torch's defaults", () => {
    expect(defaultAdam).toMatchObject({ kind: "adam", weightDecay: 0, epsilon: 1e-8 });
    expect(defaultAdamW).toMatchObject({ kind: "adamw", weightDecay: 0.01, epsilon: 1e-8 });
  });
});

describe("gradients", () => {
  beforeAll(async () => {
    await initRuntime({ backend: "cpu" });
  });

  test.each(golden.clipped)(
    "clipping to $maxNorm is clip_grad_norm_'s",
    async ({ maxNorm, norm, gradients }) => {
      const given = { a: tf.tensor1d([3, -4]), b: tf.tensor2d([[1, 2, -2]]) };
      const clipped = clipByGlobalNorm(given, maxNorm);
      expect(relativeError(await clipped.norm.data(), [norm])).toBeLessThanOrEqual(1e-6);
      expect(
        relativeError((await clipped.gradients["a"]?.data()) ?? [], gradients[0] ?? []),
      ).toBeLessThanOrEqual(1e-6);
      expect(
        relativeError((await clipped.gradients["b"]?.data()) ?? [], gradients[1] ?? []),
      ).toBeLessThanOrEqual(1e-6);
      expect(Array.from(await given.a.data())).toEqual([3, -4]);
    },
  );

  test("a weight that the loss does not use gets zeros", async () => {
    const weights = { used: tf.tensor1d([2]), unused: tf.tensor1d([5, 6]) };
    const { loss, gradients } = lossAndGradients(
      weights,
      ({ used }) => tf.sum(tf.square(used as tf.Tensor)) as tf.Scalar,
    );
    expect(Array.from(await loss.data())).toEqual([4]);
    expect(Array.from((await gradients["used"]?.data()) ?? [])).toEqual([4]);
    expect(Array.from((await gradients["unused"]?.data()) ?? [])).toEqual([0, 0]);
  });

  test("the optimizer names a weight without a gradient", () => {
    const weights = { w: tf.tensor1d([1]) };
    expect(() => adamStep(defaultAdam, 1e-3, weights, {}, initOptimizer(weights))).toThrow(
      /"w" has no gradient/,
    );
  });

  test("the loss names shapes that differ", () => {
    expect(() => mseLoss(tf.zeros([2, 1]), tf.zeros([2]))).toThrow(/\[2, 1\].*\[2\]/);
  });
});
