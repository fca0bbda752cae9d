import { holdsOutsideHeap } from "../../tensor/stored/store.ts";
import type { Weight } from "../../tensor/stored/stored-tensor.ts";
import { currentAttentionName } from "./attention-names.ts";
import type { ByteSource } from "./byte-source.ts";
import { countParameters, disposeWeights } from "./dispose.ts";
import type { ParameterSpec, Weights } from "./parameters.ts";
import { readParameter, type WeightPrecision } from "./read-parameter.ts";
import { readSafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";
import { readTensorSlices, type TensorSlice } from "./tensor-slices.ts";

export interface LoadWeightsOptions {
  /** Name in the model of a tensor in the file. Default: the old names of attention layers become the current ones. */
  readonly rename?: (name: string) => string;
  /** Tensors of the file that the model does not know: `refuse` (default) or `ignore`. */
  readonly unknownTensors?: "refuse" | "ignore";
  /** Called after each tensor with the bytes read so far and in all. */
  readonly onProgress?: (read: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** Default `as saved`: half-precision matrices and kernels stay in half precision (see StoredTensor). */
  readonly precision?: WeightPrecision;
  /**
   * Puts a parameter somewhere else than into a float32 tensor, for example packed into a GPU buffer, from its slices as they lie in
   * the file. Undefined leaves it to the default; then no slice may have been taken. Vectors are checked for NaN by the default
   * alone, so take only matrices and kernels.
   */
  readonly upload?: TensorUpload;
}

/** @param slices Read as they are asked for: await the GPU's queue in the loop and no more than two are ever in memory. */
export type TensorUpload = (
  parameter: PlacedParameter,
  slices: AsyncIterable<TensorSlice>,
) => Promise<Weight | undefined>;

/** Where one parameter of the model lies. */
export interface PlacedParameter {
  readonly spec: ParameterSpec;
  readonly entry: TensorEntry;
  readonly source: ByteSource;
}

const FLOAT_DTYPES: readonly string[] = ["F32", "F16", "BF16"];
/** A file of another model has hundreds of faults; the count says so. */
const LISTED_FAULTS = 200;

/**
 * Weights of a model from a safetensors file, or from all the shards of one. Every name, shape and dtype is checked against the
 * model before any body is fetched or read; OIHW becomes HWIO and `[out, in]` becomes `[in, out]`.
 * @throws one error that lists every fault, or that names the first vector (norm or bias) holding NaN or infinity.
 */
export async function loadWeights(
  sources: ByteSource | readonly ByteSource[],
  specs: readonly ParameterSpec[],
  options: LoadWeightsOptions = {},
): Promise<Weights> {
  const placed = await locateParameters(sources, specs, options);
  const total = placed.reduce((bytes, { entry }) => bytes + entry.byteLength, 0);
  const isHeld = holdsOutsideHeap(4 * countParameters(specs));
  const weights: Record<string, Weight> = {};
  let read = 0;
  for (const source of new Set(placed.map((parameter) => parameter.source))) await source.prepare?.();
  try {
    for (const parameter of placed) {
      options.signal?.throwIfAborted();
      weights[parameter.spec.name] = await loadParameter(parameter, options, isHeld);
      read += parameter.entry.byteLength;
      options.onProgress?.(read, total);
    }
  } catch (error) {
    disposeWeights(weights);
    throw error;
  }
  return weights;
}

/**
 * Finds each parameter of a model in one or several files, from the headers alone.
 * @throws one error that lists every missing or unknown tensor and every wrong shape or dtype.
 */
export async function locateParameters(
  sources: ByteSource | readonly ByteSource[],
  specs: readonly ParameterSpec[],
  options: LoadWeightsOptions = {},
): Promise<PlacedParameter[]> {
  const { rename = currentAttentionName, unknownTensors = "refuse" } = options;
  const files = "read" in sources ? [sources] : sources;
  const found = new Map<string, { entry: TensorEntry; source: ByteSource }>();
  const faults: string[] = [];
  for (const source of files) {
    const { tensors } = await readSafetensorsHeader(source);
    for (const entry of tensors.values()) {
      const name = rename(entry.name);
      const other = found.get(name);
      if (other) faults.push(`"${name}" occurs twice: in "${other.source.name}" and in "${source.name}"`);
      else found.set(name, { entry, source });
    }
  }
  const placed: PlacedParameter[] = [];
  for (const spec of specs) {
    const at = found.get(spec.name);
    if (!at) {
      faults.push(`"${spec.name}" [${spec.shape.join(", ")}] is missing`);
      continue;
    }
    found.delete(spec.name);
    const fault = compareWithSpec(spec, at.entry);
    if (fault) faults.push(`"${spec.name}" ${fault}`);
    placed.push({ spec, ...at });
  }
  if (unknownTensors === "refuse")
    for (const name of found.keys()) faults.push(`"${name}" is not a parameter of this model`);
  if (faults.length > 0)
    throw new Error(listFaults(files.map((file) => `"${file.name}"`).join(", "), faults));
  return placed;
}

function compareWithSpec(spec: ParameterSpec, entry: TensorEntry): string | undefined {
  if (!FLOAT_DTYPES.includes(entry.dtype)) return `is ${entry.dtype}; F32, F16 or BF16 was expected`;
  if (sameShape(entry.shape, spec.shape)) return undefined;
  // Old autoencoders keep the linear layers of their attention as 1×1 convolutions.
  if (spec.kind === "linear" && sameShape(entry.shape, [...spec.shape, 1, 1])) return undefined;
  return `has shape [${entry.shape.join(", ")}]; the config asks for [${spec.shape.join(", ")}]`;
}

async function loadParameter(
  parameter: PlacedParameter,
  { upload, signal, precision = "as saved" }: LoadWeightsOptions,
  isHeld: boolean,
): Promise<Weight> {
  const { entry, source } = parameter;
  const read = (): ReturnType<typeof readTensorSlices> =>
    readTensorSlices(source, entry, signal ? { signal } : {});
  if (upload) {
    const slices = read();
    const uploaded = await upload(parameter, slices);
    await slices.return();
    if (uploaded) return uploaded;
  }
  return readParameter(parameter, read(), precision, isHeld);
}

function listFaults(files: string, faults: readonly string[]): string {
  const listed = faults.slice(0, LISTED_FAULTS).map((fault) => `\n  ${fault}`);
  const rest = faults.length > LISTED_FAULTS ? `\n  and ${String(faults.length - LISTED_FAULTS)} more` : "";
  return (
    `${files} does not fit the model (${String(faults.length)} fault${faults.length === 1 ? "" : "s"}); ` +
    `check that config and weights belong together:${listed.join("")}${rest}`
  );
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);
