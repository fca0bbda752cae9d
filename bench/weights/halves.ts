import * as tf from "@tensorflow/tfjs";
import { parseUnet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import {
  unet2dConditionForward,
  unet2dConditionParameters,
} from "../../src/diffusion/models/unet-2d-condition.ts";
import { countParameters, disposeWeights, weightsByteLength } from "../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../src/diffusion/weights/load-weights.ts";
import type { Weights } from "../../src/diffusion/weights/parameters.ts";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { initRuntime } from "../../src/tensor/runtime.ts";
import { generatedModel } from "../../tests/support/large-model.ts";
import { sideBySide, type Result } from "../support.ts";

const SIDE = 16;
const ROUNDS = 3;

/** Stable Diffusion's U-Net, narrower: 30 million parameters. */
const config = parseUnet2dConditionConfig({
  _class_name: "UNet2DConditionModel",
  block_out_channels: [64, 128, 256, 256],
  attention_head_dim: 4,
  cross_attention_dim: 256,
});

/** A step of a U-Net of 30 million parameters with its weights in half precision, beside the same with them widened. */
export async function benchHalves(): Promise<readonly Result[]> {
  const { adapter, reason } = { reason: "", ...(await findAdapter()) };
  const results: Result[] = [];
  for (const backend of ["webgpu", "wasm"] as const) {
    if (backend === "webgpu" && !adapter)
      results.push({ name: "U-Net step with half-precision weights, webgpu", skipped: reason });
    else results.push(...(await on(backend)));
  }
  return results;
}

async function on(backend: "webgpu" | "wasm"): Promise<Result[]> {
  await initRuntime({ backend });
  const specs = unet2dConditionParameters(config);
  const { size, content } = generatedModel(specs, "F16");
  const source = {
    name: "generated",
    size,
    read: (offset: number, length: number) => Promise.resolve(content(offset, offset + length)),
  };
  const halves = await loadWeights(source, specs);
  const floats = await loadWeights(source, specs, { precision: "float32" });
  const sample = tf.randomNormal<tf.Rank.R4>([1, SIDE, SIDE, 4], 0, 1, "float32", 1);
  const encoderHiddenStates = tf.randomNormal<tf.Rank.R3>([1, 77, 256], 0, 1, "float32", 2);
  const step = async (weights: Weights): Promise<void> => {
    const noise = tf.tidy(() =>
      unet2dConditionForward(config, weights, { sample, timestep: [500], encoderHiddenStates }),
    );
    await noise.data();
    noise.dispose();
  };
  try {
    const times = await sideBySide(
      ROUNDS,
      () => step(halves),
      () => step(floats),
    );
    const millions = (countParameters(specs) / 1e6).toFixed(0);
    return [
      {
        name: `U-Net step, ${millions}M parameters, latents ${String(SIDE)}×${String(SIDE)}, float16 weights, ${backend}`,
        value: times.ours,
        unit: "ms",
        peer: { name: "float32 weights", value: times.peer },
      },
      {
        name: `its weights, ${backend}`,
        value: weightsByteLength(halves) / 1e6,
        unit: "MB",
        peer: { name: "float32 weights", value: weightsByteLength(floats) / 1e6 },
      },
    ];
  } finally {
    tf.dispose([sample, encoderHiddenStates]);
    disposeWeights(halves);
    disposeWeights(floats);
  }
}
