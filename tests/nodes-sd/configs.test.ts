import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../src/diffusion/weights/init-weights.ts";
import { saveWeights } from "../../src/diffusion/weights/save-weights.ts";
import { nodeServices, Runner } from "../../src/index.ts";
import { componentKind } from "../../src/nodes/model/component-kinds.ts";
import { pipelineFolder } from "../graphs/tiny-pipelines.ts";

type Options = Readonly<Record<string, unknown>>;

const scratch = mkdtempSync(join(tmpdir(), "loom-configs-"));
const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
beforeAll(() => runner.init("wasm"));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const graph = readFileSync(new URL("../../graphs/txt2img-compact.graph.json", import.meta.url), "utf8");
let count = 0;

/** The tiny pipeline with other options in one of its config files; weights of the new shapes where they change. */
async function changed(path: string, options: Options, newWeights: boolean): Promise<string> {
  const folder = join(scratch, String((count += 1)));
  cpSync(pipelineFolder("base"), folder, { recursive: true });
  const file = join(folder, path);
  const json = { ...(JSON.parse(readFileSync(file, "utf8")) as Options), ...options };
  writeFileSync(file, JSON.stringify(json));
  if (newWeights) {
    const kind = componentKind(String(json["_class_name"] ?? "CLIPTextModel"));
    const specs = kind.parameters(kind.parseConfig(json));
    const weights = initWeights(specs, 5);
    const bytes = await saveWeights(weights, specs, { dtype: "F32" });
    writeFileSync(join(folder, path.replace("config.json", `${kind.fileStem}.safetensors`)), bytes);
    disposeWeights(weights);
  }
  return folder;
}

/** Runs two steps; the picture's numbers, or the message of the failure. Either way no tensor may be left. */
async function attempt(folder: string): Promise<{ pixels?: Float32Array; message?: string }> {
  const before = tf.memory().numTensors;
  const set = {
    "model.source": `file:${folder}`,
    "noise.height": 32,
    "noise.width": 32,
    "sampler.numInferenceSteps": 2,
  };
  try {
    const { outputs, dispose } = await runner.run(graph, { backend: "wasm", set });
    const pixels = Float32Array.from(await (outputs["decode"]?.["image"] as tf.Tensor).data());
    dispose();
    return { pixels };
  } catch (error) {
    return { message: (error as Error).message };
  } finally {
    expect(tf.memory().numTensors).toBe(before);
  }
}

const UNET = "unet/config.json";
const VAE = "vae/config.json";
const TEXT = "text_encoder/config.json";
const SCHEDULER = "scheduler/scheduler_config.json";

/** File, options, and whether they change the weights' shapes. */
const works: [string, Options, boolean][] = [
  [
    UNET,
    { act_fn: "gelu", norm_eps: 1e-6, downsample_padding: 0, flip_sin_to_cos: false, freq_shift: 1 },
    false,
  ],
  [UNET, { center_input_sample: true, upcast_attention: true, sample_size: [8, 16] }, false],
  [UNET, { resnet_time_scale_shift: "scale_shift", use_linear_projection: true }, true],
  [UNET, { mid_block_type: null, attention_head_dim: [1, 8] }, true],
  [UNET, { block_out_channels: [12, 20], layers_per_block: [2, 1], transformer_layers_per_block: 2 }, true],
  [UNET, { an_option_of_tomorrow: null, another_one: false }, false],
  [VAE, { block_out_channels: [4, 8, 8, 12], layers_per_block: 2, mid_block_add_attention: false }, true],
  [VAE, { scaling_factor: 0.3, shift_factor: 0.1 }, false],
  [TEXT, { hidden_act: "gelu", layer_norm_eps: 1e-6 }, false],
  [TEXT, { num_hidden_layers: 1, num_attention_heads: 4, intermediate_size: 24 }, true],
  [SCHEDULER, { _class_name: "HeunDiscreteScheduler", use_karras_sigmas: true }, false],
  [
    SCHEDULER,
    { _class_name: "DDPMScheduler", beta_schedule: "squaredcos_cap_v2", variance_type: "fixed_small" },
    false,
  ],
  [SCHEDULER, { prediction_type: "v_prediction", timestep_spacing: "trailing", steps_offset: 0 }, false],
];

/** File, options, what the refusal must name, and whether the weights have the new shapes. */
const refused: [string, Options, RegExp, boolean?][] = [
  [UNET, { addition_embed_type: "text_time" }, /Node "model".*addition_embed_type.*"text_time"/s],
  [UNET, { down_block_types: ["CrossAttnDownBlock2D", "KDownBlock2D"] }, /down_block_types.*KDownBlock2D/s],
  [UNET, { dual_cross_attention: true }, /dual_cross_attention/],
  [UNET, { act_fn: "snake" }, /act_fn.*"snake"/s],
  [UNET, { norm_num_groups: 3 }, /norm_num_groups/],
  [UNET, { attention_head_dim: 3 }, /attention_head_dim/],
  [UNET, { an_option_of_tomorrow: "yes" }, /an_option_of_tomorrow = "yes"/],
  [UNET, { _class_name: "UNet3DConditionModel" }, /UNet3DConditionModel.*UNet2DConditionModel/s],
  [UNET, { block_out_channels: [8, 20] }, /has shape|shape/],
  [UNET, { in_channels: 9 }, /Node "sampler".*9.*4|Node "sampler".*4.*9/s, true],
  [UNET, { cross_attention_dim: 24 }, /Node "sampler".*24.*16|Node "sampler".*16.*24/s, true],
  [UNET, { num_class_embeds: 10 }, /Node "sampler".*class/s, true],
  [VAE, { down_block_types: ["DownEncoderBlock2D", "Other", "Other", "Other"] }, /down_block_types.*Other/s],
  [VAE, { latent_channels: 8 }, /Node "sampler".*sample.*8.*4/s, true],
  [VAE, { _class_name: "AutoencoderKLWan" }, /AutoencoderKLWan.*AutoencoderKL/s],
  [TEXT, { hidden_act: "relu6" }, /hidden_act.*"relu6"/s],
  [TEXT, { num_attention_heads: 3 }, /num_attention_heads/],
  [TEXT, { architectures: ["T5EncoderModel"] }, /T5EncoderModel.*CLIPTextModel/s],
  [SCHEDULER, { _class_name: "KDPM2DiscreteScheduler" }, /KDPM2DiscreteScheduler/],
  [SCHEDULER, { beta_schedule: "sigmoid" }, /beta_schedule.*"?sigmoid"?/s],
  [SCHEDULER, { an_option_of_tomorrow: 3 }, /an_option_of_tomorrow/],
  [SCHEDULER, { prediction_type: "score" }, /prediction_type.*"?score"?/s],
];

describe("a config never seen before", () => {
  it("is refused before any weights are read", async () => {
    const folder = await changed(VAE, { down_block_types: ["Other", "Other", "Other", "Other"] }, false);
    for (const path of ["unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"]) {
      writeFileSync(join(folder, path), "not read");
    }
    expect((await attempt(folder)).message).toMatch(/AutoencoderKL config: down_block_types/);
  });

  it.each(works)("works: %s with %j", async (path, options, newWeights) => {
    const { pixels, message } = await attempt(await changed(path, options, newWeights));
    expect(message).toBeUndefined();
    expect(pixels).toHaveLength(32 * 32 * 3);
    expect(pixels?.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(new Set(pixels).size).toBeGreaterThan(100);
  });

  it.each(refused)("is refused by name: %s with %j", async (path, options, names, newWeights = false) => {
    const { message } = await attempt(await changed(path, options, newWeights));
    expect(message).toMatch(names);
  });
});
