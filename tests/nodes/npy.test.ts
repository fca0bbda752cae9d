import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNpy, encodeNpy } from "../../src/nodes/io/npy.ts";

const file = (header: string, data: readonly number[] = [], version = 1): Uint8Array =>
  Uint8Array.from([
    0x93,
    ...Buffer.from("NUMPY"),
    version,
    0,
    header.length & 255,
    header.length >> 8,
    ...Buffer.from(header),
    ...data,
  ]);

describe(".npy files", () => {
  it("come back as they were written, with the data at a multiple of 64 bytes", () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.boolean(), (shape, whole) => {
        const count = shape.reduce((product, size) => product * size, 1);
        const values = Array.from({ length: count }, (_, i) => (whole ? i - 7 : i / 3 - 1));
        const data = whole ? Int32Array.from(values) : Float32Array.from(values);
        const bytes = encodeNpy({ shape, data });
        expect((bytes.byteLength - data.byteLength) % 64).toBe(0);
        expect(decodeNpy("x.npy", bytes)).toEqual({ shape, data });
      }),
    );
  });

  it("are written as numpy writes them", () => {
    const text = Buffer.from(encodeNpy({ shape: [3], data: Float32Array.of(1, 2, 3) })).toString("latin1");
    expect(text.slice(0, 8)).toBe("\x93NUMPY\x01\x00");
    expect(text).toContain("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }");
  });

  it("of doubles are read as float32", () => {
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
    const data = [...new Uint8Array(Float64Array.of(0.5, -2).buffer)];
    expect(decodeNpy("x.npy", file(header, data))).toEqual({ shape: [2], data: Float32Array.of(0.5, -2) });
  });

  it.each([
    ["is not a .npy file", Uint8Array.of(1, 2, 3)],
    ["is cut short", file("{'descr': '<f4'").subarray(0, 12)],
    ["is in Fortran order", file("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }\n", [0, 0, 0, 0])],
    ["holds <c8", file("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }\n", [0, 0, 0, 0])],
    ["its shape needs 8", file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", [0, 0, 0, 0])],
    ["has no dtype", file("{}\n")],
    ["has the shape (-1)", file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1), }\n")],
  ])("that %s are refused by name", (reason, bytes) => {
    expect(() => decodeNpy("bad.npy", bytes)).toThrow(
      `"bad.npy" ${reason.replace(/^its/, "holds 4 bytes of data; its")}`,
    );
  });
});
