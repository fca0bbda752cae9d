import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { sinusoidalEmbedding } from "../../../src/diffusion/models/layers/timestep-embedding.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { goldenJson, relativeError } from "../support/golden.ts";

interface Golden {
  readonly timesteps: number[];
  readonly cases: {
    readonly embedding_dim: number;
    readonly flip_sin_to_cos: boolean;
    readonly downscale_freq_shift: number;
    readonly scale?: number;
    readonly max_period?: number;
    readonly values: number[];
  }[];
}
const { timesteps, cases } = await goldenJson<Golden>("unet-2d/embeddings.json");

describeOnBackends("sinusoidal embedding of timesteps", () => {
  test.each(cases)(
    "$embedding_dim channels, shift $downscale_freq_shift, from numbers and from a tensor",
    async (golden) => {
      const options = {
        flipSinToCos: golden.flip_sin_to_cos,
        freqShift: golden.downscale_freq_shift,
        ...(golden.scale !== undefined && { scale: golden.scale }),
        ...(golden.max_period !== undefined && { maxPeriod: golden.max_period }),
      };
      for (const given of [timesteps, Float32Array.from(timesteps), tf.tensor1d(timesteps)]) {
        const embedding = sinusoidalEmbedding(given, golden.embedding_dim, options);
        expect(embedding.shape).toEqual([timesteps.length, golden.embedding_dim]);

        // Far below what a network needs, but a lost reduction of large angles shows.
        expect(relativeError(await embedding.data(), golden.values)).toBeLessThanOrEqual(1e-6);
      }
    },
  );

  test("one timestep is one row", async () => {
    const embedding = sinusoidalEmbedding(500, 4, { flipSinToCos: true, freqShift: 0 });
    expect(embedding.shape).toEqual([1, 4]);
    expect(
      relativeError(await embedding.data(), [Math.cos(500), Math.cos(5), Math.sin(500), Math.sin(5)]),
    ).toBeLessThanOrEqual(1e-6);
  });
});
