import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blobSource, bytesSource, type ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "../../../src/tensor/half.ts";
import {
  MAX_HEADER_BYTES,
  readSafetensorsHeader,
  readTensor,
  serializeSafetensors,
} from "../../../src/diffusion/weights/safetensors.ts";

/** A file of a header text and a body of zeros. */
function file(
  header: string,
  bodyLength: number,
  headerLength = BigInt(new TextEncoder().encode(header).length),
): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + bodyLength);
  new DataView(bytes.buffer).setBigUint64(0, headerLength, true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (dtype: unknown, shape: unknown, begin: unknown, end: unknown): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

/** Counts what is read, and refuses to be asked for more than it has. */
function watched(bytes: Uint8Array): ByteSource & { largest: number } {
  const source = {
    name: "watched.safetensors",
    size: bytes.length,
    largest: 0,
    read: (offset: number, length: number): Promise<Uint8Array> => {
      source.largest = Math.max(source.largest, length);
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
  return source;
}

describe("hostile headers are refused by name", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /0 bytes/],
    ["a length beyond the file", file("{}", 0, 1000n), /1000 bytes, but only 2 follow/],
    ["a length of 2⁶³", file("{}", 0, 1n << 63n), /only 2 follow/],
    [
      "a Git LFS pointer",
      new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"),
      /Git LFS pointer/,
    ],
    ["broken JSON", file('{"a":', 0), /not JSON/],
    ["text that is not UTF-8", file("{}", 0).fill(0xff, 8), /not JSON/],
    ["a list", file("[]", 0), /not a JSON object/],
    [
      "a body beyond the file",
      file(`{"w":${entry("F32", [4], 0, 16)}}`, 15),
      /"w" ends at byte 16 of a body that has 15/,
    ],
    [
      "overlapping tensors",
      file(`{"a":${entry("F32", [2], 0, 8)},"b":${entry("F32", [2], 4, 12)}}`, 12),
      /"b" overlaps tensor "a"/,
    ],
    [
      "two tensors at one place",
      file(`{"a":${entry("F32", [1], 0, 4)},"b":${entry("F32", [1], 0, 4)}}`, 4),
      /overlaps/,
    ],
    [
      "a gap",
      file(`{"a":${entry("F32", [1], 0, 4)},"b":${entry("F32", [1], 8, 12)}}`, 12),
      /4 bytes before tensor "b"/,
    ],
    ["trailing bytes", file(`{"a":${entry("F32", [1], 0, 4)}}`, 9), /5 bytes after tensor "a"/],
    ["an unknown dtype", file(`{"w":${entry("F128", [1], 0, 16)}}`, 16), /"w" has the unknown dtype "F128"/],
    [
      "a dtype of Object.prototype",
      file(`{"w":${entry("toString", [1], 0, 4)}}`, 4),
      /"w" has the unknown dtype/,
    ],
    [
      "a shape that does not match",
      file(`{"w":${entry("F32", [3], 0, 8)}}`, 8),
      /"w" is F32 \[3\], which takes 12 bytes, but has 8/,
    ],
    ["a fractional shape", file(`{"w":${entry("F32", [1.5], 0, 6)}}`, 6), /"w" has the shape \[1\.5\]/],
    ["a negative shape", file(`{"w":${entry("F32", [-1, -2], 0, 8)}}`, 8), /"w" has the shape/],
    ["a shape that overflows", file(`{"w":${entry("F32", [2 ** 40, 2 ** 40], 0, 8)}}`, 8), /"w" is F32/],
    ["a shape that is no list", file(`{"w":${entry("F32", 2, 0, 8)}}`, 8), /"w" has the shape 2/],
    [
      "offsets backwards",
      file(`{"w":${entry("F32", [1], 4, 0)}}`, 4),
      /"w" ends \(0\) before it begins \(4\)/,
    ],
    ["offsets that are texts", file(`{"w":${entry("F32", [1], "0", "4")}}`, 4), /"w" has data_offsets/],
    ["a missing field", file('{"w":{"dtype":"F32"}}', 0), /"w" has the shape undefined/],
    [
      "an unknown field",
      file('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}', 0),
      /"w" has an unknown field "x"/,
    ],
    ["a tensor that is null", file('{"w":null}', 0), /"w" has no description/],
    [
      "a key twice",
      file(`{"w":${entry("F32", [1], 0, 4)},"\\u0077":${entry("F32", [1], 0, 4)}}`, 4),
      /"w" twice/,
    ],
    [
      "a field twice",
      file('{"w":{"dtype":"F32","shape":[1],"shape":[0],"data_offsets":[0,0]}}', 0),
      /"shape" twice/,
    ],
    [
      "__proto__",
      file(`{"__proto__":${entry("F32", [1], 0, 4)}}`, 4),
      /"__proto__" has a name that is not allowed/,
    ],
    ["metadata that are no texts", file('{"__metadata__":{"a":1}}', 0), /__metadata__ "a"/],
  ])("%s", async (_, bytes, message) => {
    const source = watched(bytes);
    await expect(readSafetensorsHeader(source)).rejects.toThrow(message);
    await expect(readSafetensorsHeader(source)).rejects.toThrow(/watched\.safetensors/);
    expect(source.largest).toBeLessThanOrEqual(bytes.length);
  });

  test("a header above the cap, before it is read", async () => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(MAX_HEADER_BYTES + 1), true);
    const reads: number[] = [];
    const source: ByteSource = {
      name: "huge.safetensors",
      size: 1e9,
      read: (_, length) => {
        reads.push(length);
        return Promise.resolve(bytes.subarray(0, length));
      },
    };
    await expect(readSafetensorsHeader(source)).rejects.toThrow(/25000001 bytes; at most 25000000/);
    expect(reads).toEqual([8]);
  });

  test("a source that gives fewer bytes than it said", async () => {
    const bytes = serializeSafetensors([{ name: "w", shape: [2], data: new Float32Array(2) }]);
    const source = {
      ...watched(bytes),
      read: (offset: number, length: number) => Promise.resolve(bytes.slice(offset, offset + length - 1)),
    };
    await expect(readSafetensorsHeader(source)).rejects.toThrow(/asked for 8 bytes at 0, got 7/);
  });

  test("no damage of one byte in the header makes a read beyond the file", async () => {
    const bytes = serializeSafetensors([
      { name: "a", shape: [2, 3], data: new Float32Array(6) },
      { name: "b", shape: [4], data: new Int32Array(4) },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const damaged = watched(bytes.slice().fill(value, at, at + 1));
        try {
          const { tensors } = await readSafetensorsHeader(damaged);
          for (const tensor of tensors.values()) await readTensor(damaged, tensor);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).toContain("watched.safetensors");
        }
        expect(damaged.largest).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });
});

