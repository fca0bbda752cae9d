import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesSource } from "../../src/diffusion/weights/byte-source.ts";
import { readSafetensorsHeader, readTensor } from "../../src/diffusion/weights/safetensors.ts";

/** The tiny pipelines and pictures that diffusers made; see make.py there. */
export const goldens = fileURLToPath(new URL("../golden/pipelines/", import.meta.url));

/** A picture, model or adapter there, as a source. */
export const golden = (name: string): string => `file:${join(goldens, name)}`;

/** What differs from `base`: the names of the folders there. */
export type Variant = "base" | "inpaint" | "depth" | "lcm" | "v-prediction" | "turbo" | "unusual";

let scratch: string | undefined;

function scratchFolder(): string {
  if (!scratch) {
    const made = mkdtempSync(join(tmpdir(), "loom-pipelines-"));
    process.once("exit", () => {
      rmSync(made, { recursive: true, force: true });
    });
    scratch = made;
  }
  return scratch;
}

/** The folder of a whole pipeline: `base` with the parts of the variant laid over it. */
export function pipelineFolder(variant: Variant): string {
  if (variant === "base") return join(goldens, "base");
  const folder = join(scratchFolder(), variant);
  if (!existsSync(folder)) {
    cpSync(join(goldens, "base"), folder, { recursive: true });
    cpSync(join(goldens, variant), folder, { recursive: true });
  }
  return folder;
}

/** The pipeline as a source for the parameter `model.source`. */
export const pipeline = (variant: Variant): string => `file:${pipelineFolder(variant)}`;

export interface Expected {
  readonly shape: readonly number[];
  /** In the order batch, height, width, channels. */
  readonly values: Float32Array;
}

/**
 * Reads one of diffusers' results: `<run>.latents`, `<run>.pixels`, …
 *
 * @param results `expected`: of one picture (make.py); `grids`: of several (grids.py); `exchange`: with parts from elsewhere (exchange.py).
 */
export async function readExpected(name: string, results: "expected" | "grids" | "exchange" = "expected"): Promise<Expected> {
  const path = `${results}.safetensors`;
  const file = bytesSource(path, readFileSync(join(goldens, path)));
  const entry = (await readSafetensorsHeader(file)).tensors.get(name);
  if (!entry) throw new Error(`${path} has no "${name}".`);
  const values = Float32Array.from(await readTensor(file, entry));
  const [batch = 0, second = 0, third = 0, fourth = 0] = entry.shape;
  if (name.endsWith(".pixels")) return { shape: entry.shape, values };
  const moved = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const [n, c, place] = [
      Math.floor(i / (second * third * fourth)),
      Math.floor(i / (third * fourth)) % second,
      i % (third * fourth),
    ];
    moved[(n * third * fourth + place) * second + c] = values[i] ?? 0;
  }
  return { shape: [batch, third, fourth, second], values: moved };
}
