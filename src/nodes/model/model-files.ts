import type { RunContext } from "../../engine/node/define-node.ts";
import type { ByteSource } from "../../diffusion/weights/byte-source.ts";
import { countParameters } from "../../diffusion/weights/dispose.ts";
import { loadWeights, locateParameters } from "../../diffusion/weights/load-weights.ts";
import { keptBytes } from "../../diffusion/weights/read-parameter.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { weightsStream, type SavedDtype } from "../../diffusion/weights/save-weights.ts";
import {
  downloadOptions,
  openRequired,
  writeStream,
  type FileSink,
  type SourceFolder,
} from "../sources/sources.ts";
import { componentKind, type ComponentKind } from "./component-kinds.ts";
import { loadModel, ResidentModel } from "./resident-model.ts";

/** Reads a whole text file. @throws Error that names file and folder. */
export async function readText(folder: SourceFolder, path: string, signal: AbortSignal): Promise<string> {
  const file = await openRequired(folder, path, { signal });
  return new TextDecoder().decode(await file.read(0, file.size));
}

/** Reads and parses a JSON file. @throws Error that names file and folder. */
export async function readJson(folder: SourceFolder, path: string, signal: AbortSignal): Promise<unknown> {
  const text = await readText(folder, path, signal);
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
  // The google/ddpm-* repositories, and folders of one model, keep it at the top.
  return nested ? `${subfolder}/` : "";
}

/** diffusers writes `_class_name`, transformers `architectures`. */
function classNameOf(json: unknown, path: string, folder: SourceFolder): string {
  const { _class_name: own, architectures } = (json ?? {}) as {
    _class_name?: unknown;
    architectures?: unknown;
  };
  const found =
    typeof own === "string"
      ? own
      : Array.isArray(architectures)
        ? (architectures as unknown[])[0]
        : undefined;
  if (typeof found !== "string")
    throw new Error(`"${path}" of "${folder.label}" does not name the model's class.`);
  return found;
}

/**
 * Opens a model in the layout of diffusers and transformers: `config.json` and safetensors weights, whole or in shards, in full
 * or half precision. Config and headers are read and checked; the weights are loaded when something needs them.
 *
 * @param classNames What may be loaded here; any class that is supported if absent.
 * @throws Error that names the file or tensor at fault; a pickle is refused with what to use instead.
 */
export async function openComponent(
  folder: SourceFolder,
  subfolder: string,
  context: RunContext,
  classNames?: readonly string[],
): Promise<ResidentModel> {
  const { prefix, className, kind, config } = await readComponentConfig(
    folder,
    subfolder,
    context.signal,
    classNames,
  );
  const files = await weightFiles(folder, prefix, kind, context);
  const specs = kind.parameters(config);
  const placed = await locateParameters(files, specs, kind.loadOptions);
  return new ResidentModel({
    className,
    config,
    label: `${kind.title} of "${folder.label}"`,
    bytes: keptBytes(placed),
    parameterCount: countParameters(specs),
    load: ({ signal, progress }) =>
      loadWeights(files, specs, {
        ...kind.loadOptions,
        signal,
        onProgress: (read, total) => {
          progress(read, total, `reading the ${kind.title}`);
        },
      }),
  });
}

/** {@link openComponent}, with the weights in memory to stay there. */
export async function loadComponent(
  folder: SourceFolder,
  subfolder: string,
  context: RunContext,
  classNames?: readonly string[],
): Promise<Model<unknown>> {
  const opened = await openComponent(folder, subfolder, context, classNames);
  const { className, config, weights } = await loadModel(opened, context);
  return { className, config, weights };
}

/**
 * The file that each config was read from, for the models that have no other way back: a saved model has every option that it
 * came with. The very text, because transformers refuses 1 where it wrote 1.0, and JSON.parse does not tell them apart.
 */
const openedConfigs = new WeakMap<object, Uint8Array>();

interface ComponentConfig {
  /** Before the names of the component's files. */
  readonly prefix: string;
  readonly className: string;
  readonly kind: ComponentKind;
  readonly config: unknown;
}