describe("reading", () => {
  const halves = [0, 1, -2, 0.5, 65504, 2 ** -24, 2 ** -14, -0.333251953125];

  test("F32, F16, BF16, I32 and I64, also at odd offsets, from a Blob and from Node's Buffer", async () => {
    const values = new Uint8Array([
      ...new Uint8Array(new BigInt64Array([-5n, 2n ** 31n - 1n]).buffer),
      ...new Uint8Array(float32ToFloat16(Float32Array.from(halves)).buffer),
      ...new Uint8Array(new Uint16Array([0x3f80, 0xc040]).buffer),
      ...new Uint8Array(new Int32Array([7, -8]).buffer),
      ...new Uint8Array(new Float32Array([1.5, -3e-9]).buffer),
    ]);
    const header = `{"l":${entry("I64", [2], 0, 16)},"h":${entry("F16", [2, 4], 16, 32)},"b":${entry("BF16", [2], 32, 36)},
      "i":${entry("I32", [2], 36, 44)},"f":${entry("F32", [2], 44, 52)}}`;
    for (const padding of ["", " "]) {
      const bytes = file(header + padding, values.length);
      bytes.set(values, bytes.length - values.length);
      for (const source of [
        bytesSource("file", bytes),
        bytesSource("file", Buffer.from(bytes)),
        blobSource("file", new Blob([bytes.slice()])),
      ]) {
        const { tensors } = await readSafetensorsHeader(source);
        const read = async (name: string): Promise<unknown[]> => {
          const tensor = tensors.get(name);
          if (!tensor) throw new Error(name);
          return Array.from(await readTensor(source, tensor));
        };
        expect(await read("l")).toEqual([-5, 2 ** 31 - 1]);
        expect(await read("h")).toEqual(halves);
        expect(await read("b")).toEqual([1, -3]);
        expect(await read("i")).toEqual([7, -8]);
        expect(await read("f")).toEqual([1.5, Math.fround(-3e-9)]);
      }
    }
  });

  test("refuses a dtype that it cannot read and integers that do not fit, by tensor", async () => {
    const read = async (dtype: string, bytes: Uint8Array): Promise<unknown> => {
      const whole = file(`{"w":${entry(dtype, [1], 0, 8)}}`, 8);
      whole.set(bytes, whole.length - 8);
      const source = bytesSource("f", whole);
      const tensor = (await readSafetensorsHeader(source)).tensors.get("w");
      return tensor && readTensor(source, tensor);
    };
    await expect(read("F64", new Uint8Array(8))).rejects.toThrow(/tensor "w" has dtype F64/);
    await expect(read("I64", new Uint8Array(new BigInt64Array([2n ** 40n]).buffer))).rejects.toThrow(
      /tensor "w" holds 1099511627776/,
    );
  });
});

