import * as tf from "@tensorflow/tfjs";
import { at, expm132, f32 } from "../schedules/numeric.ts";
import type { Level } from "./solver-levels.ts";
import { combine } from "./tensor-math.ts";
import type { UniPcConfig } from "./unipc-levels.ts";

export interface UniPcUpdate {
  /** The sample at `from[0]`. */
  readonly sample: tf.Tensor4D;
  readonly to: Level;
  /** Levels of the outputs, newest first; as many as the order. */
  readonly from: readonly Level[];
  readonly outputs: readonly tf.Tensor4D[];
  /** The output at `to`: with it the update is the corrector UniC, without it the predictor UniP. */
  readonly next?: tf.Tensor4D;
}

/** One predictor or corrector update with B(h) (Zhao et al. 2023, eq. 3 and 9, algorithms 5 to 8). */
export function uniPcUpdate(
  config: UniPcConfig,
  { sample, to, from, outputs, next }: UniPcUpdate,
): tf.Tensor4D {
  const [s0] = from;
  const [m0] = outputs;
  if (!s0 || !m0) throw new Error("A UniPC update needs at least the current level and output.");
  const order = outputs.length;
  const h = f32(to.lambda - s0.lambda);
  const hh = config.predict_x0 ? -h : h;
  const phi1 = expm132(hh);
  const bh = config.solver_type === "bh1" ? hh : phi1;
  const ratios = from.slice(1).map((level) => f32(f32(level.lambda - s0.lambda) / h));
  const differences = outputs.slice(1).map((m, i): tf.Tensor4D => tf.div(tf.sub(m, m0), at(ratios, i)));
  const weights = next ? correctorWeights(hh, bh, ratios) : predictorWeights(hh, bh, ratios);

  const weighted = differences.map((difference, i) => [at(weights, i), difference] as const);
  if (next) weighted.push([at(weights, order - 1), tf.sub(next, m0)]);
  const [first, ...rest] = weighted;

  const scale = config.predict_x0 ? to.alpha : to.sigma;
  const kept = config.predict_x0 ? f32(to.sigma / s0.sigma) : f32(to.alpha / s0.alpha);
  const base = combine([kept, sample], [-f32(scale * phi1), m0]);
  return first ? tf.sub(base, tf.mul(combine(first, ...rest), f32(scale * bh))) : base;
}

/** The right-hand side b_i = i!·h^i·φ_{i+1}(h)/B(h) of the order conditions, for i = 1 … count. */
function orderConditions(hh: number, bh: number, count: number): number[] {
  const conditions: number[] = [];
  let phi = f32(f32(expm132(hh) / hh) - 1);
  let factorial = 1;
  for (let i = 1; i <= count; i += 1) {
    conditions.push(f32(f32(phi * factorial) / bh));
    factorial *= i + 1;
    phi = f32(f32(phi / hh) - f32(1 / factorial));
  }
  return conditions;
}

function predictorWeights(hh: number, bh: number, ratios: readonly number[]): number[] {
  // Order 2 has one weight, which is ½ up to the order of the method (Zhao et al. 2023, appendix F).
  if (ratios.length === 1) return [0.5];
  return solveOrderConditions(ratios, orderConditions(hh, bh, ratios.length));
}

function correctorWeights(hh: number, bh: number, ratios: readonly number[]): number[] {
  if (ratios.length === 0) return [0.5];
  return solveOrderConditions([...ratios, 1], orderConditions(hh, bh, ratios.length + 1));
}

/** Solves Σ_k ratio_k^i · weight_k = b_i by elimination with pivoting; float32 in and out. */
function solveOrderConditions(ratios: readonly number[], conditions: readonly number[]): number[] {
  const size = ratios.length;
  const rows = conditions.map((b, i) => [...ratios.map((ratio) => f32(ratio ** i)), b]);
  for (let column = 0; column < size; column += 1) {
    const candidates = rows.slice(column);
    const pivot = candidates.reduce((best, row) =>
      Math.abs(at(row, column)) > Math.abs(at(best, column)) ? row : best,
    );
    const others = candidates.filter((row) => row !== pivot);
    rows.splice(
      column,
      candidates.length,
      pivot,
      ...others.map((row) => {
        const factor = at(row, column) / at(pivot, column);
        return row.map((value, k) => value - factor * at(pivot, k));
      }),
    );
  }
  const weights = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i -= 1) {
    const row = rows[i] ?? [];
    let rest = at(row, size);
    for (let k = i + 1; k < size; k += 1) rest -= at(row, k) * at(weights, k);
    weights[i] = rest / at(row, i);
  }
  return weights.map(f32);
}
