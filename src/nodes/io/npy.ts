/** An array of numbers with its shape, in C order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** A NumPy `.npy` file, format version 1.0: little-endian `<f4` or `<i4`. */
export function encodeNpy({ shape, data }: NpyArray): Uint8Array {
  const descr = data instanceof Int32Array ? "<i4" : "<f4";
  const tuple = shape.length === 1 ? `(${String(shape[0])},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The format wants the data to begin at a multiple of 64 bytes.
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
  const bytes = new Uint8Array(10 + padded.length + data.byteLength);
  bytes.set([...MAGIC, 1, 0, padded.length & 255, padded.length >> 8]);
  bytes.set(new TextEncoder().encode(padded), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + padded.length);
  return bytes;
}

/** @throws Error that names the file, if it is not a `.npy` of f4, f8, i4, u1 or i8 in C order, or is cut short. */
export function decodeNpy(name: string, bytes: Uint8Array): NpyArray {
  const fail = (what: string): never => {
    throw new Error(`"${name}" ${what}`);
  };
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) fail("is not a .npy file.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 12) fail("is cut short.");
  const long = (bytes[6] ?? 1) >= 2;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (long ? 12 : 10) + length;
  if (start > bytes.byteLength) fail("is cut short.");
  const header = new TextDecoder("latin1").decode(bytes.subarray(long ? 12 : 10, start));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? fail("has no dtype in its header.");
  if (/'fortran_order':\s*True/.test(header))
    fail("is in Fortran order; save it with numpy.ascontiguousarray.");
  const dims = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? fail("has no shape in its header.");
  const shape = dims
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean)
    .map(Number);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) fail(`has the shape (${dims}).`);
  const count = shape.reduce((product, size) => product * size, 1);
  const width =
    { "<f4": 4, "<f8": 8, "<i4": 4, "<i8": 8, "|u1": 1 }[descr] ??
    fail(`holds ${descr}; f4, f8, i4, i8 and u1 can be read.`);
  if (bytes.byteLength - start !== count * width) {
    fail(
      `holds ${String(bytes.byteLength - start)} bytes of data; its shape needs ${String(count * width)}.`,
    );
  }
  const read: Record<string, (i: number) => number> = {
    "<f4": (i) => view.getFloat32(start + i * 4, true),
    "<f8": (i) => view.getFloat64(start + i * 8, true),
    "<i4": (i) => view.getInt32(start + i * 4, true),
    "<i8": (i) => Number(view.getBigInt64(start + i * 8, true)),
    "|u1": (i) => view.getUint8(start + i),
  };
  const data = descr.includes("f") ? new Float32Array(count) : new Int32Array(count);
  const at = read[descr];
  for (let i = 0; i < count; i++) data[i] = at?.(i) ?? 0;
  return { shape, data };
}
