import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { parseAutoencoderKlConfig } from "../../src/diffusion/models/autoencoder-kl-config.ts";
import { autoencoderKlDecode, autoencoderKlParameters } from "../../src/diffusion/models/autoencoder-kl.ts";
import {
  autoencoderTinyDecode,
  autoencoderTinyParameters,
  parseAutoencoderTinyConfig,
} from "../../src/diffusion/models/autoencoder-tiny.ts";
import { parseClipTextConfig } from "../../src/diffusion/models/clip-text-config.ts";
import { clipTextForward, clipTextParameters } from "../../src/diffusion/models/clip-text.ts";
import { parseUnet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import {
  unet2dConditionForward,
  unet2dConditionParameters,
} from "../../src/diffusion/models/unet-2d-condition.ts";
import type { ByteSource } from "../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../src/diffusion/weights/load-weights.ts";
import type { ParameterSpec, Weights } from "../../src/diffusion/weights/parameters.ts";
import { textWorkingBytes, unetWorkingBytes, vaeWorkingBytes } from "../../src/nodes/memory/estimates.ts";
import { memoryInfo, trimMemory } from "../../src/tensor/runtime.ts";
import { describeOnBackends } from "../support/backends.ts";
import { generatedModel } from "../support/large-model.ts";

/** Half-precision weights that exist nowhere. */
function madeUp(specs: readonly ParameterSpec[]): ByteSource {
  const { size, content } = generatedModel(specs, "F16");
  return {
    name: "generated",
    size,
    read: (offset, length) => Promise.resolve(content(offset, offset + length)),
  };
}

/** Bytes beside the weights while a network runs: of tensors, on WebGPU of all buffers. */
async function measure(
  specs: readonly ParameterSpec[],
  forward: (weights: Weights) => tf.Tensor,
): Promise<number> {
  const weights = await loadWeights(madeUp(specs), specs);
  try {
    if (tf.getBackend() !== "webgpu") {
      const before = tf.memory().numBytes;
      const { peakBytes, result } = await tf.profile(() => tf.tidy(() => forward(weights)));
      tf.dispose(result);
      return peakBytes - before;
    }
    trimMemory();
    const before = memoryInfo().gpuBytesAllocated;
    const result = tf.tidy(() => forward(weights));
    await result.data();
    const { gpuBytesAllocated } = memoryInfo();
    result.dispose();
    return gpuBytesAllocated - before;
  } finally {
    disposeWeights(weights);
    trimMemory();
  }
}

/** Too low is worse than too high: a budget that is kept to on paper is no use. */
const expectFit = (estimated: number, measured: number, backend: string): void => {
  const ratio = estimated / measured;
  expect(ratio, `${String(estimated)} bytes estimated, ${String(measured)} measured`).toBeGreaterThan(0.9);
  expect(ratio, `${String(estimated)} bytes estimated, ${String(measured)} measured`).toBeLessThan(
    backend === "webgpu" ? 2 : 1.4,
  );
};

describeOnBackends(
  "the estimates of working memory are those of a measurement",
  ({ name }) => {
    it.each([
      { channels: [32, 64], side: 16, batch: 1 },
      { channels: [32, 64], side: 16, batch: 2 },
      { channels: [32, 64], side: 24, batch: 1 },
      { channels: [32, 32, 64], side: 16, batch: 1 },
    ])("a step of a U-Net, %j", async ({ channels, side, batch }) => {
      const inner = channels.slice(1);
      const config = parseUnet2dConditionConfig({
        _class_name: "UNet2DConditionModel",
        block_out_channels: channels,
        attention_head_dim: 4,
        cross_attention_dim: 32,
        norm_num_groups: 8,
        down_block_types: [...inner.map(() => "CrossAttnDownBlock2D"), "DownBlock2D"],
        up_block_types: ["UpBlock2D", ...inner.map(() => "CrossAttnUpBlock2D")],
      });
      const sample = tf.zeros<tf.Rank.R4>([batch, side, side, 4]);
      const encoderHiddenStates = tf.zeros<tf.Rank.R3>([batch, 77, 32]);
      const timestep = Array<number>(batch).fill(5);
      const measured = await measure(unet2dConditionParameters(config), (weights) =>
        unet2dConditionForward(config, weights, { sample, timestep, encoderHiddenStates }),
      );
      expectFit(
        unetWorkingBytes({ className: "UNet2DConditionModel", config }, sample.shape),
        measured,
        name,
      );
    });

    it.each([
      { channels: [32, 64, 64], side: 16, batch: 1 },
      { channels: [32, 32], side: 32, batch: 2 },
    ])("decoding with a VAE, %j", async ({ channels, side, batch }) => {
      const config = parseAutoencoderKlConfig({
        _class_name: "AutoencoderKL",
        block_out_channels: channels,
        layers_per_block: 2,
        norm_num_groups: 8,
        down_block_types: channels.map(() => "DownEncoderBlock2D"),
        up_block_types: channels.map(() => "UpDecoderBlock2D"),
      });
      const latent = tf.zeros<tf.Rank.R4>([batch, side, side, 4]);
      const measured = await measure(autoencoderKlParameters(config), (weights) =>
        autoencoderKlDecode(config, weights, latent, {}),
      );
      const pixels = side * 2 ** (channels.length - 1);
      expectFit(
        vaeWorkingBytes({ className: "AutoencoderKL", config }, [batch, pixels, pixels]),
        measured,
        name,
      );
    });

    it("decoding with a tiny VAE", async () => {
      const config = parseAutoencoderTinyConfig({ _class_name: "AutoencoderTiny" });
      const latent = tf.zeros<tf.Rank.R4>([1, 16, 16, 4]);
      const measured = await measure(autoencoderTinyParameters(config), (weights) =>
        autoencoderTinyDecode(config, weights, latent),
      );
      expectFit(vaeWorkingBytes({ className: "AutoencoderTiny", config }, [1, 128, 128]), measured, name);
    });

    it.each([1, 3])("a text encoder on %d rows", async (rows) => {
      const config = parseClipTextConfig({
        vocab_size: 1000,
        hidden_size: 64,
        intermediate_size: 256,
        num_hidden_layers: 3,
        num_attention_heads: 4,
        eos_token_id: 999,
      });
      const inputIds = Array.from({ length: rows }, () => Array<number>(77).fill(1));
      const measured = await measure(
        clipTextParameters(config),
        (weights) => clipTextForward(config, weights, { inputIds }).lastHiddenState,
      );
      expectFit(textWorkingBytes({ config }, rows), measured, name);
    });
  },
  { only: ["wasm", "webgpu"] },
);
