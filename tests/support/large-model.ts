import type { ParameterSpec } from "../../src/diffusion/weights/parameters.ts";
import type { HubFile } from "./fake-hub.ts";

/**
 * A safetensors file of a model's parameters that exists nowhere: any range of it is made when it is asked for. All values are
 * finite and small, and the same at each call.
 */
export function generatedModel(specs: readonly ParameterSpec[], dtype: "F32" | "F16"): HubFile {
  const bytesEach = dtype === "F32" ? 4 : 2;
  let end = 0;
  const entries = specs.map(({ name, shape }) => {
    const start = end;
    end += bytesEach * shape.reduce((product, size) => product * size, 1);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, end] })}`;
  });
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const header = new Uint8Array(8 + Math.ceil(text.byteLength / 8) * 8).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.byteLength - 8), true);
  header.set(text, 8);
  const size = header.byteLength + end;
  return {
    size,
    etag: `"generated-${String(size)}"`,
    content: (from, to) => {
      const bytes = new Uint8Array(to - from);
      bytes.set(header.subarray(from, to));
      const start = Math.max(from, header.byteLength);
      if (start < to)
        bytes.set(values(start - header.byteLength, to - header.byteLength, dtype), start - from);
      return bytes;
    },
  };
}

/** The body's bytes `from` to `to`. */
function values(from: number, to: number, dtype: "F32" | "F16"): Uint8Array {
  const first = from >> 2;
  const words = new Uint32Array(((to - 1) >> 2) - first + 1);
  for (let i = 0; i < words.length; i++) {
    const noise = Math.imul(first + i + 1, 2654435761) >>> 0;
    // Magnitudes of 0.016 to 0.031, of both signs: exponents are fixed, mantissas and signs are noise.
    words[i] = dtype === "F32" ? (noise & 0x807fffff) | 0x3c800000 : (noise & 0x83ff83ff) | 0x24002400;
  }
  return new Uint8Array(words.buffer, from & 3, to - from);
}
