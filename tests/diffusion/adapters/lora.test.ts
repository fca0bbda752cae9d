import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyLoras, loadLora, type Lora, type WeightedLora } from "../../../src/diffusion/adapters/lora.ts";
import { parseLoraName } from "../../../src/diffusion/adapters/lora-names.ts";
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
import { bytesSource, type ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { Weights } from "../../../src/diffusion/weights/parameters.ts";
import { serializeSafetensors, type NamedArray } from "../../../src/diffusion/weights/safetensors.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { readArrays, relativeError, rowsOf, tensorOf } from "../sd-models/golden-case.ts";

const folder = new URL("../../golden/adapters/", import.meta.url);
const source = (file: string): ByteSource => bytesSource(file, readFileSync(new URL(file, folder)));
const json = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Record<string, unknown>;

const golden = await readArrays(new URL("arrays.safetensors", folder));
const unetConfig = parseUnet2dConditionConfig(json("unet/config.json"));
const textConfig = parseClipTextConfig(json("text_encoder/config.json"));
const specs = { unet: unet2dConditionParameters(unetConfig), textEncoder: clipTextParameters(textConfig) };
const forms = ["kohya", "peft", "diffusers", "diffusers-old"];
const loras: Record<string, Lora> = Object.fromEntries(
  await Promise.all(
    forms.map(async (form) => [form, await loadLora(source(`${form}.safetensors`), specs)] as const),
  ),
);
const loraOf = (form: string): Lora => loras[form] as Lora;

describeOnBackends("LoRA against diffusers", ({ tolerance }) => {
  let unet: Weights;
  let textEncoder: Weights;
  beforeAll(async () => {
    unet = await loadWeights(source("unet/diffusion_pytorch_model.safetensors"), specs.unet);
    textEncoder = await loadWeights(source("text_encoder/model.safetensors"), specs.textEncoder, {
      rename: clipTextWeightName,
    });
  });
  afterAll(() => {
    disposeWeights(unet);
    disposeWeights(textEncoder);
  });

  async function expectGolden(
    name: string,
    chosen: readonly (readonly [form: string, weight: number])[],
  ): Promise<void> {
    const before = tf.memory().numTensors;
    const pick = (model: "unet" | "textEncoder"): WeightedLora[] =>
      chosen.map(([form, weight]) => ({ layers: loraOf(form)[model], weight }));
    const changedUnet = applyLoras(unet, pick("unet"));
    const changedText = applyLoras(textEncoder, pick("textEncoder"));
    const inputs = {
      sample: tensorOf(golden, "sample") as tf.Tensor4D,
      encoderHiddenStates: tensorOf(golden, "encoderHiddenStates") as tf.Tensor3D,
    };
    const output = unet2dConditionForward(unetConfig, changedUnet, { ...inputs, timestep: 77 });
    const text = clipTextForward(textConfig, changedText, { inputIds: rowsOf(golden, "inputIds") });
    expect(await relativeError(output, golden, `${name}.unet`)).toBeLessThan(tolerance);
    expect(await relativeError(text.lastHiddenState, golden, `${name}.textEncoder`)).toBeLessThan(tolerance);
    tf.dispose([output, ...Object.values(inputs), ...(Object.values(text) as tf.Tensor[])]);
    disposeWeights(changedUnet);
    disposeWeights(changedText);
    expect(tf.memory().numTensors).toBe(before);
  }

  it.each(forms)("%s names, weight 0.7", (form) => expectGolden(form, [[form, 0.7]]));

  it("several at once, with weights of both signs", () =>
    expectGolden("several", [
      ["kohya", 0.5],
      ["peft", -0.3],
      ["diffusers-old", 1.25],
    ]));

  it("unloading gives the original again, as does weight 0", async () => {
    disposeWeights(applyLoras(unet, [{ layers: loraOf("kohya").unet, weight: 1 }]));
    await expectGolden("none", []);
    await expectGolden("none", [["kohya", 0]]);
  });
});

describe("LoRA files", () => {
  const linear = {
    name: "blocks.0.to_q.weight",
    kind: "linear",
    shape: [3, 2],
    init: { kind: "zeros" },
  } as const;
  const array = (name: string, shape: number[], values: number[]): NamedArray => ({
    name,
    shape,
    data: new Float32Array(values),
  });
  const file = (arrays: readonly NamedArray[], metadata?: Record<string, string>): ByteSource =>
    bytesSource("test.safetensors", serializeSafetensors(arrays, metadata));
  const down = array("lora_unet_blocks_0_to_q.lora_down.weight", [1, 2], [1, 2]);
  const up = array("lora_unet_blocks_0_to_q.lora_up.weight", [3, 1], [10, 20, 30]);

  const delta = async (lora: Lora): Promise<number[]> => {
    const zeros: Weights = { [linear.name]: tf.zeros([2, 3]) };
    return Array.from(
      await (applyLoras(zeros, [{ layers: lora.unet, weight: 2 }])[linear.name] as tf.Tensor).data(),
    );
  };

  it("each layer's alpha counts, divided by the rank", async () => {
    const plain = await loadLora(file([down, up]), { unet: [linear] });
    expect(await delta(plain)).toEqual([20, 40, 60, 40, 80, 120]);
    const halved = await loadLora(file([down, up, array("lora_unet_blocks_0_to_q.alpha", [], [0.5])]), {
      unet: [linear],
    });
    expect(await delta(halved)).toEqual([10, 20, 30, 20, 40, 60]);
  });

  it.each([
    ["lora_alpha", { "unet.r": 1, "unet.lora_alpha": 3 }, 3],
    ["an exception for one layer", { "unet.lora_alpha": 3, "unet.alpha_pattern": { to_q: 4 } }, 4],
    ["another model's settings", { "text_encoder.lora_alpha": 3 }, 1],
  ])("the metadata's settings count: %s", async (_, settings, scale) => {
    const named = [
      array("unet.blocks.0.to_q.lora_A.weight", [1, 2], [1, 2]),
      array("unet.blocks.0.to_q.lora_B.weight", [3, 1], [10, 20, 30]),
    ];
    const lora = await loadLora(file(named, { lora_adapter_metadata: JSON.stringify(settings) }), {
      unet: [linear],
    });
    expect(lora.unet.get(linear.name)?.scale).toBe(scale);
  });

  it("a model that was not given is left out and named", async () => {
    const lora = await loadLora(source("kohya.safetensors"), { unet: specs.unet });
    expect(lora.unused).toEqual(["textEncoder"]);
    expect(lora.textEncoder.size).toBe(0);
    expect(loraOf("kohya").unused).toEqual([]);
  });

  it.each([
    [
      "a layer that the model does not have",
      [array("lora_unet_other.lora_down.weight", [1, 2], [1, 2])],
      '"other" is no layer',
    ],
    ["a layer with one matrix only", [down], "has no up matrix"],
    [
      "matrices of the wrong size",
      [array(down.name, [1, 3], [1, 2, 3]), up],
      "do not change a weight of [3, 2]",
    ],
    [
      "one layer under two names",
      [
        down,
        up,
        array("unet.blocks.0.to_q.lora_A.weight", [1, 2], [1, 2]),
        array("unet.blocks.0.to_q.lora_B.weight", [3, 1], [1, 1, 1]),
      ],
      "occurs twice",
    ],
    ["names of no known form", [array("unet.blocks.0.to_q.weight", [1, 2], [1, 2])], "no known form"],
    ["LoHa", [array("lora_unet_blocks_0_to_q.hada_w1_a", [1], [1])], "LoHa"],
    ["DoRA", [down, up, array("lora_unet_blocks_0_to_q.dora_scale", [1], [1])], "DoRA"],
  ])("refuse %s", async (_, arrays, message) => {
    await expect(loadLora(file(arrays), { unet: [linear] })).rejects.toThrow(message);
  });

  it("refuse weights of another model", () => {
    expect(() => applyLoras({}, [{ layers: loraOf("kohya").unet, weight: 1 }])).toThrow(
      "which these weights do not have",
    );
  });

  it.each([
    [
      "base_model.model.down_blocks.0.attn1.to_q.lora_A.default.weight",
      "unet",
      "down_blocks.0.attn1.to_q",
      "down",
    ],
    [
      "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
      "textEncoder",
      "text_model_encoder_layers_0_mlp_fc1",
      "up",
    ],
    [
      "text_encoder.text_model.encoder.layers.0.self_attn.to_out_lora.up.weight",
      "textEncoder",
      "text_model.encoder.layers.0.self_attn.out_proj",
      "up",
    ],
  ])("understand %s", (name, model, layer, part) => {
    expect(parseLoraName(name)).toEqual({ model, layer, part });
  });
});
