import { describe, expect, it } from "vitest";
import { createScheduler } from "../../../src/diffusion/schedulers/index.ts";
import { betaQuantile } from "../../../src/diffusion/schedules/beta-quantile.ts";
import {
  alphasCumprodOf,
  betas,
  rescaleZeroTerminalSnr,
  type BetaSchedule,
} from "../../../src/diffusion/schedules/betas.ts";
import { integrate } from "../../../src/diffusion/schedules/integrate.ts";
import { interpolateTable, roundHalfEven } from "../../../src/diffusion/schedules/numeric.ts";
import { betaSigmas, exponentialSigmas, karrasSigmas } from "../../../src/diffusion/schedules/sigmas.ts";
import {
  intervalTimesteps,
  timestepSpacings,
  wholeTimesteps,
} from "../../../src/diffusion/schedules/timesteps.ts";
import { array, golden } from "./golden.ts";

const ULP = 2 ** -24;

describe("noise schedules", () => {
  it.each(golden.schedules)("$config are torch's", ({ key, config }) => {
    const name = config["beta_schedule"] as BetaSchedule;
    const count = (config["num_train_timesteps"] ?? 1000) as number;
    const plain = betas(
      name,
      (config["beta_start"] ?? 0.0001) as number,
      (config["beta_end"] ?? 0.02) as number,
      count,
    );
    const own = config["rescale_betas_zero_snr"] === true ? rescaleZeroTerminalSnr(plain) : plain;
    const expected = array(`${key}.betas`).values;
    if (name === "sigmoid") {
      // torch's sigmoid is its own approximation; the products of 1 − β round the difference away, or leave one unit.
      own.forEach((beta, t) => expect(Math.abs(beta - (expected[t] ?? NaN))).toBeLessThanOrEqual(ULP));
      const alphas = array(`${key}.alphasCumprod`).values;
      alphasCumprodOf(own).forEach((alpha, t) =>
        expect(Math.abs(alpha - (alphas[t] ?? NaN))).toBeLessThanOrEqual(ULP),
      );
      return;
    }
    expect(own).toEqual(expected);
    expect(alphasCumprodOf(own)).toEqual(array(`${key}.alphasCumprod`).values);
  });

  it("takes trained betas as they are", () => {
    const trained = [0.1, 0.2, 0.5];
    const scheduler = createScheduler({
      _class_name: "DDIMScheduler",
      trained_betas: trained,
      num_train_timesteps: 3,
    });
    const expected = [0.9, 0.72, 0.36];
    scheduler.alphasCumprod?.forEach((alpha, t) => expect(alpha).toBeCloseTo(expected[t] ?? NaN, 6));
    expect(() => createScheduler({ _class_name: "DDIMScheduler", trained_betas: trained })).toThrow(
      /"trained_betas" has 3 values, "num_train_timesteps" is 1000/,
    );
  });
});

describe("timesteps", () => {
  const request = { numTrainTimesteps: 1000, stepsOffset: 0 };
  const counts = Array.from({ length: 1000 }, (_, i) => i + 1);

  it.each(timestepSpacings)(
    "%s gives as many timesteps as steps, descending, all of them training timesteps",
    (spacing) => {
      for (const numInferenceSteps of counts) {
        const timesteps = wholeTimesteps({ ...request, spacing, numInferenceSteps });
        expect(timesteps.length).toBe(numInferenceSteps);
        const falls = timesteps.every(
          (t, i) => Number.isInteger(t) && t >= 0 && t < (timesteps[i - 1] ?? 1000),
        );
        expect(falls, `${numInferenceSteps} steps: ${timesteps.join(" ")}`).toBe(true);
      }
    },
  );

  it.each(timestepSpacings)("%s of the solvers leaves out timestep 0 unless it is trailing", (spacing) => {
    for (const numInferenceSteps of counts.filter((count) => count < 500)) {
      const timesteps = intervalTimesteps({ ...request, spacing, numInferenceSteps });
      expect(timesteps.length).toBe(numInferenceSteps);
      expect(Math.min(...timesteps) > 0 || spacing === "trailing").toBe(true);
    }
  });

  it("names the options when they lead past the last timestep", () => {
    const scheduler = createScheduler({ _class_name: "DDIMScheduler", steps_offset: 1 });
    expect(() => scheduler.setTimesteps(1000)).toThrow(/"steps_offset" lead to timestep 1000/);
  });
});

describe("sigmas", () => {
  const range = { min: 0.03, max: 14.6 };
  it.each([
    ["Karras", karrasSigmas],
    ["exponential", exponentialSigmas],
    ["beta", betaSigmas],
  ] as const)("%s sigmas fall from the largest to the smallest", (_, schedule) => {
    const sigmas = schedule(range, 9);
    expect(sigmas.length).toBe(9);
    expect(sigmas[0]).toBeCloseTo(range.max, 10);
    expect(sigmas[8]).toBeCloseTo(range.min, 10);
    sigmas.forEach((sigma, i) => expect(sigma).toBeLessThan(sigmas[i - 1] ?? Infinity));
    expect(schedule(range, 1)).toHaveLength(1);
  });

  it("has scipy's quantiles of the beta distribution", () => {
    for (const [p, expected] of golden.quantiles) {
      expect(Math.abs(betaQuantile(p, 0.6, 0.6) / expected - 1), `p = ${p}`).toBeLessThan(1e-12);
    }
    expect([betaQuantile(0, 0.6, 0.6), betaQuantile(1, 0.6, 0.6)]).toEqual([0, 1]);
  });
});

describe("numeric functions", () => {
  it("round halves to even, as numpy", () => {
    expect([0.5, 1.5, 2.5, 2.4999, -0.5, -1.5].map(roundHalfEven)).toEqual([0, 2, 2, 2, 0, -2]);
  });
  it("interpolate between the entries of a table and hold its ends", () => {
    expect([-1, 0, 0.25, 2, 7].map((x) => interpolateTable(x, [1, 3, 10]))).toEqual([1, 1, 1.5, 10, 10]);
  });
  it("integrate polynomials exactly", () => {
    expect(integrate((x) => 4 * x ** 3 - 3 * x ** 2 + 1, -1, 2)).toBeCloseTo(9, 12);
    expect(integrate((x) => x ** 20, 0, 1)).toBeCloseTo(1 / 21, 14);
  });
});
