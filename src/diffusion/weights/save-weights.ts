import type { Weight } from "../../tensor/stored/stored-tensor.ts";
import { shapeInMemory, toFileLayout } from "./layout.ts";
import type { ParameterSpec, Weights } from "./parameters.ts";
import { serializeSafetensors, type NamedArray } from "./safetensors.ts";

export interface SaveWeightsOptions {
  /** Default F32. */
  readonly dtype?: "F32" | "F16";
  /** Default `{ format: "pt" }`, which diffusers asks for. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A safetensors file of a model's weights with diffusers' names and layout: what `save_pretrained` writes, byte for byte.
 * @throws naming the parameter that is missing, has another shape or holds NaN or infinity.
 */
export async function saveWeights(
  weights: Weights,
  specs: readonly ParameterSpec[],
  options: SaveWeightsOptions = {},
): Promise<Uint8Array> {
  const { dtype = "F32", metadata = { format: "pt" } } = options;
  const arrays: NamedArray[] = [];
  for (const spec of specs) {
    const tensor = weights[spec.name];
    if (!tensor) throw new Error(`The weights have no "${spec.name}", so the model cannot be saved.`);
    arrays.push({ name: spec.name, shape: spec.shape, data: await readParameter(tensor, spec), dtype });
  }
  return serializeSafetensors(arrays, metadata);
}

async function readParameter(tensor: Weight, spec: ParameterSpec): Promise<Float32Array> {
  const expected = shapeInMemory(spec.kind, spec.shape);
  if (expected.join() !== tensor.shape.join()) {
    throw new Error(
      `"${spec.name}" has shape [${tensor.shape.join(", ")}]; the config asks for [${expected.join(", ")}].`,
    );
  }
  const values = (await tensor.data()) as Float32Array;
  if (!values.every(Number.isFinite))
    throw new Error(`"${spec.name}" holds NaN or infinity, so the model is not saved.`);
  return toFileLayout(spec.kind, spec.shape, values);
}
