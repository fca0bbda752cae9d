import type { ParameterSpec } from "../weights/parameters.ts";

/** The two models of a Stable Diffusion pipeline that a LoRA may change. */
export type LoraModelName = "unet" | "textEncoder";

/** What one tensor of a LoRA file is. */
export interface LoraTensorName {
  readonly model: LoraModelName;
  /** The changed layer, in the file's spelling without the model's prefix. */
  readonly layer: string;
  readonly part: "down" | "up" | "alpha";
}

const prefixes: readonly (readonly [prefix: string, model: LoraModelName])[] = [
  ["lora_unet_", "unet"],
  ["lora_te1_", "textEncoder"],
  ["lora_te_", "textEncoder"],
  ["unet.", "unet"],
  ["text_encoder.", "textEncoder"],
];

/** Kinds of adapters that are not a product of two matrices, by the part of the name that betrays them. */
const foreignKinds: readonly (readonly [mark: RegExp, kind: string])[] = [
  [/hada_w/, "LoHa"],
  [/lokr_/, "LoKr"],
  [/lora_mid/, "LoCon with a middle convolution (Tucker)"],
  [/dora_scale|lora_magnitude_vector/, "DoRA"],
  [/\.(diff|diff_b)$/, "full weight differences"],
  [/oft_|boft_/, "OFT"],
];

const parts: readonly (readonly [suffix: RegExp, part: LoraTensorName["part"]])[] = [
  [/\.(?:lora_down|lora_A|lora\.down|lora_linear_layer\.down)(?:\.[\w-]+)?\.weight$/, "down"],
  [/\.(?:lora_up|lora_B|lora\.up|lora_linear_layer\.up)(?:\.[\w-]+)?\.weight$/, "up"],
  [/\.alpha$/, "alpha"],
];

/** Before diffusers 0.22: `attn1.processor.to_q_lora.down.weight`, and the same for the text encoder's `q_proj`. */
const oldAttention = /\.to_(q|k|v|out)_lora\.(down|up)\.weight$/;

/**
 * Reads a tensor's name in any of the usual forms: kohya's (`lora_unet_down_blocks_0_…_to_q.lora_down.weight`), PEFT's
 * (`unet.down_blocks.0.….to_q.lora_A.weight`) and both of diffusers'.
 * @returns undefined for a name of no known form.
 * @throws for another kind of adapter, by its name.
 */
export function parseLoraName(name: string): LoraTensorName | undefined {
  const foreign = foreignKinds.find(([mark]) => mark.test(name));
  if (foreign) {
    throw new Error(
      `"${name}" is part of an adapter of the kind ${foreign[1]}, which is not supported; plain LoRA is.`,
    );
  }
  const plain = name.replace(/^base_model\.model\./, "").replaceAll(".processor.", ".");
  const [prefix, model] = prefixes.find(([start]) => plain.startsWith(start)) ?? ["", "unet" as const];
  const rest = plain.slice(prefix.length);
  const old = oldAttention.exec(rest);
  if (old) {
    const [suffix, letter = "", part] = old;
    return {
      model,
      layer: `${rest.slice(0, -suffix.length)}.${oldLayer(model, letter)}`,
      part: part as "down" | "up",
    };
  }
  const found = parts.find(([suffix]) => suffix.test(rest));
  return found && { model, layer: rest.replace(found[0], ""), part: found[1] };
}

function oldLayer(model: LoraModelName, letter: string): string {
  if (model === "textEncoder") return `${letter}_proj`;
  return letter === "out" ? "to_out.0" : `to_${letter}`;
}

/** Finds the parameter that a layer's name means: spelt with dots, or as kohya does with underscores only. */
export function indexLayers(specs: readonly ParameterSpec[]): (layer: string) => ParameterSpec | undefined {
  const byLayer = new Map<string, ParameterSpec>();
  for (const spec of specs) {
    if (spec.kind !== "conv" && spec.kind !== "linear") continue;
    const layer = spec.name.replace(/\.weight$/, "");
    byLayer.set(layer, spec);
    byLayer.set(layer.replaceAll(".", "_"), spec);
    // transformers 5 calls a text encoder's layers without this.
    const short = layer.replace(/^text_model\./, "");
    byLayer.set(short, spec);
  }
  return (layer) => byLayer.get(layer);
}