describe("half precision", () => {
  test("every finite half survives float32 and back", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
      (bits) => (bits & 0x7c00) !== 0x7c00 || (bits & 0x3ff) === 0,
    );
    expect(float32ToFloat16(float16ToFloat32(all))).toEqual(all);
  });

  test("rounds to the nearest, ties to even, and overflows to infinity", () => {
    const values = Float32Array.of(
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65519.99,
      65520,
      2 ** -25,
      1.5 * 2 ** -24,
      -(2 ** -26),
      NaN,
    );
    expect(Array.from(float16ToFloat32(float32ToFloat16(values)))).toEqual([
      1,
      1 + 2 ** -9,
      65504,
      Infinity,
      0,
      2 ** -23,
      -0,
      NaN,
    ]);
  });

  test("bfloat16 keeps infinity and NaN", () => {
    expect(Array.from(bfloat16ToFloat32(Uint16Array.of(0x7f80, 0xff80, 0x7fc0)))).toEqual([
      Infinity,
      -Infinity,
      NaN,
    ]);
  });
});

describe("writing", () => {
  test("is read back as it was, names in any script and like numbers included", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ unit: "grapheme" }), { maxLength: 6 }),
        fc.array(fc.nat(3), { maxLength: 4 }),
        async (names, shape) => {
          const allowed = names.filter((name) => !["__proto__", "__metadata__"].includes(name));
          const count = shape.reduce((product, size) => product * size, 1);
          const arrays = ["10", "2", ...allowed].filter((name, i, all) => all.indexOf(name) === i);
          const bytes = serializeSafetensors(
            arrays.map((name, i) => ({
              name,
              shape,
              data: new Float32Array(count).fill(i + 0.25),
              dtype: i % 2 ? "F16" : "F32",
            })),
            { note: "ä" },
          );
          const source = bytesSource("f", bytes);
          const { tensors, metadata } = await readSafetensorsHeader(source);
          expect({ ...metadata }).toEqual({ note: "ä" });
          expect(tensors.size).toBe(arrays.length);
          for (const [i, name] of arrays.entries()) {
            const tensor = tensors.get(name);
            expect(tensor?.shape).toEqual(shape);
            expect(tensor && (await readTensor(source, tensor))).toEqual(
              new Float32Array(count).fill(i + 0.25),
            );
          }
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });

  test("refuses a name twice, a reserved name and a wrong count", () => {
    const data = new Float32Array(1);
    const array = (name: string) => ({ name, shape: [1], data });
    expect(() => serializeSafetensors([array("a"), array("a")])).toThrow(/"a"/);
    expect(() => serializeSafetensors([array("__metadata__")])).toThrow(/__metadata__/);
    expect(() => serializeSafetensors([{ name: "w", shape: [2], data }])).toThrow(
      /"w" of shape \[2\] needs 2 values, got 1/,
    );
  });
});
