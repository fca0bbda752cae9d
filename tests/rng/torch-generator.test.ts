import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TorchGenerator } from "../../src/tensor/torch-generator.ts";
import { fusedMultiplyAdd, logFloat32 } from "../../src/tensor/torch-normal.ts";

type Draw = {
  op: "rand" | "randn" | "randint" | "randperm";
  args: number[];
  base64?: string;
  sha256?: string;
};
type Goldens = {
  sequences: { name: string; seed: string; draws: Draw[] }[];
  withoutVectors: { seed: string; count: number; base64: string };
};
const goldens = JSON.parse(
  readFileSync(new URL("../golden/rng/goldens.json", import.meta.url), "utf8"),
) as Goldens;

function draw(generator: TorchGenerator, { op, args }: Draw): Float32Array | Float64Array {
  const [first = 0, second = 0, third = 0] = args;
  switch (op) {
    case "rand":
      return generator.rand(first);
    case "randn":
      return generator.randn(first);
    case "randint":
      return Float64Array.from(generator.randint(first, second, third));
    case "randperm":
      return Float64Array.from(generator.randperm(first));
  }
}

const bytesOf = (values: Float32Array | Float64Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

describe("TorchGenerator draws what torch 2.13.0 drew, in every bit", () => {
  for (const { name, seed, draws } of goldens.sequences) {
    it(name, () => {
      const generator = TorchGenerator.fromSeed(seed);
      for (const [index, golden] of draws.entries()) {
        const values = draw(generator, golden);
        const label = `draw ${index}: ${golden.op}(${golden.args.join(", ")})`;
        if (golden.base64 === undefined) {
          expect(createHash("sha256").update(bytesOf(values)).digest("hex"), label).toBe(golden.sha256);
        } else {
          const expected = Buffer.from(golden.base64, "base64");
          const Kind = values.constructor as Float32ArrayConstructor;
          const copy = new Uint8Array(expected).buffer;
          expect(values, label).toEqual(new Kind(copy));
          expect(bytesOf(values).equals(expected), `${label}: bits`).toBe(true);
        }
      }
    });
  }

  it("differs from torch's path for CPUs without AVX2 by at most 5e-6", () => {
    const { seed, count, base64 } = goldens.withoutVectors;
    const expected = new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
    const values = TorchGenerator.fromSeed(seed).randn(count);
    expect(expected).toHaveLength(count);
    const worst = values.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN))),
      0,
    );
    expect(worst).toBeLessThan(5e-6);
    expect(worst).toBeGreaterThan(0);
  });
});

describe("seeds", () => {
  it("takes numbers, bigints and text alike", () => {
    const expected = TorchGenerator.fromSeed(42).rand(4);
    expect(TorchGenerator.fromSeed(42n).rand(4)).toEqual(expected);
    expect(TorchGenerator.fromSeed(" 42 ").rand(4)).toEqual(expected);
    expect(TorchGenerator.fromSeed(43).rand(4)).not.toEqual(expected);
  });

  it("takes torch's whole range and nothing beyond it", () => {
    expect(() => TorchGenerator.fromSeed(2n ** 64n - 1n)).not.toThrow();
    expect(() => TorchGenerator.fromSeed(-(2n ** 63n))).not.toThrow();
    expect(() => TorchGenerator.fromSeed(2n ** 64n)).toThrow(/18446744073709551616.*-2\^63 to 2\^64 - 1/);
    expect(() => TorchGenerator.fromSeed("-9223372036854775809")).toThrow(/-9223372036854775809/);
  });

  it("names a seed that is no whole number", () => {
    for (const seed of [1.5, Number.NaN, Number.POSITIVE_INFINITY, "", "12a", "0x10", "1e3"]) {
      expect(() => TorchGenerator.fromSeed(seed), String(seed)).toThrow(/is not a whole number/);
    }
  });

  it("refuses a number that may have lost digits", () => {
    expect(() => TorchGenerator.fromSeed(2 ** 53)).toThrow(/9007199254740992.*pass it as text/);
    expect(() => TorchGenerator.fromSeed(String(2 ** 53))).not.toThrow();
  });
});

