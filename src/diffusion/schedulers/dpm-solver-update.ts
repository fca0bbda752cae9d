import * as tf from "@tensorflow/tfjs";
import { exp32, f32 } from "../schedules/numeric.ts";
import type { Level } from "./solver-levels.ts";
import { combine, root } from "./tensor-math.ts";

export const algorithmTypes = ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"] as const;
export type AlgorithmType = (typeof algorithmTypes)[number];

export const solverTypes = ["midpoint", "heun"] as const;
export type SolverType = (typeof solverTypes)[number];

/** What an update multiplies the sample, the differences D_0, D_1, D_2 and the noise by. */
interface Coefficients {
  readonly sample: number;
  readonly d0: number;
  /** For order 2 by the midpoint rule. */
  readonly d1Midpoint: number;
  /** For order 2 by Heun's rule, and for order 3. */
  readonly d1: number;
  readonly d2: number;
  readonly noise: number;
}

/**
 * One step of a multi-step DPM-Solver: Lu et al. 2022a, appendix B (`dpmsolver`); Lu et al. 2022b, algorithm 2
 * (`dpmsolver++`) and appendix A (`sde-`).
 *
 * @param to The level that the step leads to.
 * @param from Levels of the sample and of the outputs before it, newest first.
 * @param outputs x_0 (`++`) or ε by those levels, as many as the order, 1 to 3.
 */
export function dpmSolverUpdate(
  algorithm: AlgorithmType,
  solver: SolverType,
  sample: tf.Tensor4D,
  to: Level,
  from: readonly Level[],
  outputs: readonly tf.Tensor4D[],
  noise: tf.Tensor4D | undefined,
): tf.Tensor4D {
  const [s0, s1, s2] = from;
  const [m0, m1, m2] = outputs;
  if (!s0 || !m0) throw new Error("A DPM-Solver step needs at least the current level and output.");
  const h = f32(to.lambda - s0.lambda);
  const c = coefficientsOf(algorithm, to, s0, h);
  const terms: (readonly [number, tf.Tensor4D])[] = [[c.d0, m0]];
  if (m1 && s1 && m2 && s2) {
    const r0 = f32(f32(s0.lambda - s1.lambda) / h);
    const r1 = f32(f32(s1.lambda - s2.lambda) / h);
    const newer: tf.Tensor4D = tf.mul(tf.sub(m0, m1), f32(1 / r0));
    const older: tf.Tensor4D = tf.mul(tf.sub(m1, m2), f32(1 / r1));
    const bend: tf.Tensor4D = tf.sub(newer, older);
    const sum = f32(r0 + r1);
    terms.push([c.d1, tf.add(newer, tf.mul(bend, f32(r0 / sum)))], [c.d2, tf.mul(bend, f32(1 / sum))]);
  } else if (m1 && s1) {
    const r0 = f32(f32(s0.lambda - s1.lambda) / h);
    terms.push([solver === "midpoint" ? c.d1Midpoint : c.d1, tf.mul(tf.sub(m0, m1), f32(1 / r0))]);
  }
  if (noise) terms.push([c.noise, noise]);
  return combine([c.sample, sample], ...terms);
}

function coefficientsOf(algorithm: AlgorithmType, to: Level, from: Level, h: number): Coefficients {
  const hSquared = f32(h * h);
  switch (algorithm) {
    case "dpmsolver++": {
      const e = f32(exp32(-h) - 1);
      const scale = f32(to.alpha * e);
      return {
        sample: f32(to.sigma / from.sigma),
        d0: -scale,
        d1Midpoint: -0.5 * scale,
        d1: f32(to.alpha * f32(f32(e / h) + 1)),
        d2: -f32(to.alpha * f32(f32(f32(e + h) / hSquared) - 0.5)),
        noise: 0,
      };
    }
    case "dpmsolver": {
      const e = f32(exp32(h) - 1);
      const scale = f32(to.sigma * e);
      return {
        sample: f32(to.alpha / from.alpha),
        d0: -scale,
        d1Midpoint: -0.5 * scale,
        d1: -f32(to.sigma * f32(f32(e / h) - 1)),
        d2: -f32(to.sigma * f32(f32(f32(e - h) / hSquared) - 0.5)),
        noise: 0,
      };
    }
    case "sde-dpmsolver++": {
      const e = f32(1 - exp32(-2 * h));
      const scale = f32(to.alpha * e);
      return {
        sample: f32(f32(to.sigma / from.sigma) * exp32(-h)),
        d0: scale,
        d1Midpoint: 0.5 * scale,
        d1: f32(to.alpha * f32(f32(e / (-2 * h)) + 1)),
        d2: f32(to.alpha * f32(f32(f32(e - 2 * h) / f32(4 * hSquared)) - 0.5)),
        noise: f32(to.sigma * root(e)),
      };
    }
    case "sde-dpmsolver": {
      const e = f32(exp32(h) - 1);
      const scale = f32(to.sigma * e);
      return {
        sample: f32(to.alpha / from.alpha),
        d0: -2 * scale,
        d1Midpoint: -scale,
        d1: -2 * f32(to.sigma * f32(f32(e / h) - 1)),
        d2: 0,
        noise: f32(to.sigma * root(f32(exp32(2 * h) - 1))),
      };
    }
  }
}
