import { at, exp32, f32, linspace32, sqrt32 } from "./numeric.ts";

/** The names of diffusers' `beta_schedule`. */
export const betaSchedules = [
  "linear",
  "scaled_linear",
  "squaredcos_cap_v2",
  "sigmoid",
  "laplace",
  "exp",
] as const;
export type BetaSchedule = (typeof betaSchedules)[number];

const MAX_BETA = 0.999;

/**
 * The variances β_t that the forward process adds, one per training timestep.
 *
 * `linear`: Ho et al. 2020, §4. `scaled_linear`: linear in √β, latent diffusion (Rombach et al. 2022).
 * `squaredcos_cap_v2`: Nichol and Dhariwal 2021, eq. 17. `sigmoid`: GeoDiff (Xu et al. 2022).
 *
 * @returns float32, equal in every bit to torch's but for `sigmoid`, where torch's own exponential may differ by one.
 */
export function betas(schedule: BetaSchedule, start: number, end: number, count: number): Float32Array {
  switch (schedule) {
    case "linear":
      return linspace32(start, end, count);
    case "scaled_linear":
      return linspace32(Math.sqrt(start), Math.sqrt(end), count).map((root) => root * root);
    case "sigmoid": {
      const range = f32(end - start);
      return linspace32(-6, 6, count).map((x) => f32(f32(1 / f32(1 + exp32(-x))) * range) + f32(start));
    }
    case "squaredcos_cap_v2":
      return betasFromAlphaBar(count, (t) => Math.cos(((t + 0.008) / 1.008) * (Math.PI / 2)) ** 2);
    case "laplace":
      return betasFromAlphaBar(count, laplaceAlphaBar);
    case "exp":
      return betasFromAlphaBar(count, (t) => Math.exp(-12 * t));
  }
}

/** ᾱ for a Laplace distribution of log SNR (Hang et al. 2024). */
function laplaceAlphaBar(t: number): number {
  const logSnr = (t > 0.5 ? 0.5 : -0.5) * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6);
  const snr = Math.exp(logSnr);
  return Math.sqrt(snr / (1 + snr));
}

/** β_t = min(1 − ᾱ(t+1)/ᾱ(t), 0.999) for a continuous ᾱ on [0, 1]. */
function betasFromAlphaBar(count: number, alphaBar: (t: number) => number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), MAX_BETA),
  );
}

/** ᾱ_t = ∏(1 − β_s) for s ≤ t (Ho et al. 2020, eq. 4), summed up in float64 and kept in float32 as torch does. */
export function alphasCumprodOf(betaValues: Float32Array): Float32Array {
  let product = 1;
  return betaValues.map((beta) => {
    product *= f32(1 - beta);
    return product;
  });
}

/**
 * Shifts and scales √ᾱ so that the last timestep is pure noise and the first stays as it was (Lin et al. 2023,
 * algorithm 1).
 *
 * @returns The new betas; the last is 1.
 */
export function rescaleZeroTerminalSnr(betaValues: Float32Array): Float32Array {
  const roots = alphasCumprodOf(betaValues).map(sqrt32);
  const first = at(roots, 0);
  const last = at(roots, roots.length - 1);
  const scale = f32(first / f32(first - last));
  const alphaBar = roots.map((root) => f32(f32(root - last) * scale) ** 2);
  return alphaBar.map((value, t) => 1 - (t === 0 ? value : f32(value / at(alphaBar, t - 1))));
}
