import * as tf from "@tensorflow/tfjs";
import { encodePng } from "../image/encode.ts";
import { readPixels } from "../image/pixels.ts";
import { saveComponent } from "../model/model-files.ts";
import { componentKind } from "../model/component-kinds.ts";
import { loadModel } from "../model/resident-model.ts";
import { saveWeights } from "../../diffusion/weights/save-weights.ts";
import { unetType } from "../socket-types.ts";
import type { FileSink } from "../sources/sources.ts";
import { saveFormat, type SaveFormat } from "./save-formats.ts";
import { encodeTensor } from "./tensor-files.ts";

/**
 * Writes what came out of a port, in the format that the path asks for: `.png` (pictures), `.npy` and `.safetensors` (arrays, a
 * network's weights), `.json` (numbers, text, settings), or a folder (`path/`, a network in the diffusers layout).
 *
 * @throws Error that says which formats the value can be written in.
 */
export async function saveValue(files: FileSink, path: string, value: unknown): Promise<void> {
  const format = saveFormat(path);
  if (format === "folder") {
    if (!unetType.guard(value)) throw new Error(`"${path}" is a folder, and only a network is saved as one.`);
    await saveComponent(files, path, await loadModel(value), "F32");
    return;
  }
  await files.write(path, await encodeValue(path, format, value));
}

async function encodeValue(
  path: string,
  format: Exclude<SaveFormat, "folder">,
  value: unknown,
): Promise<Uint8Array> {
  const isTensor = value instanceof tf.Tensor;
  switch (format) {
    case ".png":
      if (!isTensor) throw new Error(`"${path}": only pictures can be saved as PNG.`);
      return encodePng(await readPixels(asPictures(path, value)));
    case ".npy":
    case ".safetensors":
      if (isTensor) return encodeTensor(path, value);
      if (format === ".safetensors" && unetType.guard(value)) {
        await loadModel(value);
        return saveWeights(value.weights, componentKind(value.className).parameters(value.config));
      }
      if (format === ".npy" && Array.isArray(value))
        return encodeTensor(path, tf.tensor1d(value as number[]));
      throw new Error(`"${path}": only arrays can be saved as ${format}.`);
    case ".json":
      return new TextEncoder().encode(
        `${JSON.stringify(isTensor ? await describeArray(value) : toPlain(value))}\n`,
      );
  }
}

function asPictures(path: string, value: tf.Tensor): tf.Tensor4D {
  const channels = value.shape[3];
  if (value.rank !== 4 || !(channels === 1 || channels === 3 || channels === 4)) {
    throw new Error(
      `"${path}": a PNG is made of [batch, height, width, 1 | 3 | 4]; this is [${value.shape.join(",")}].`,
    );
  }
  return value as tf.Tensor4D;
}

const describeArray = async (value: tf.Tensor): Promise<unknown> => ({
  shape: value.shape,
  dtype: value.dtype,
  data: Array.from(await value.data()),
});

/** JSON knows no typed arrays, no big integers and no functions. */
function toPlain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(
      ([, item]) => typeof item !== "function" && !(item instanceof tf.Tensor),
    );
    return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item)]));
  }
  return value;
}
