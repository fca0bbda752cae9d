import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { applyTokenWeights, joinChunks } from "../../../src/diffusion/tokenizer/apply-token-weights.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("applyTokenWeights", () => {
  const states = tf.tensor3d([1, 2, 3, 4, 10, 20, 30, 40], [2, 2, 2]);

  it("multiplies, then scales each row back to its mean", async () => {
    const weighted = applyTokenWeights(states, [
      [1, 2],
      [1, 1],
    ]);
    const back = 10 / 17;
    const expected = [1 * back, 2 * back, 6 * back, 8 * back, 10, 20, 30, 40];
    Array.from(await weighted.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 5));
  });

  it("moves away from the empty prompt", async () => {
    const empty = tf.tensor3d([0, 1, 1, 1], [1, 2, 2]);
    const weighted = applyTokenWeights(
      states,
      [
        [0, 2],
        [1, 0.5],
      ],
      empty,
    );
    expect(Array.from(await weighted.data())).toEqual([0, 1, 5, 7, 10, 20, 15.5, 20.5]);
  });

  it("leaves states of weight 1 as they are, in a tensor of its own, and frees the rest", async () => {
    const before = tf.memory().numTensors;
    const same = applyTokenWeights(states, [
      [1, 1],
      [1, 1],
    ]);
    expect(Array.from(await same.data())).toEqual(Array.from(await states.data()));
    same.dispose();
    applyTokenWeights(states, [
      [1, 2],
      [1, 1],
    ]).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses another number of weights", () => {
    expect(() => applyTokenWeights(states, [[1, 1]])).toThrow(
      "weights for 2 tokens, but the text states are [2, 2, 2]",
    );
  });

  it("joins the chunks of a prompt", async () => {
    const joined = joinChunks(states);
    expect(joined.shape).toEqual([1, 4, 2]);
    expect(Array.from(await joined.data())).toEqual([1, 2, 3, 4, 10, 20, 30, 40]);
  });
});
