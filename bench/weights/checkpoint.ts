import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { componentKind } from "../../src/nodes/model/component-kinds.ts";
import { generatedModel } from "../../tests/support/large-model.ts";

const BLOCK = 16 * 2 ** 20;

const TEXT = {
  architectures: ["CLIPTextModel"],
  vocab_size: 49408,
  max_position_embeddings: 77,
  bos_token_id: 49406,
  eos_token_id: 49407,
  pad_token_id: 1,
};
const UNET = { _class_name: "UNet2DConditionModel" };
const VAE = {
  _class_name: "AutoencoderKL",
  block_out_channels: [128, 256, 512, 512],
  layers_per_block: 2,
  down_block_types: Array<string>(4).fill("DownEncoderBlock2D"),
  up_block_types: Array<string>(4).fill("UpDecoderBlock2D"),
};

/** The configs of stable-diffusion-v1-5 and stable-diffusion-2-1, where they differ from diffusers' defaults. */
export const CHECKPOINTS = {
  sd15: {
    title: "SD 1.5",
    parts: {
      text_encoder: {
        ...TEXT,
        hidden_size: 768,
        intermediate_size: 3072,
        num_hidden_layers: 12,
        num_attention_heads: 12,
        hidden_act: "quick_gelu",
      },
      unet: { ...UNET, sample_size: 64, cross_attention_dim: 768, attention_head_dim: 8 },
      vae: { ...VAE, sample_size: 512 },
    },
  },
  sd21: {
    title: "SD 2.1",
    parts: {
      text_encoder: {
        ...TEXT,
        hidden_size: 1024,
        intermediate_size: 4096,
        num_hidden_layers: 23,
        num_attention_heads: 16,
        hidden_act: "gelu",
      },
      unet: {
        ...UNET,
        sample_size: 96,
        cross_attention_dim: 1024,
        attention_head_dim: [5, 10, 20, 20],
        use_linear_projection: true,
        upcast_attention: true,
      },
      vae: { ...VAE, sample_size: 768 },
    },
  },
} as const;

export type CheckpointName = keyof typeof CHECKPOINTS;
export type PartName = keyof (typeof CHECKPOINTS)[CheckpointName]["parts"];

/** One network of a checkpoint on the disk. */
export interface Part {
  readonly name: PartName;
  /** Of the weights' file. */
  readonly path: string;
  readonly size: number;
}

/** Writes a checkpoint of true size and config with made-up weights in float16, in the diffusers layout. */
export async function writeCheckpoint(name: CheckpointName, folder: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (const [part, config] of Object.entries(CHECKPOINTS[name].parts) as [
    PartName,
    Record<string, unknown>,
  ][]) {
    const kind = componentKind(
      String(config["_class_name"] ?? (config["architectures"] as readonly string[] | undefined)?.[0]),
    );
    const model = generatedModel(kind.parameters(kind.parseConfig(config)), "F16");
    const blocks = function* (): Generator<Uint8Array> {
      for (let at = 0; at < model.size; at += BLOCK)
        yield model.content(at, Math.min(model.size, at + BLOCK));
    };
    await mkdir(join(folder, part), { recursive: true });
    await writeFile(join(folder, part, "config.json"), JSON.stringify(config));
    const path = join(folder, part, `${kind.fileStem}.safetensors`);
    await pipeline(Readable.from(blocks()), createWriteStream(path));
    parts.push({ name: part, path, size: model.size });
  }
  return parts;
}
