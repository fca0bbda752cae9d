import { describe, expect, it } from "vitest";
import { parseAutoencoderKlConfig } from "../../../src/diffusion/models/autoencoder-kl-config.ts";
import { autoencoderKlParameters } from "../../../src/diffusion/models/autoencoder-kl.ts";
import {
  autoencoderTinyParameters,
  parseAutoencoderTinyConfig,
} from "../../../src/diffusion/models/autoencoder-tiny.ts";
import { parseClipTextConfig } from "../../../src/diffusion/models/clip-text-config.ts";
import { clipTextParameters } from "../../../src/diffusion/models/clip-text.ts";
import { parseControlnetConfig } from "../../../src/diffusion/models/controlnet-config.ts";
import { controlnetParameters } from "../../../src/diffusion/models/controlnet.ts";
import { parseUnet2dConditionConfig } from "../../../src/diffusion/models/unet-2d-condition-config.ts";
import { unet2dConditionParameters } from "../../../src/diffusion/models/unet-2d-condition.ts";
import { countParameters } from "../../../src/diffusion/weights/dispose.ts";
import type { ParameterSpec } from "../../../src/diffusion/weights/parameters.ts";
import published from "../../golden/sd-models/published.json" with { type: "json" };

const parameters: Readonly<Record<string, (config: Record<string, unknown>) => ParameterSpec[]>> = {
  UNet2DConditionModel: (config) => unet2dConditionParameters(parseUnet2dConditionConfig(config)),
  AutoencoderKL: (config) => autoencoderKlParameters(parseAutoencoderKlConfig(config)),
  AutoencoderTiny: (config) => autoencoderTinyParameters(parseAutoencoderTinyConfig(config)),
  ControlNetModel: (config) => controlnetParameters(parseControlnetConfig(config)),
  CLIPTextModel: (config) => clipTextParameters(parseClipTextConfig(config)),
};

/** Names and shapes as one number: FNV-1a over the sorted lines "name shape". */
function digest(lines: readonly string[]): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(lines.toSorted().join("\n"))) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(16);
}

describe("published models at full size have diffusers' names and shapes", () => {
  it.each(Object.entries(published))("%s", (_, { className, config, count, hash }) => {
    const specs = parameters[className]?.(config) ?? [];
    expect(countParameters(specs)).toBe(count);
    expect(digest(specs.map(({ name, shape }) => `${name} ${shape.join(",")}`))).toBe(hash);
  });
});
