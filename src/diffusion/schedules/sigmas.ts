import { betaQuantile } from "./beta-quantile.ts";
import { at, f32, interpolateTable, linspace, log32, sqrt32 } from "./numeric.ts";

/** σ_t = √((1 − ᾱ_t)/ᾱ_t) by training timestep: the noise of x_0 + σ·noise (Karras et al. 2022, table 1). */
export const trainingSigmas = (alphasCumprod: Float32Array): Float32Array =>
  alphasCumprod.map((a) => sqrt32(f32(1 - a) / a));

/** Sigmas at timesteps that may lie between training timesteps. */
export const sigmasAt = (timesteps: readonly number[], table: Float32Array): number[] =>
  timesteps.map((t) => interpolateTable(t, table));

export interface SigmaRange {
  readonly min: number;
  readonly max: number;
}

/** Steps even in σ^(1/7) (Karras et al. 2022, eq. 5). */
export function karrasSigmas({ min, max }: SigmaRange, count: number): number[] {
  const rho = 7;
  const low = min ** (1 / rho);
  const high = max ** (1 / rho);
  return linspace(0, 1, count).map((ramp) => (high + ramp * (low - high)) ** rho);
}

/** Steps even in ln σ. */
export const exponentialSigmas = ({ min, max }: SigmaRange, count: number): number[] =>
  linspace(Math.log(max), Math.log(min), count).map(Math.exp);

/** Steps dense at both ends, by the quantiles of Beta(0.6, 0.6) (Lee et al. 2024). */
export const betaSigmas = ({ min, max }: SigmaRange, count: number): number[] =>
  linspace(0, 1, count).map((p) => min + betaQuantile(1 - p, 0.6, 0.6) * (max - min));

/** ln σ of the training schedule in float32. */
export const logSigmasOf = (sigmas: Float32Array): Float32Array => sigmas.map(log32);

/**
 * The training timestep, with fraction, whose σ this is: linear in ln σ between two timesteps, clipped at the ends.
 *
 * @param logSigmas From {@link logSigmasOf}; ascending, but for the end of a schedule with zero terminal SNR.
 */
export function sigmaToTimestep(sigma: number, logSigmas: Float32Array): number {
  const logSigma = Math.log(Math.max(sigma, 1e-10));
  let low = 0;
  logSigmas.forEach((value, t) => {
    if (value <= logSigma) low = t;
  });
  low = Math.max(0, Math.min(low, logSigmas.length - 2));
  const lower = at(logSigmas, low);
  const weight = (lower - logSigma) / f32(lower - at(logSigmas, low + 1));
  const clipped = Math.min(1, Math.max(0, weight));
  return (1 - clipped) * low + clipped * (low + 1);
}
