import type { RunContext } from "../../engine/node/define-node.ts";
import type { ByteSource } from "../../diffusion/weights/byte-source.ts";
import { loadWeights } from "../../diffusion/weights/load-weights.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { saveWeights } from "../../diffusion/weights/save-weights.ts";
import { openRequired, type FileSink, type SourceFolder } from "../sources/sources.ts";
import { networkKind } from "./network-kinds.ts";

const WEIGHTS = "diffusion_pytorch_model";
const PICKLES = [`${WEIGHTS}.bin`, `${WEIGHTS}.ckpt`, `${WEIGHTS}.pt`];

/** Reads and parses a JSON file. @throws Error that names file and folder. */
export async function readJson(folder: SourceFolder, path: string, signal: AbortSignal): Promise<unknown> {
  const file = await openRequired(folder, path, { signal });
  const text = new TextDecoder().decode(await file.read(0, file.size));
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Error(`"${path}" of "${folder.label}" is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Where a component's files are: `<subfolder>/`, or the top of the folder. */
async function componentPrefix(
  folder: SourceFolder,
  subfolder: string,
  signal: AbortSignal,
): Promise<string> {
  if (subfolder === "") return "";
  const nested = await folder.open(`${subfolder}/config.json`, { signal });
  // The google/ddpm-* repositories keep their only component at the top.
  return nested ? `${subfolder}/` : "";
}

/**
 * Loads a network in the diffusers layout: `config.json` and safetensors weights, whole or in shards, full or half precision.
 *
 * @throws Error that names the file or tensor at fault; a pickle is refused with what to use instead.
 */
export async function loadNetwork(
  folder: SourceFolder,
  subfolder: string,
  context: RunContext,
): Promise<Model<unknown>> {
  const { signal } = context;
  const prefix = await componentPrefix(folder, subfolder, signal);
  const json = await readJson(folder, `${prefix}config.json`, signal);
  const className = (json as { _class_name?: unknown } | null)?._class_name;
  if (typeof className !== "string")
    throw new Error(`"${prefix}config.json" of "${folder.label}" names no _class_name.`);
  const kind = networkKind(className);
  const config = kind.parseConfig(json);
  const files = await weightFiles(folder, prefix, context);
  const weights = await loadWeights(files, kind.parameters(config), {
    signal,
    onProgress: (read, total) => {
      context.progress(read, total, "reading weights");
    },
  });
  return { className, config, weights };
}

async function weightFiles(
  folder: SourceFolder,
  prefix: string,
  context: RunContext,
): Promise<readonly ByteSource[]> {
  const options = { signal: context.signal, progress: context.progress.bind(context) };
  const open = (name: string): Promise<ByteSource | undefined> => folder.open(`${prefix}${name}`, options);
  const whole = (await open(`${WEIGHTS}.safetensors`)) ?? (await open(`${WEIGHTS}.fp16.safetensors`));
  if (whole) return [whole];
  if (await open(`${WEIGHTS}.safetensors.index.json`)) {
    const index = (await readJson(folder, `${prefix}${WEIGHTS}.safetensors.index.json`, context.signal)) as {
      weight_map?: Record<string, unknown>;
    };
    const names = [...new Set(Object.values(index.weight_map ?? {}).map(String))].sort();
    return Promise.all(names.map((name) => openRequired(folder, `${prefix}${name}`, options)));
  }
  for (const pickle of PICKLES) {
    if (await open(pickle)) {
      throw new Error(
        `"${folder.label}" has its weights only as a pickle (${prefix}${pickle}), which could run code. ` +
          `Save them as safetensors: in Python, model.save_pretrained(folder, safe_serialization=True).`,
      );
    }
  }
  return [await openRequired(folder, `${prefix}${WEIGHTS}.safetensors`, options)];
}

/**
 * Writes a network in the diffusers layout; Python's `from_pretrained` opens it.
 *
 * @param folder Where `config.json` and the weights go. Weights first: a folder with a config is whole.
 */
export async function saveNetwork(
  files: FileSink,
  folder: string,
  { className, config, weights }: Model<unknown>,
  dtype: "F32" | "F16",
): Promise<void> {
  const kind = networkKind(className);
  const path = folder.replace(/\/+$/, "");
  await files.write(
    `${path}/${WEIGHTS}.safetensors`,
    await saveWeights(weights, kind.parameters(config), { dtype }),
  );
  const json = `${JSON.stringify(kind.configToJson(config), undefined, 2)}\n`;
  await files.write(`${path}/config.json`, new TextEncoder().encode(json));
}