describe("state", () => {
  /** Mid-block and with a normal kept. */
  const used = (): TorchGenerator => {
    const generator = TorchGenerator.fromSeed(9);
    generator.rand(700);
    generator.randn(3);
    return generator;
  };

  it("a clone draws the same and leaves its origin alone", () => {
    const generator = used();
    const copy = generator.clone();
    expect(copy.equals(generator)).toBe(true);
    const drawn = copy.randn(5);
    expect(copy.equals(generator)).toBe(false);
    expect(generator.equals(used())).toBe(true);
    expect(generator.randn(5)).toEqual(drawn);
  });

  it("bytes carry all of it", () => {
    const generator = used();
    const restored = TorchGenerator.fromBytes(generator.toBytes());
    expect(restored.equals(generator)).toBe(true);
    expect(restored.toBytes()).toEqual(generator.toBytes());
    expect(restored.randn(1000)).toEqual(generator.randn(1000));
    expect(restored.randn(3)).toEqual(generator.randn(3));
  });

  it("equality sees the kept normal", () => {
    const withNormal = TorchGenerator.fromSeed(1);
    withNormal.randn(1);
    const without = TorchGenerator.fromSeed(1);
    without.rand(4);
    expect(withNormal.toBytes().subarray(0, 2500)).toEqual(without.toBytes().subarray(0, 2500));
    expect(withNormal.equals(without)).toBe(false);
  });

  it("refuses bytes that are no state", () => {
    expect(() => TorchGenerator.fromBytes(new Uint8Array(10))).toThrow(/2512 bytes; these are 10/);
    const bytes = used().toBytes();
    bytes.fill(255, 2496, 2500);
    expect(() => TorchGenerator.fromBytes(bytes)).toThrow(/position 4294967295/);
  });
});

describe("arguments", () => {
  const generator = TorchGenerator.fromSeed(0);

  it("refuses counts that are none", () => {
    expect(() => generator.randn(-1)).toThrow(/randn: -1/);
    expect(() => generator.rand(1.5)).toThrow(/rand: 1.5/);
    expect(() => generator.randperm(Number.NaN)).toThrow(/randperm: NaN/);
    expect(() => generator.randperm(2 ** 28)).toThrow(/randperm: 268435456/);
  });

  it("refuses ranges that are none", () => {
    expect(() => generator.randint(5, 5, 1)).toThrow(/randint: from 5 up to, but without, 5/);
    expect(() => generator.randint(0, 2 ** 53, 1)).toThrow(/randint/);
    expect(() => generator.randint(-(2 ** 52) - 1, 2 ** 52, 1)).toThrow(/randint/);
    expect(() => generator.randint(0.5, 2, 1)).toThrow(/randint/);
  });

  it("an empty draw changes nothing", () => {
    const before = generator.clone();
    expect(generator.randn(0)).toHaveLength(0);
    expect(generator.randint(0, 5, 0)).toHaveLength(0);
    expect(generator.equals(before)).toBe(true);
  });
});

describe("single-precision arithmetic", () => {
  /** Exact a·b + c over the integers of 2^-298, rounded once, ties to even. */
  function reference(a: number, b: number, c: number): number {
    const scaled = (value: number): bigint => {
      let exponent = 0;
      while (!Number.isInteger(value)) {
        value *= 2;
        exponent += 1;
      }
      return BigInt(value) << BigInt(149 - exponent);
    };
    const total = scaled(a) * scaled(b) + (scaled(c) << 149n);
    if (total === 0n) return 0;
    const magnitude = total < 0n ? -total : total;
    const bits = magnitude.toString(2).length;
    const drop = BigInt(Math.max(bits - 24, 0));
    let kept = magnitude >> drop;
    const rest = magnitude - (kept << drop);
    const half = drop > 0n ? 1n << (drop - 1n) : 0n;
    if (drop > 0n && (rest > half || (rest === half && kept % 2n === 1n))) kept += 1n;
    return Number(kept) * 2 ** (Number(drop) - 298) * (total < 0n ? -1 : 1);
  }

  it("a fused multiply-add is rounded once", () => {
    const generator = TorchGenerator.fromSeed(77);
    for (let i = 0; i < 20_000; i += 1) {
      const [a = 0, b = 0, c = 0] = generator.randn(3);
      expect(fusedMultiplyAdd(a, b, c)).toBe(reference(a, b, c));
    }
  });

  it("a double halfway between two floats goes to the side of the part it lost", () => {
    // a·b is 2^-24, half a unit of a float near 1, less 2^-70 or plus 26603 · 2^-71: parts that a double near 1 cannot hold.
    const justBelow = [1 + 2 ** -23, 2 ** -24 * (1 - 2 ** -23)] as const;
    const justAbove = [1 + 2045 * 2 ** -23, 16773127 * 2 ** -48] as const;
    for (const [a, b] of [justBelow, justAbove]) {
      for (const c of [1, 1 + 2 ** -23, 1 + 2 ** -22]) {
        for (const [p, q] of [
          [1, 1],
          [1, -1],
          [-1, 1],
          [-1, -1],
        ] as const) {
          expect(Math.fround(a)).toBe(a);
          expect(Math.fround(b)).toBe(b);
          expect(fusedMultiplyAdd(p * a, b, q * c), `${p * a} * ${b} + ${q * c}`).toBe(
            reference(p * a, b, q * c),
          );
        }
      }
    }
    expect(fusedMultiplyAdd(...justBelow, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
  });

  it("the logarithm is right to 2e-7", () => {
    for (const value of TorchGenerator.fromSeed(5).rand(2000)) {
      const u = Math.fround(1 - value);
      expect(Math.abs(logFloat32(u) - Math.log(u))).toBeLessThanOrEqual(
        2e-7 * Math.max(1, Math.abs(Math.log(u))),
      );
    }
  });
});
