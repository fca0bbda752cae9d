import { readFileSync } from "node:fs";
import type * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { parseAutoencoderKlConfig } from "../../../src/diffusion/models/autoencoder-kl-config.ts";
import {
  autoencoderKlDecode,
  autoencoderKlEncode,
  autoencoderKlParameters,
} from "../../../src/diffusion/models/autoencoder-kl.ts";
import { parseClipTextConfig } from "../../../src/diffusion/models/clip-text-config.ts";
import {
  clipTextForward,
  clipTextParameters,
  clipTextWeightName,
} from "../../../src/diffusion/models/clip-text.ts";
import { parseUnet2dConditionConfig } from "../../../src/diffusion/models/unet-2d-condition-config.ts";
import {
  unet2dConditionForward,
  unet2dConditionParameters,
} from "../../../src/diffusion/models/unet-2d-condition.ts";
import { componentSource } from "../../../src/diffusion/single-file/component-source.ts";
import { unetName, vaeName } from "../../../src/diffusion/single-file/ldm-names.ts";
import { openSingleFile, type SingleFile } from "../../../src/diffusion/single-file/single-file.ts";
import { bytesSource, type ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import { readSafetensorsHeader, serializeSafetensors } from "../../../src/diffusion/weights/safetensors.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { readArrays, relativeError, rowsOf, tensorOf } from "../sd-models/golden-case.ts";

const folder = new URL("../../golden/single-file/", import.meta.url);
const golden = await readArrays(new URL("arrays.safetensors", folder));
const source = (name: string): ByteSource =>
  bytesSource(name, readFileSync(new URL(`${name}.safetensors`, folder)));

/** The tiny models differ from all published ones in what their shapes do not tell. */
const options = {
  unet: { attention_head_dim: 2, norm_num_groups: 4 },
  vae: { norm_num_groups: 4 },
  textEncoder: { num_attention_heads: 2 },
};

function fileOf(file: SingleFile, path: string): ByteSource {
  const found = file.files.get(path);
  if (!found) throw new Error(`The checkpoint has no ${path}.`);
  return found;
}

async function jsonOf(file: SingleFile, path: string): Promise<Record<string, unknown>> {
  const text = fileOf(file, path);
  return JSON.parse(new TextDecoder().decode(await text.read(0, text.size))) as Record<string, unknown>;
}

describeOnBackends(
  "a checkpoint in one file",
  ({ tolerance }) => {
    it.each(["sd1", "sd2"])("%s gives what diffusers' models give", async (name) => {
      const file = await openSingleFile(source(name), options);
      const picture = (array: string): tf.Tensor4D => tensorOf(golden, `${name}.${array}`) as tf.Tensor4D;

      const unet = parseUnet2dConditionConfig(await jsonOf(file, "unet/config.json"));
      const unetWeights = await loadWeights(
        fileOf(file, "unet/diffusion_pytorch_model.safetensors"),
        unet2dConditionParameters(unet),
      );
      const encoderHiddenStates = tensorOf(golden, `${name}.states`) as tf.Tensor3D;
      const noise = unet2dConditionForward(unet, unetWeights, {
        sample: picture("sample"),
        timestep: 9,
        encoderHiddenStates,
      });
      expect(await relativeError(noise, golden, `${name}.unet`)).toBeLessThan(tolerance);

      const vae = parseAutoencoderKlConfig(await jsonOf(file, "vae/config.json"));
      const vaeWeights = await loadWeights(
        fileOf(file, "vae/diffusion_pytorch_model.safetensors"),
        autoencoderKlParameters(vae),
      );
      const { mean } = autoencoderKlEncode(vae, vaeWeights, picture("picture"));
      expect(await relativeError(mean, golden, `${name}.latents`)).toBeLessThan(tolerance);
      expect(
        await relativeError(autoencoderKlDecode(vae, vaeWeights, picture("z")), golden, `${name}.decoded`),
      ).toBeLessThan(tolerance);

      const text = parseClipTextConfig(await jsonOf(file, "text_encoder/config.json"));
      const textWeights = await loadWeights(
        fileOf(file, "text_encoder/model.safetensors"),
        clipTextParameters(text),
        {
          rename: clipTextWeightName,
        },
      );
      const { lastHiddenState } = clipTextForward(text, textWeights, {
        inputIds: rowsOf(golden, `${name}.ids`),
      });
      expect(await relativeError(lastHiddenState, golden, `${name}.text`)).toBeLessThan(tolerance);
      for (const weights of [unetWeights, vaeWeights, textWeights]) disposeWeights(weights);
    });
  },
  { only: ["wasm"] },
);

describe("openSingleFile", () => {
  it("tells what the metadata say of the prediction", async () => {
    expect((await openSingleFile(source("sd2"))).predictionType).toBe("v_prediction");
    expect((await openSingleFile(source("sd1"))).predictionType).toBeUndefined();
  });

  it("infers the configs as far as shapes tell", async () => {
    const file = await openSingleFile(source("sd2"));
    expect(await jsonOf(file, "unet/config.json")).toMatchObject({
      in_channels: 5,
      block_out_channels: [8, 16, 8],
      down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
      mid_block_type: "UNetMidBlock2DCrossAttn",
      layers_per_block: 1,
      use_linear_projection: true,
    });
    expect(await jsonOf(file, "text_encoder/config.json")).toMatchObject({
      num_hidden_layers: 2,
      hidden_act: "gelu",
    });
    expect(
      (await jsonOf(await openSingleFile(source("sd1")), "unet/config.json"))["attention_head_dim"],
    ).toBe(8);
  });

  it.each([
    [
      "another family",
      "conditioner.embedders.0.transformer.text_model.final_layer_norm.bias",
      "Stable Diffusion XL",
    ],
    ["no checkpoint at all", "weight", "not a Stable Diffusion checkpoint"],
    ["a U-Net of unknown build", "model.diffusion_model.time_embed.0.bias", "architecture is unknown"],
  ])("refuses %s", async (_, name, message) => {
    const file = bytesSource(
      "x.safetensors",
      serializeSafetensors([{ name, shape: [1], data: new Float32Array(1) }]),
    );
    await expect(openSingleFile(file)).rejects.toThrow(message);
  });

  it("knows the names of the full-size models", () => {
    expect(unetName("input_blocks.11.0.emb_layers.1.weight", 2)).toBe(
      "down_blocks.3.resnets.1.time_emb_proj.weight",
    );
    expect(unetName("input_blocks.9.0.op.bias", 2)).toBe("down_blocks.2.downsamplers.0.conv.bias");
    expect(unetName("output_blocks.2.1.conv.weight", 2)).toBe("up_blocks.0.upsamplers.0.conv.weight");
    expect(unetName("output_blocks.5.2.conv.weight", 2)).toBe("up_blocks.1.upsamplers.0.conv.weight");
    expect(unetName("output_blocks.5.1.proj_in.weight", 2)).toBe("up_blocks.1.attentions.2.proj_in.weight");
    expect(unetName("middle_block.2.in_layers.0.bias", 2)).toBe("mid_block.resnets.1.norm1.bias");
    expect(vaeName("decoder.up.3.upsample.conv.weight", 4)).toBe(
      "decoder.up_blocks.0.upsamplers.0.conv.weight",
    );
  });
});

describe("componentSource", () => {
  it("reads like a file of its own, in pieces of any size", async () => {
    const old = bytesSource(
      "old.safetensors",
      serializeSafetensors([
        { name: "a", shape: [3], data: new Float32Array([1, 2, 3]) },
        { name: "b", shape: [2], data: new Float32Array([4, 5]) },
        { name: "c", shape: [1], data: new Float32Array([6]) },
      ]),
    );
    const { tensors } = await readSafetensorsHeader(old);
    const entries = [...tensors.values()].filter(({ name }) => name !== "b").reverse();
    const part = componentSource(
      "part",
      old,
      entries.map((entry) => ({ ...entry, name: `new.${entry.name}` })),
    );
    const whole = await part.read(0, part.size);
    expect((await readSafetensorsHeader(bytesSource("copy", whole))).tensors).toEqual(
      (await readSafetensorsHeader(part)).tensors,
    );
    expect(Array.from(new Float32Array(whole.slice(-16).buffer))).toEqual([6, 1, 2, 3]);
    for (let offset = 0; offset < part.size; offset += 7) {
      const length = Math.min(11, part.size - offset);
      expect(await part.read(offset, length)).toEqual(whole.slice(offset, offset + length));
    }
  });
});
