import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { parseUnet2dConfig } from "../../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../../src/diffusion/models/unet-2d.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { goldenSource, pictureError, pictures, readGolden, take } from "../support/golden.ts";

interface Facts {
  readonly config: unknown;
  readonly timesteps: number[];
  readonly class_labels: number[] | null;
}

const CASES = [
  "cifar-like",
  "course-like",
  "class-channels",
  "scale-shift",
  "resnet-samplers",
  "odd-size",
  "no-mid-attention",
  "no-mid",
  "fourier",
  "learned-times",
];

describeOnBackends("UNet2DModel gives what diffusers gives", ({ name: backend, tolerance }) => {
  test.each(CASES)("%s", async (name) => {
    const { arrays, facts } = await readGolden<Facts>(`unet-2d/${name}.safetensors`);
    const { timesteps: timestep, class_labels: classLabels } = facts;
    const config = parseUnet2dConfig(facts.config);
    const weights = await loadWeights(
      await goldenSource(`unet-2d/${name}.safetensors`),
      unet2dParameters(config),
      {
        unknownTensors: "ignore",
      },
    );
    const before = tf.memory().numTensors;
    const sample = pictures(take(arrays, "golden.sample"));
    const inputs = { sample, timestep, ...(classLabels && { classLabels }) };

    const output = unet2dForward(config, weights, inputs);
    const onTensor = unet2dForward(config, weights, { ...inputs, timestep: tf.tensor1d(timestep) });
    expect(await pictureError(output, take(arrays, "golden.output"))).toBeLessThanOrEqual(tolerance);
    expect(await pictureError(onTensor, take(arrays, "golden.output"))).toBeLessThanOrEqual(tolerance);

    expect(tf.memory().numTensors - before, `tensors left over on ${backend}`).toBe(4);
    tf.dispose([sample, output, onTensor]);
    disposeWeights(weights);
  });
});
