import * as tf from "@tensorflow/tfjs";
import {
  createScheduler,
  disposeSchedulerState,
  drawNoise,
  sliceForStrength,
  type SamplingPlan,
  type SchedulerState,
} from "../../../src/diffusion/schedulers/index.ts";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";
import { hasArray, nhwc, relativeError, shape, tensorOf, type GoldenCase } from "./golden.ts";

/** Errors of one replayed loop, each against what diffusers recorded. */
export interface ReplayErrors {
  readonly first: number;
  /** Largest over the steps, of the sample and of the guess of x_0. */
  readonly samples: number;
  readonly guesses: number;
  readonly worstStep: number;
}

/** Takes the plan that a case describes. */
export function planOf(golden: GoldenCase): SamplingPlan {
  const whole = createScheduler(golden.config).setTimesteps(golden.steps, golden.options);
  return golden.strength === null ? whole : sliceForStrength(whole, golden.strength);
}

/** The stand-in for a model: see make.py. */
function modelOutput(golden: GoldenCase, input: tf.Tensor4D, call: number): tf.Tensor4D {
  return tf.tidy(() => {
    const output = tf.add(tf.mul(input, 0.25), tensorOf("table", call % 16)) as tf.Tensor4D;
    const type = golden.config["variance_type"];
    if (type !== "learned" && type !== "learned_range") return output;
    const unit = tensorOf("variance", call % 16);
    return tf.concat([output, type === "learned" ? unit : tf.sub(tf.mul(unit, 2), 1)], 3) as tf.Tensor4D;
  });
}

/** Runs a case here, from the same seed, and compares every recorded step. */
export async function replay(golden: GoldenCase): Promise<ReplayErrors> {
  const plan = planOf(golden);
  const drawn = drawNoise(TorchGenerator.fromSeed(golden.seed), shape);
  let generator: TorchGenerator | undefined = drawn.generator;
  let sample = tf.tidy(() =>
    golden.strength === null
      ? tf.mul(drawn.noise, plan.initNoiseSigma)
      : (plan.addNoise(tensorOf("original"), drawn.noise, 0) as tf.Tensor4D),
  ) as tf.Tensor4D;
  drawn.noise.dispose();
  const first = relativeError(await sample.data(), nhwc(`${golden.key}.first`));
  let [samples, guesses, worstStep, kept] = [0, 0, -1, 0];
  let state: SchedulerState | undefined;
  for (let i = 0; i < plan.timesteps.length; i += 1) {
    const input = plan.scaleModelInput(sample, i);
    const output = modelOutput(golden, input, i);
    const result = plan.step({ modelOutput: output, sample, stepIndex: i, state, generator });
    if ((i + 1) % golden.keep === 0 || i === plan.timesteps.length - 1) {
      const error = relativeError(await result.prevSample.data(), nhwc(`${golden.key}.samples`, kept));
      if (error > samples) [samples, worstStep] = [error, i];
      if (hasArray(`${golden.key}.guesses`)) {
        const guess = await result.predOriginalSample.data();
        guesses = Math.max(guesses, relativeError(guess, nhwc(`${golden.key}.guesses`, kept)));
      }
      kept += 1;
    }
    tf.dispose([input, output, sample, result.predOriginalSample]);
    disposeSchedulerState(state);
    ({ prevSample: sample, state, generator } = result);
  }
  sample.dispose();
  disposeSchedulerState(state);
  return { first, samples, guesses, worstStep };
}
