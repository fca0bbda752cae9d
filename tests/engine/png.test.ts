import { zlibSync } from "fflate";
import { decode, encode } from "fast-png";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { GRAPH_KEYWORD, graphTextOf, withGraph } from "../../src/engine/graph/graph-in-png.ts";
import { inflateBounded } from "../../src/engine/graph/inflate.ts";
import { isPng, readPngTexts, writePngText } from "../../src/engine/graph/png-text.ts";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";

const picture = encode({
  width: 5,
  height: 3,
  data: Uint8Array.from({ length: 45 }, (_, i) => i),
  channels: 3,
});

const graph: GraphDocument = {
  format: 1,
  name: "Grüße, 世界 🧵",
  nodes: { seed: { type: "value/seed", version: 1, params: { seed: 42 } } },
  edges: [],
};

/** A text chunk as another program would write it. */
function chunk(kind: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.byteLength);
  new DataView(bytes.buffer).setUint32(0, data.byteLength);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(data, 8);
  return bytes;
}

/** Puts chunks behind the header, which has 33 bytes with the signature. */
const withChunks = (...chunks: Uint8Array[]): Uint8Array =>
  Uint8Array.from([
    ...picture.subarray(0, 33),
    ...chunks.flatMap((one) => [...one]),
    ...picture.subarray(33),
  ]);

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe("a PNG that carries its graph", () => {
  test("gives the same text back, and another decoder sees the same pixels and no fault", () => {
    const carrying = withGraph(picture, graph);
    expect(graphTextOf(carrying)).toBe(serializeDocument(graph));
    const seen = decode(carrying, { checkCrc: true });
    expect([seen.width, seen.height]).toEqual([5, 3]);
    expect(seen.data).toEqual(decode(picture).data);
  });

  test("a second graph takes the place of the first", () => {
    const other = { ...graph, name: "Other" };
    const carrying = withGraph(withGraph(picture, graph), other);
    expect(readPngTexts(carrying).map(({ keyword }) => keyword)).toEqual([GRAPH_KEYWORD]);
    expect(graphTextOf(carrying)).toBe(serializeDocument(other));
    expect(withGraph(carrying, graph)).toEqual(withGraph(picture, graph));
  });

  test("any text survives", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const [read] = readPngTexts(writePngText(picture, { keyword: "k", text }));
        expect(read).toEqual({
          keyword: "k",
          text: new TextDecoder().decode(new TextEncoder().encode(text)),
        });
      }),
      { numRuns: 40 },
    );
  });

  test("texts of other programs are read: Latin-1, packed, and packed in UTF-8", () => {
    const bytes = withChunks(
      chunk("tEXt", ascii("Comment\0caf\xe9")),
      chunk("zTXt", Uint8Array.from([...ascii("prompt\0\0"), ...zlibSync(ascii("{}"))])),
      chunk(
        "iTXt",
        Uint8Array.from([...ascii("title\0\x01\0de\0Titel\0"), ...zlibSync(new TextEncoder().encode("Öl"))]),
      ),
    );
    expect(readPngTexts(bytes)).toEqual([
      { keyword: "Comment", text: "café" },
      { keyword: "prompt", text: "{}" },
      { keyword: "title", text: "Öl" },
    ]);
  });

  test("a picture without texts, and what is no picture, carry nothing", () => {
    expect(graphTextOf(picture)).toBeUndefined();
    expect(readPngTexts(ascii("hello"))).toEqual([]);
    expect(isPng(ascii("\x89PNG"))).toBe(false);
    expect(() => withGraph(ascii("hello"), graph)).toThrow("no PNG");
  });
});

describe("hostile pictures", () => {
  test("a chunk that unpacks to more than a graph can have is refused without being unpacked", () => {
    const zeros = new Uint8Array(200_000_000);
    const bomb = zlibSync(zeros, { level: 1 });
    expect(bomb.byteLength).toBeLessThan(1_000_000);
    const bytes = withChunks(
      chunk("iTXt", Uint8Array.from([...ascii(`${GRAPH_KEYWORD}\0\x01\0\0\0`), ...bomb])),
    );
    const before = process.memoryUsage().arrayBuffers;
    expect(() => graphTextOf(bytes)).toThrow("larger than 20 MB");
    // Some of what was unpacked and let go is counted until it is collected; all of it would be 200 MB and more.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
    expect(zeros.byteLength).toBe(200_000_000);
  });

  test("damaged packing is refused in words", () => {
    const packed = zlibSync(ascii("x".repeat(1000) + "y".repeat(1000)));
    for (const body of [packed.subarray(0, 10), packed.map((byte) => byte ^ 0x5a), new Uint8Array(3)]) {
      const bytes = withChunks(chunk("zTXt", Uint8Array.from([...ascii("a\0\0"), ...body])));
      expect(() => readPngTexts(bytes)).toThrow(/damaged or cut off/);
    }
  });

  test("no bytes make the reader hang or throw anything but words", () => {
    const carrying = withGraph(picture, graph);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(carrying.byteLength - 1), fc.nat(255)), { maxLength: 20 }),
        fc.nat(carrying.byteLength),
        (changes, length) => {
          const bytes = carrying.slice(0, length);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            readPngTexts(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            expect((error as Error).message).toMatch(/what is packed in it/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("inflating stops at its bound whatever the steps are", () => {
    const data = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 251);
    const packed = zlibSync(data);
    expect(inflateBounded(packed, 100_000, "zlib")).toEqual(data);
    expect(() => inflateBounded(packed, 99_999, "zlib")).toThrow("larger than");
  });
});
