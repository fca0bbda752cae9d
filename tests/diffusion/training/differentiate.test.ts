import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { parseUnet2dConfig } from "../../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../../src/diffusion/models/unet-2d.ts";
import {
  addLean,
  attentionLean,
  concatChannels,
} from "../../../src/diffusion/models/layers/lean-gradients.ts";
import { differentiate } from "../../../src/diffusion/training/differentiate.ts";
import { lossAndGradients } from "../../../src/diffusion/training/gradients.ts";
import { mseLoss } from "../../../src/diffusion/training/losses.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../../src/diffusion/weights/init-weights.ts";
import { attention } from "../../../src/tensor/ops.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { relativeError } from "../support/golden.ts";

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, "float32", seed);

/** Gradients of a scalar by this project's walk and by tfjs's own must agree. */
async function compareWithStock(f: () => tf.Scalar, g: () => tf.Scalar, xs: tf.Tensor[]): Promise<number> {
  const [ours, stock] = [differentiate(f, xs), tf.engine().gradients(g, xs)];
  const errors = [relativeError(await ours.value.data(), await stock.value.data())];
  for (const [i, gradient] of ours.gradients.entries()) {
    errors.push(relativeError((await gradient?.data()) ?? [], (await stock.grads[i]?.data()) ?? []));
  }
  return Math.max(...errors);
}

describeOnBackends("gradients that keep less", ({ tolerance }) => {
  test("of sums, broadcast sums and concatenations", async () => {
    const [a, b, bias, time] = [
      random([2, 3, 3, 4], 1),
      random([2, 3, 3, 2], 2),
      random([4], 3),
      random([2, 1, 1, 4], 4),
    ];
    const weigh = (x: tf.Tensor): tf.Scalar => tf.sum(tf.mul(x, tf.cos(x)));
    const lean = (): tf.Scalar =>
      weigh(concatChannels(addLean(addLean(addLean(a, bias), time), a) as tf.Tensor4D, b as tf.Tensor4D));
    const stock = (): tf.Scalar => weigh(tf.concat([tf.add(tf.add(tf.add(a, bias), time), a), b], 3));
    expect(await compareWithStock(lean, stock, [a, b, bias, time])).toBeLessThanOrEqual(tolerance);
  });

  test("of attention", async () => {
    const [q, k, v] = [
      random([2, 3, 5, 4], 1),
      random([2, 3, 5, 4], 2),
      random([2, 3, 5, 4], 3),
    ] as tf.Tensor4D[];
    if (!q || !k || !v) throw new Error("three tensors");
    const target = random([2, 3, 5, 4], 9);
    const lean = (): tf.Scalar => mseLoss(attentionLean(q, k, v), target);
    const stock = (): tf.Scalar => mseLoss(attention(q, k, v), target);
    expect(await compareWithStock(lean, stock, [q, k, v])).toBeLessThanOrEqual(tolerance);
  });
});

describe("the walk along the tape", () => {
  beforeAll(async () => {
    await initRuntime({ backend: "cpu" });
  });

  test("adds up the ways through which a value depends on x, and skips those that do not", async () => {
    const [x, y, unused] = [random([3, 2], 1), random([3, 2], 2), random([4], 3)];
    const f = (): tf.Scalar => {
      const [left, right] = tf.split(tf.mul(tf.square(x), y), 2, 1) as [tf.Tensor, tf.Tensor];
      tf.sum(tf.exp(y));
      return tf.add(tf.sum(tf.mul(left, x.slice([0, 0], [3, 1]))), tf.mean(tf.add(right, 3)));
    };
    const before = tf.memory().numTensors;
    const { value, gradients } = differentiate(f, [x, y, unused]);
    expect(gradients[2]).toBeUndefined();
    expect(tf.memory().numTensors).toBe(before + 3);
    value.dispose();
    tf.dispose(gradients.filter((gradient) => gradient !== undefined));
    expect(await compareWithStock(f, f, [x, y])).toBeLessThanOrEqual(1e-6);
  });

  test("frees each activation and each gradient as soon as it is used", () => {
    const x = random([10], 1);
    const alive: number[] = [];
    const step = tf.customGrad((given, save) => {
      (save as unknown as tf.GradSaveFunc)([given as tf.Tensor]);
      return {
        value: tf.mul(given as tf.Tensor, 2),
        gradFunc: (dy: tf.Tensor) => {
          alive.push(tf.memory().numTensors);
          return tf.mul(dy, 2);
        },
      };
    });
    const { value, gradients } = differentiate(
      () => tf.sum(Array.from({ length: 8 }).reduce<tf.Tensor>((y) => step(y), x)),
      [x],
    );
    expect(alive).toHaveLength(8);
    // Each step back frees one activation more.
    alive.slice(1).forEach((count, i) => {
      expect(count).toBeLessThan(alive[i] ?? 0);
    });
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== undefined)]);
  });

  test("leaves nothing behind when the loss throws, and works again after that", async () => {
    const x = random([3], 1);
    const before = tf.memory().numTensors;
    const broken = (): tf.Scalar => {
      tf.square(tf.mul(x, 2));
      throw new Error("no loss");
    };
    expect(() => differentiate(broken, [x])).toThrow("no loss");
    expect(tf.memory().numTensors).toBe(before);
    const { gradients } = differentiate(() => tf.sum(tf.mul(x, 3)), [x]);
    expect(Array.from((await gradients[0]?.data()) ?? [])).toEqual([3, 3, 3]);
  });

  test("refuses a loss that has to be waited for", () => {
    const later = (() => Promise.resolve(tf.scalar(1))) as unknown as () => tf.Scalar;
    expect(() => differentiate(later, [random([3], 1)])).toThrow(/without waiting/);
  });

  test("refuses gradients of gradients and operations without a gradient, by name", () => {
    const x = random([3], 1);
    const nested = (): tf.Scalar => differentiate(() => tf.sum(tf.square(x)), [x]).value;
    expect(() => differentiate(nested, [x])).toThrow(/gradients of gradients/i);
    expect(() => differentiate(() => tf.sum(tf.einsum("i,i->i", x, x)), [x])).toThrow(/Einsum/);
    expect(tf.engine().state.gradientDepth).toBe(0);
  });
});

describe("memory of a training step", () => {
  test("the course's UNet2DModel keeps less than 16 MB a picture for the way back on wasm", async () => {
    await initRuntime({ backend: "wasm" });
    const config = parseUnet2dConfig({
      sample_size: 28,
      in_channels: 1,
      out_channels: 1,
      block_out_channels: [32, 64, 64],
      down_block_types: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
      up_block_types: ["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
    });
    const weights = initWeights(unet2dParameters(config), 1);
    const keptBytes = (batch: number): number => {
      const sample = tf.zeros<tf.Rank.R4>([batch, 28, 28, 1]);
      const before = tf.memory().numBytes;
      let kept = Infinity;
      const { loss, gradients } = lossAndGradients(weights, (current) => {
        const value = mseLoss(unet2dForward(config, current, { sample, timestep: 3 }), sample);
        kept = tf.memory().numBytes - before;
        return value;
      });
      disposeWeights(gradients);
      tf.dispose([loss, sample]);
      return kept;
    };
    // The difference: part of what is kept does not depend on the batch.
    expect((keptBytes(3) - keptBytes(1)) / 2 / 1e6).toBeLessThan(16);
    disposeWeights(weights);
  });
});
