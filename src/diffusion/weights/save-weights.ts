import { float32ToBfloat16, float32ToFloat16 } from "../../tensor/half.ts";
import { readBack } from "../../tensor/stored/read-back.ts";
import { isStored, type Weight } from "../../tensor/stored/stored-tensor.ts";
import { shapeInMemory, toFileLayout } from "./layout.ts";
import type { ParameterSpec, Weights } from "./parameters.ts";
import {
  collectStream,
  safetensorsStream,
  type FileStream,
  type TensorToWrite,
} from "./safetensors-stream.ts";

/**
 * How values are stored. `as kept`: in half precision where every matrix and kernel of the model is kept so, which is exact for all
 * that came from such a file; else in float32.
 */
export type SavedDtype = "F32" | "F16" | "as kept";

/** How the values of one file are written. */
export type WrittenDtype = "F32" | "F16" | "BF16";

export interface SaveWeightsOptions {
  /** Default F32. */
  readonly dtype?: SavedDtype;
  /** Default `{ format: "pt" }`, which diffusers asks for. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A safetensors file of a model's weights with diffusers' names and layout, as a stream: what `save_pretrained` writes, byte for
 * byte. One parameter at a time is read from the device.
 * @throws naming the parameter that is missing or has another shape; while it is read, the one that holds NaN or infinity.
 */
export function weightsStream(
  weights: Weights,
  specs: readonly ParameterSpec[],
  { dtype = "F32", metadata = { format: "pt" } }: SaveWeightsOptions = {},
): FileStream {
  const written = writtenDtype(weights, specs, dtype);
  return safetensorsStream(
    specs.map((spec) => parameterToWrite(weights, spec, written)),
    metadata,
  );
}

/** {@link weightsStream} in one piece, for a model that is small. */
export const saveWeights = async (
  weights: Weights,
  specs: readonly ParameterSpec[],
  options: SaveWeightsOptions = {},
): Promise<Uint8Array<ArrayBuffer>> => collectStream(weightsStream(weights, specs, options));

/**
 * One parameter, to be written under its own name.
 * @throws naming it when it is missing or has another shape.
 */
export function parameterToWrite(weights: Weights, spec: ParameterSpec, dtype: WrittenDtype): TensorToWrite {
  const weight = weights[spec.name];
  if (!weight) throw new Error(`The weights have no "${spec.name}", so the model cannot be saved.`);
  const expected = shapeInMemory(spec.kind, spec.shape);
  if (expected.join() !== weight.shape.join()) {
    throw new Error(
      `"${spec.name}" has shape [${weight.shape.join(", ")}]; the config asks for [${expected.join(", ")}].`,
    );
  }
  return { name: spec.name, shape: spec.shape, dtype, bytes: () => readBytes(weight, spec, dtype) };
}

/** What a model is written in. */
export function writtenDtype(
  weights: Weights,
  specs: readonly ParameterSpec[],
  dtype: SavedDtype,
): WrittenDtype {
  if (dtype !== "as kept") return dtype;
  const kept = new Set(
    specs.flatMap(({ kind, name }) => {
      const weight = weights[name];
      return kind === "vector" || !weight ? [] : [keptDtype(weight)];
    }),
  );
  const [only = "F32"] = kept;
  return kept.size === 1 ? only : "F32";
}

function keptDtype(weight: Weight): WrittenDtype {
  if (!isStored(weight) || weight.dtype === "float32") return "F32";
  return weight.dtype === "float16" ? "F16" : "BF16";
}

async function readBytes(
  weight: Weight,
  { name, kind, shape }: ParameterSpec,
  dtype: WrittenDtype,
): Promise<Uint8Array> {
  const isSame = isStored(weight) && keptDtype(weight) === dtype && dtype !== "F32";
  const values = isSame ? await weight.bits() : ((await readBack(weight)) as Float32Array);
  const isFinite =
    values instanceof Float32Array
      ? values.every(Number.isFinite)
      : values.every((bits) => (bits & EXPONENT[dtype]) !== EXPONENT[dtype]);
  if (!isFinite) throw new Error(`"${name}" holds NaN or infinity, so the model is not saved.`);
  const moved = toFileLayout(kind, shape, values);
  const stored = moved instanceof Float32Array ? NARROW[dtype](moved) : moved;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

const NARROW: Readonly<Record<WrittenDtype, (values: Float32Array) => Float32Array | Uint16Array>> = {
  F32: (values) => values,
  F16: float32ToFloat16,
  BF16: float32ToBfloat16,
};

/** The bits of the exponent: all ones in infinity and NaN. */
const EXPONENT = { F32: 0, F16: 0x7c00, BF16: 0x7f80 } as const;
