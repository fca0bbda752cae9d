import { storeWeight } from "../../tensor/stored/store.ts";
import type { HostValues, StoredDtype, Weight } from "../../tensor/stored/stored-tensor.ts";
import { settleUploads } from "../../tensor/stored/upload.ts";
import { float16ToFloat32, bfloat16ToFloat32, float32ToFloat16 } from "../../tensor/half.ts";
import { shapeInMemory } from "./layout.ts";
import type { PlacedParameter } from "./load-weights.ts";
import { scatter } from "./scatter.ts";
import type { TensorSlice } from "./tensor-slices.ts";

/** In which precision matrices and kernels are kept; vectors (norms, biases) are always float32. */
export type WeightPrecision = "as saved" | "float16" | "float32";

const STORED: Readonly<Record<string, StoredDtype>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/** How a parameter of a file is kept. */
export function storedDtype({ spec, entry }: PlacedParameter, precision: WeightPrecision): StoredDtype {
  if (spec.kind === "vector") return "float32";
  return precision === "as saved" ? (STORED[entry.dtype] ?? "float32") : precision;
}

/** Bytes that parameters take once they are loaded. */
export const keptBytes = (
  placed: readonly PlacedParameter[],
  precision: WeightPrecision = "as saved",
): number =>
  placed.reduce((bytes, parameter) => {
    const size = parameter.spec.shape.reduce((product, length) => product * length, 1);
    return bytes + (storedDtype(parameter, precision) === "float32" ? 4 * size : 4 * Math.ceil(size / 2));
  }, 0);

/**
 * One parameter from the slices of its file, in this project's layout. Beside what is kept, no more than one copy of the parameter
 * and two slices are in memory; where it goes to a GPU, the loader waits until that has taken it.
 * @throws naming file and tensor when a vector holds NaN or infinity.
 */
export async function readParameter(
  parameter: PlacedParameter,
  slices: AsyncIterable<TensorSlice>,
  precision: WeightPrecision,
  outsideHeap: boolean,
): Promise<Weight> {
  const { spec, entry, source } = parameter;
  const dtype = storedDtype(parameter, precision);
  const size = spec.shape.reduce((product, length) => product * length, 1);
  const values: HostValues = dtype === "float32" ? new Float32Array(size) : new Uint16Array(size);
  const elementBytes = entry.dtype === "F32" ? 4 : 2;
  for await (const { begin, bytes } of slices) {
    const piece = convert(bytes, entry.dtype, dtype);
    scatter(spec.kind, spec.shape, piece, begin / elementBytes, values);
  }
  if (spec.kind === "vector" && !values.every(Number.isFinite)) {
    throw new Error(
      `"${source.name}": tensor "${entry.name}" holds NaN or infinity. The file is damaged or its training diverged.`,
    );
  }
  const weight = storeWeight(values, dtype, shapeInMemory(spec.kind, spec.shape), {
    outsideHeap: outsideHeap && spec.kind !== "vector",
  });
  await settleUploads();
  return weight;
}

function convert(bytes: Uint8Array, from: string, to: StoredDtype): HostValues {
  const { buffer, byteOffset, byteLength } = bytes;
  if (from === "F32") {
    const floats = new Float32Array(buffer, byteOffset, byteLength / 4);
    return to === "float32" ? floats : float32ToFloat16(floats);
  }
  const bits = new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (STORED[from] === to) return bits;
  const floats = from === "F16" ? float16ToFloat32(bits) : bfloat16ToFloat32(bits);
  return to === "float32" ? floats : float32ToFloat16(floats);
}