/**
 * Reads and checks the config alone: a pipeline that cannot be run is refused before gigabytes are read.
 *
 * @param classNames What may be loaded here; any class that is supported if absent.
 * @throws Error that names the file, the class or the option.
 */
export async function readComponentConfig(
  folder: SourceFolder,
  subfolder: string,
  signal: AbortSignal,
  classNames?: readonly string[],
): Promise<ComponentConfig> {
  const prefix = await componentPrefix(folder, subfolder, signal);
  const path = `${prefix}config.json`;
  if (prefix === "" && subfolder !== "" && !(await folder.open(path, { signal }))) {
    // Names the usual place, and lists what is there instead.
    await openRequired(folder, `${subfolder}/config.json`, { signal });
  }
  const json = await readJson(folder, path, signal);
  const text = new TextEncoder().encode(await readText(folder, path, signal));
  const className = classNameOf(json, path, folder);
  if (classNames && !classNames.includes(className)) {
    throw new Error(
      `"${path}" of "${folder.label}" is a ${className}; wanted here is: ${classNames.join(" or ")}.`,
    );
  }
  const kind = componentKind(className);
  const config = kind.parseConfig(json);
  const { takenAs } = kind;
  if (typeof config === "object" && config !== null)
    openedConfigs.set(
      config,
      takenAs !== undefined && kind.configToJson ? encodeJson(kind.configToJson(config)) : text,
    );
  return { prefix, className: takenAs ?? className, kind, config };
}

async function weightFiles(
  folder: SourceFolder,
  prefix: string,
  { fileStem }: ComponentKind,
  context: RunContext,
): Promise<readonly ByteSource[]> {
  const options = downloadOptions(context);
  const open = (name: string): Promise<ByteSource | undefined> => folder.open(`${prefix}${name}`, options);
  const whole = (await open(`${fileStem}.safetensors`)) ?? (await open(`${fileStem}.fp16.safetensors`));
  if (whole) return [whole];
  for (const index of [`${fileStem}.safetensors.index.json`, `${fileStem}.safetensors.index.fp16.json`]) {
    if (!(await open(index))) continue;
    const map = (await readJson(folder, `${prefix}${index}`, context.signal)) as {
      weight_map?: Record<string, unknown>;
    };
    const names = [...new Set(Object.values(map.weight_map ?? {}).map(String))].sort();
    return Promise.all(names.map((name) => openRequired(folder, `${prefix}${name}`, options)));
  }
  for (const pickle of [`${fileStem}.bin`, "pytorch_model.bin", `${fileStem}.ckpt`, `${fileStem}.pt`]) {
    if (await open(pickle)) {
      throw new Error(
        `"${folder.label}" has its weights only as a pickle (${prefix}${pickle}), which could run code. ` +
          `Save them as safetensors: in Python, model.save_pretrained(folder, safe_serialization=True).`,
      );
    }
  }
  return [await openRequired(folder, `${prefix}${fileStem}.safetensors`, options)];
}

/**
 * Writes a model in the diffusers layout, parameter by parameter; Python's `from_pretrained` opens it.
 *
 * @param folder Where `config.json` and the weights go. Weights first: a folder with a config is whole.
 * @throws Error that names the class, if models of it cannot be saved.
 */
export async function saveComponent(
  files: FileSink,
  folder: string,
  model: Model<unknown>,
  dtype: SavedDtype,
): Promise<void> {
  const { className, config } = model;
  const kind = componentKind(className);
  const written = kind.configToJson?.(config);
  const text = written ? encodeJson(written) : openedConfigs.get(config as object);
  if (!text)
    throw new Error(
      `a ${className} that was not loaded from a folder cannot be saved as one; save its weights as .safetensors.`,
    );
  const { weights } = await loadModel(model);
  const path = folder.replace(/\/+$/, "");
  await writeStream(
    files,
    `${path}/${kind.fileStem}.safetensors`,
    weightsStream(weights, kind.parameters(config), { dtype }),
  );
  await files.write(`${path}/config.json`, text);
}

/** A JSON file as Python's programs write it. */
export const encodeJson = (json: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(json, undefined, 2)}\n`);
