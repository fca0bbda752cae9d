import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { parseUnet2dConfig } from "../../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../../src/diffusion/models/unet-2d.ts";
import { lossAndGradients } from "../../../src/diffusion/training/gradients.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { goldenSource, pictureError, pictures, readGolden, relativeError, take } from "../support/golden.ts";

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

describeOnBackends(
  "UNet2DModel has torch's gradients",
  ({ tolerance }) => {
    test.each(CASES)("%s", async (name) => {
      const { arrays, facts } = await readGolden<Facts>(`unet-2d/${name}.safetensors`);
      const config = parseUnet2dConfig(facts.config);
      const weights = await loadWeights(
        await goldenSource(`unet-2d/${name}.safetensors`),
        unet2dParameters(config),
        {
          unknownTensors: "ignore",
        },
      );
      const [sample, probe] = [
        pictures(take(arrays, "golden.sample")),
        pictures(take(arrays, "golden.probe")),
      ];
      const classLabels = facts.class_labels;
      const { gradients, loss } = lossAndGradients({ ...weights, sample }, (current) => {
        const inputs = {
          sample: current["sample"] as tf.Tensor4D,
          timestep: facts.timesteps,
          ...(classLabels && { classLabels }),
        };
        return tf.sum(tf.mul(unet2dForward(config, current, inputs), probe));
      });
      expect(
        await pictureError(gradients["sample"] as tf.Tensor4D, take(arrays, "golden.gradient.sample")),
      ).toBeLessThanOrEqual(tolerance);
      for (const parameter of ["conv_in.bias", "time_embedding.linear_1.bias"]) {
        const expected = take(arrays, `golden.gradient.${parameter}`).values;
        const error = relativeError((await gradients[parameter]?.data()) ?? [], expected);
        expect(error, parameter).toBeLessThanOrEqual(tolerance);
      }
      tf.dispose([loss, sample, probe]);
      disposeWeights(gradients);
      disposeWeights(weights);
    });
  },
  // On WebGPU each case would compile its shaders for seconds; its gradients are tested with the training steps.
  { only: ["cpu", "wasm"] },
);
