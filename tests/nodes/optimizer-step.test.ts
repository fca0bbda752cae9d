import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { initOptimizer } from "../../src/diffusion/training/optimizer.ts";
import optimizerStep from "../../src/nodes/training/optimizer-step.node.ts";
import { optimizerSettings } from "../../src/nodes/training/optimizer-value.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const settings = optimizerSettings(
  {
    algorithm: "Adam",
    learningRate: 0.1,
    schedule: "constant",
    warmupSteps: 0,
    weightDecay: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  },
  1,
);

function step(lossOf: (weight: tf.Tensor) => tf.Scalar): Record<string, unknown> {
  const unet = { className: "BasicUNet", config: {}, weights: { w: tf.tensor1d([1, 2]) } };
  return (
    optimizerStep.run?.({
      inputs: {
        loss: () => lossOf(unet.weights.w),
        unet,
        optimizerState: { ...settings, state: initOptimizer(unet.weights) },
      },
      params: { maxGradNorm: 0 },
      context: {
        signal: new AbortController().signal,
        progress: () => undefined,
        warn: () => undefined,
        services: {},
      },
    }) ?? {}
  );
}

const valueOf = async (scalar: unknown): Promise<number> =>
  (await (scalar as tf.Scalar).data())[0] ?? Number.NaN;

it("moves the weights against the gradient and hands the loss on", async () => {
  const { loss, unet } = step((weight) => tf.sum(tf.square(weight)));
  expect(await valueOf(loss)).toBe(5);
  const moved = await (unet as { weights: { w: tf.Tensor } }).weights.w.data();
  expect(moved[0]).toBeCloseTo(0.9, 5);
  expect(moved[1]).toBeCloseTo(1.9, 5);
});

it("calls a sound loss with a gradient that is not finite NaN, so that the loop stops before the spoilt weights count as good", async () => {
  // The root of zero is zero, and its slope is infinite.
  const { loss } = step((weight) => tf.sum(tf.sqrt(tf.sub(weight, weight.clone()))) as tf.Scalar);
  expect(await valueOf(loss)).toBeNaN();
});
