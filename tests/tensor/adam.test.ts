import * as tf from "@tensorflow/tfjs";
import { afterEach, expect, test } from "vitest";
import {
  adamUpdate,
  compositeAdamUpdate,
  type AdamCoefficients,
  type AdamParameter,
} from "../../src/tensor/adam.ts";
import { assertNoDeviceErrors } from "../../src/tensor/runtime.ts";
import { relativeError, spreadTensor } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";

const coefficients: AdamCoefficients = {
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  l2: 0,
  shrink: 1,
  stepSize: 0.02,
  secondCorrection: 0.5,
};

describeOnBackends("one step of Adam", ({ tolerance }) => {
  afterEach(async () => {
    await assertNoDeviceErrors();
  });

  test("on numbers worked out by hand", async () => {
    const one = (value: number): tf.Tensor => tf.tensor1d([value]);
    const parameter: AdamParameter = { weight: one(2), first: one(0.5), second: one(0.04) };
    const next = adamUpdate(parameter, one(1), { ...coefficients, l2: 0.1, shrink: 0.9 });
    // g = 1 + 0.1·2 = 1.2; m = 0.5 + 0.1·0.7; v = 0.99·0.04 + 0.01·1.44; w = 0.9·2 − 0.02·m / (√v / 0.5).
    const [first, second] = [0.57, 0.054];
    expect((await next.first.data())[0]).toBeCloseTo(first, 6);
    expect((await next.second.data())[0]).toBeCloseTo(second, 6);
    expect((await next.weight.data())[0]).toBeCloseTo(1.8 - (0.02 * first) / (Math.sqrt(second) / 0.5), 6);
  });

  test.each([[[1]], [[7]], [[3, 3, 4, 5]], [[2, 64]]])(
    "equals the composite for a parameter of %j",
    async (shape) => {
      const of = (seed: number): tf.Tensor => spreadTensor(shape as [number], seed);
      const parameter = { weight: of(1), first: of(2), second: tf.square(of(3)) };
      for (const extra of [{}, { l2: 0.3 }, { shrink: 0.7 }]) {
        const given = { ...coefficients, ...extra };
        const before = tf.memory().numTensors;
        const next = adamUpdate(parameter, of(4), given);
        expect(tf.memory().numTensors).toBe(before + 4);
        const expected = compositeAdamUpdate(parameter, of(4), given);
        for (const name of ["weight", "first", "second"] as const) {
          expect(next[name].shape).toEqual(shape);
          expect(relativeError(await next[name].data(), await expected[name].data()), name).toBeLessThan(
            tolerance / 10,
          );
        }
      }
    },
  );
});
