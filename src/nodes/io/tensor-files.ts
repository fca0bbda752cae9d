import * as tf from "@tensorflow/tfjs";
import type { ByteSource } from "../../diffusion/weights/byte-source.ts";
import {
  readSafetensorsHeader,
  readTensor,
  serializeSafetensors,
} from "../../diffusion/weights/safetensors.ts";
import { decodeNpy, encodeNpy } from "./npy.ts";

/** Encodes a tensor by the extension of the file it is for: `.npy`, or `.safetensors` with the one tensor "tensor". */
export async function encodeTensor(path: string, tensor: tf.Tensor): Promise<Uint8Array> {
  const raw = await tensor.data<"float32" | "int32">();
  const data = raw instanceof Int32Array ? raw : Float32Array.from(raw);
  if (/\.npy$/i.test(path)) return encodeNpy({ shape: tensor.shape, data });
  if (/\.safetensors$/i.test(path)) {
    return serializeSafetensors([{ name: "tensor", shape: tensor.shape, data }]);
  }
  throw new Error(`path is "${path}"; its extension must be .npy or .safetensors.`);
}

/** Decodes a `.npy` or `.safetensors` file, whichever its first bytes say. */
export async function decodeTensor(file: ByteSource, name: string): Promise<tf.Tensor> {
  const head = await file.read(0, Math.min(2, file.size));
  if (head[0] === 0x93) {
    const { shape, data } = decodeNpy(file.name, await file.read(0, file.size));
    return tf.tensor(data, [...shape], data instanceof Int32Array ? "int32" : "float32");
  }
  const header = await readSafetensorsHeader(file);
  const names = [...header.tensors.keys()];
  const entry = header.tensors.get(name === "" && names.length === 1 ? (names[0] ?? "") : name);
  if (!entry) {
    const listed = `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
    throw new Error(
      `"${file.name}" holds ${listed}; ${name === "" ? "say in name which one" : `there is no "${name}"`}.`,
    );
  }
  const data = await readTensor(file, entry);
  return tf.tensor(data, [...entry.shape], data instanceof Int32Array ? "int32" : "float32");
}
