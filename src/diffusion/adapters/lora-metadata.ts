import type { LoraModelName } from "./lora-names.ts";

const prefixOf: Readonly<Record<LoraModelName, string>> = { unet: "unet.", textEncoder: "text_encoder." };

/**
 * How strongly a layer without an alpha of its own counts. diffusers keeps PEFT's settings (`r`, `lora_alpha` and exceptions
 * for single layers) as JSON in the file's metadata; without them alpha equals the rank.
 * @returns scale of a layer of the given rank.
 * @throws when the settings are not JSON, or when they ask for a kind of adapter that is not supported.
 */
export function readLoraScales(
  metadata: Readonly<Record<string, string>>,
  model: LoraModelName,
): (layer: string, rank: number) => number {
  const text = metadata["lora_adapter_metadata"];
  if (text === undefined) return () => 1;
  let all: Readonly<Record<string, unknown>>;
  try {
    all = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    throw new Error("The LoRA file's lora_adapter_metadata is not JSON; the file is damaged.");
  }
  const setting = (name: string): unknown => all[prefixOf[model] + name];
  if (setting("use_dora") === true)
    throw new Error("The LoRA file asks for DoRA, which is not supported; plain LoRA is.");
  const alpha = setting("lora_alpha");
  const exceptions = Object.entries((setting("alpha_pattern") ?? {}) as Readonly<Record<string, number>>);
  const isRankStabilized = setting("use_rslora") === true;
  return (layer, rank) => {
    const exception = exceptions.find(([pattern]) => layer === pattern || layer.endsWith(`.${pattern}`));
    const chosen = exception?.[1] ?? (typeof alpha === "number" ? alpha : rank);
    return chosen / (isRankStabilized ? Math.sqrt(rank) : rank);
  };
}
