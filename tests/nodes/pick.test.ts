import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import pick from "../../src/nodes/data/pick.node.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const samples = tf.tensor4d([0, 1, 10, 11, 20, 21], [3, 1, 1, 2]);
const run = (indices: readonly number[]): tf.Tensor =>
  (pick.run as (args: unknown) => { samples: tf.Tensor })({ inputs: { samples, indices }, params: {} })
    .samples;

describe("Pick from batch", () => {
  test("gives those that are asked for, in that order, again where asked again", async () => {
    const picked = run([2, 0, 2]);
    expect(picked.shape).toEqual([3, 1, 1, 2]);
    expect([...(await picked.data())]).toEqual([20, 21, 0, 1, 20, 21]);
  });

  test.each([[[3]], [[-1]], [[0.5]]])("refuses %j, which is none of the three", (indices) => {
    expect(() => run(indices)).toThrow(`indices has ${String(indices[0])}, and samples has 0 to 2`);
  });
});
