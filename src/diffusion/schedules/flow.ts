import { at } from "./numeric.ts";

/** Moves a flow sigma towards noise: s·σ/(1 + (s−1)·σ) (Esser et al. 2024, eq. 23). */
export const shiftBy = (sigma: number, shift: number): number => (shift * sigma) / (1 + (shift - 1) * sigma);

/** The shift that depends on the picture's size through mu; `exponential` shifts by e^mu, `linear` by mu itself. */
export function timeShift(sigma: number, mu: number, type: "exponential" | "linear"): number {
  const shift = type === "exponential" ? Math.exp(mu) : mu;
  return shift / (shift + (1 / sigma - 1));
}

/** Stretches descending sigmas so that the last one is `terminal` and 1 stays 1. */
export function stretchToTerminal(sigmas: readonly number[], terminal: number): number[] {
  const scale = (1 - at(sigmas, sigmas.length - 1)) / (1 - terminal);
  return sigmas.map((sigma) => 1 - (1 - sigma) / scale);
}
