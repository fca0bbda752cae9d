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
import {
  basicUnetForward,
  basicUnetParameters,
  defaultBasicUnetConfig,
} from "../../src/diffusion/models/basic-unet.ts";
import { parseControlnetConfig } from "../../src/diffusion/models/controlnet-config.ts";
import { controlnetForward, controlnetParameters } from "../../src/diffusion/models/controlnet.ts";
import { parseDptConfig } from "../../src/diffusion/models/depth-dpt-config.ts";
import { dptForward, dptParameters, dptWeightName } from "../../src/diffusion/models/depth-dpt.ts";
import { depthPixelValues } from "../../src/diffusion/models/depth-map.ts";
import { parseUnet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import {
  unet2dConditionForward,
  unet2dConditionParameters,
} from "../../src/diffusion/models/unet-2d-condition.ts";
import { parseUnet2dConfig } from "../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../src/diffusion/models/unet-2d.ts";
import type { ByteSource } from "../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { loadWeights, type LoadWeightsOptions } from "../../src/diffusion/weights/load-weights.ts";
import type { ParameterSpec, Weights } from "../../src/diffusion/weights/parameters.ts";
import { controlnetWorkingBytes } from "../../src/nodes/memory/controlnet-estimate.ts";
import { depthWorkingBytes } from "../../src/nodes/memory/depth-estimate.ts";
import { textWorkingBytes, unetWorkingBytes, vaeWorkingBytes } from "../../src/nodes/memory/estimates.ts";
import { memoryInfo, trimMemory } from "../../src/tensor/runtime.ts";
import { describeOnBackends } from "../support/backends.ts";
import { generatedModel } from "../support/large-model.ts";

type Dtype = "F16" | "F32";

const PRECISION = { F16: "half", F32: "full" } as const;

/** Weights that exist nowhere. */
function madeUp(specs: readonly ParameterSpec[], dtype: Dtype): ByteSource {
  const { size, content } = generatedModel(specs, dtype);
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
  { dtype = "F16", ...options }: LoadWeightsOptions & { readonly dtype?: Dtype } = {},
): Promise<number> {
  const weights = await loadWeights(madeUp(specs, dtype), specs, options);
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

/** Each with weights in half precision and in full, which need different amounts beside them. */
const cases = <T extends object>(list: readonly T[]): (T & { readonly dtype: Dtype })[] =>
  list.flatMap((one) => [
    { ...one, dtype: "F16" as const },
    { ...one, dtype: "F32" as const },
  ]);

describeOnBackends(
  "the estimates of working memory are those of a measurement",
  ({ name }) => {
    it.each(
      cases([
        { channels: [32, 64], side: 16, batch: 1 },
        { channels: [32, 64], side: 16, batch: 2 },
        { channels: [32, 64], side: 24, batch: 1 },
        { channels: [32, 32, 64], side: 16, batch: 1 },
      ]),
    )("a step of a U-Net, %j", async ({ channels, side, batch, dtype }) => {
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
      const measured = await measure(
        unet2dConditionParameters(config),
        (weights) => unet2dConditionForward(config, weights, { sample, timestep, encoderHiddenStates }),
        { dtype },
      );
      expectFit(
        unetWorkingBytes({ className: "UNet2DConditionModel", config }, sample.shape, PRECISION[dtype]),
        measured,
        name,
      );
    });

    it.each(
      cases([
        { channels: [32, 64, 64], side: 16, batch: 1 },
        { channels: [32, 32], side: 32, batch: 2 },
      ]),
    )("decoding with a VAE, %j", async ({ channels, side, batch, dtype }) => {
      const config = parseAutoencoderKlConfig({
        _class_name: "AutoencoderKL",
        block_out_channels: channels,
        layers_per_block: 2,
        norm_num_groups: 8,
        down_block_types: channels.map(() => "DownEncoderBlock2D"),
        up_block_types: channels.map(() => "UpDecoderBlock2D"),
      });
      const latent = tf.zeros<tf.Rank.R4>([batch, side, side, 4]);
      const measured = await measure(
        autoencoderKlParameters(config),
        (weights) => autoencoderKlDecode(config, weights, latent, {}),
        { dtype },
      );
      const pixels = side * 2 ** (channels.length - 1);
      expectFit(
        vaeWorkingBytes({ className: "AutoencoderKL", config }, [batch, pixels, pixels], PRECISION[dtype]),
        measured,
        name,
      );
    });

    it.each(["F16", "F32"] as const)("decoding with a tiny VAE in %s", async (dtype) => {
      const config = parseAutoencoderTinyConfig({ _class_name: "AutoencoderTiny" });
      const latent = tf.zeros<tf.Rank.R4>([1, 16, 16, 4]);
      const measured = await measure(
        autoencoderTinyParameters(config),
        (weights) => autoencoderTinyDecode(config, weights, latent),
        { dtype },
      );
      const model = { className: "AutoencoderTiny", config };
      expectFit(vaeWorkingBytes(model, [1, 128, 128], PRECISION[dtype]), measured, name);
    });

    it.each(
      cases([
        { channels: [32, 64], side: 16, batch: 1, widths: [16, 32, 96, 256] },
        { channels: [32, 64], side: 16, batch: 2, widths: [4, 4, 4, 4] },
        { channels: [64, 64, 128], side: 24, batch: 1, widths: [4, 4, 4, 4] },
      ]),
    )("a step of a ControlNet, %j", async ({ channels, side, batch, widths, dtype }) => {
      const config = parseControlnetConfig({
        _class_name: "ControlNetModel",
        block_out_channels: channels,
        attention_head_dim: 4,
        cross_attention_dim: 32,
        norm_num_groups: 8,
        conditioning_embedding_out_channels: widths,
        down_block_types: [...channels.slice(1).map(() => "CrossAttnDownBlock2D"), "DownBlock2D"],
      });
      const sample = tf.zeros<tf.Rank.R4>([batch, side, side, 4]);
      const encoderHiddenStates = tf.zeros<tf.Rank.R3>([batch, 77, 32]);
      const controlnetCond = tf.zeros<tf.Rank.R4>([batch, 8 * side, 8 * side, 3]);
      const inputs = { sample, timestep: Array<number>(batch).fill(5), encoderHiddenStates, controlnetCond };
      const measured = await measure(
        controlnetParameters(config),
        (weights) => controlnetForward(config, weights, inputs).midBlockAdditionalResidual,
        { dtype },
      );
      expectFit(controlnetWorkingBytes({ config }, sample.shape), measured, name);
    });

    it.each(
      cases([
        { hybrid: true, hidden: 192, heads: 3, fusion: 32, neck: [64, 128, 192, 192], side: 64, batch: 1 },
        { hybrid: true, hidden: 64, heads: 4, fusion: 64, neck: [64, 128, 64, 64], side: 600, batch: 1 },
        { hybrid: false, hidden: 96, heads: 4, fusion: 64, neck: [24, 48, 96, 192], side: 96, batch: 2 },
      ]),
    )("estimating depth, %j", async ({ hybrid, hidden, heads, fusion, neck, side, batch, dtype }) => {
      const bit = {
        embedding_size: 16,
        hidden_sizes: neck.slice(0, 2).concat(256),
        depths: [2, 2, 3],
        num_groups: 8,
        global_padding: "SAME",
        embedding_dynamic_padding: true,
      };
      const config = parseDptConfig({
        hidden_size: hidden,
        num_attention_heads: heads,
        intermediate_size: 4 * hidden,
        num_hidden_layers: 4,
        image_size: 96,
        fusion_hidden_size: fusion,
        neck_hidden_sizes: neck,
        backbone_out_indices: [0, 1, 2, 3],
        ...(hybrid && { is_hybrid: true, backbone_config: bit, reassemble_factors: [1, 1, 1, 0.5] }),
      });
      const picture = tf.zeros<tf.Rank.R4>([batch, side, side, 3]);
      const measured = await measure(
        dptParameters(config),
        (weights) => dptForward(config, weights, depthPixelValues(picture, { size: 96 })),
        { dtype, rename: dptWeightName },
      );
      expectFit(depthWorkingBytes(config, picture.shape), measured, name);
    });

    it.each(
      cases([
        { channels: [32, 64, 64], attends: [false, true, true], layers: 2, side: 32, batch: 2 },
        { channels: [32, 64], attends: [false, false], layers: 1, side: 16, batch: 4 },
        { channels: [64, 128], attends: [true, true], layers: 2, side: 16, batch: 1 },
      ]),
    )("a step of an unconditional U-Net, %j", async ({ channels, attends, layers, side, batch, dtype }) => {
      const config = parseUnet2dConfig({
        _class_name: "UNet2DModel",
        block_out_channels: channels,
        norm_num_groups: 8,
        layers_per_block: layers,
        down_block_types: attends.map((attend) => (attend ? "AttnDownBlock2D" : "DownBlock2D")),
        up_block_types: attends.toReversed().map((attend) => (attend ? "AttnUpBlock2D" : "UpBlock2D")),
      });
      const sample = tf.zeros<tf.Rank.R4>([batch, side, side, 3]);
      const measured = await measure(
        unet2dParameters(config),
        (weights) => unet2dForward(config, weights, { sample, timestep: [5] }),
        { dtype },
      );
      expectFit(unetWorkingBytes({ className: "UNet2DModel", config }, sample.shape), measured, name);
    });

    it.each(cases([{ side: 28, batch: 16 }]))("a step of a BasicUNet, %j", async ({ side, batch, dtype }) => {
      const sample = tf.zeros<tf.Rank.R4>([batch, side, side, 1]);
      const config = defaultBasicUnetConfig;
      const measured = await measure(
        basicUnetParameters(config),
        (weights) => basicUnetForward(config, weights, { sample }),
        { dtype },
      );
      expectFit(unetWorkingBytes({ className: "BasicUNet", config }, sample.shape), measured, name);
    });

    it.each(cases([{ rows: 1 }, { rows: 3 }]))("a text encoder, %j", async ({ rows, dtype }) => {
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
        { dtype },
      );
      expectFit(textWorkingBytes({ config }, rows, PRECISION[dtype]), measured, name);
    });
  },
  { only: ["wasm", "webgpu"] },
);
