import { describe, expect, test } from "vitest";
import { readStream } from "../../../src/nodes/sources/remote/read-stream.ts";

const MEGABYTE = 2 ** 20;

/** A stream of bytes that counts up, given out in pieces of any length; tells how often its reader brought a buffer. */
function counting(length: number, pieces: readonly number[]) {
  let at = 0;
  let turn = 0;
  const seen = { brought: 0, cancelled: false };
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest;
      const view = request?.view;
      if (!view) throw new Error("The reader brought no buffer.");
      seen.brought += 1;
      const piece = pieces[turn++ % pieces.length] ?? 1;
      const bytes = new Uint8Array(
        view.buffer,
        view.byteOffset,
        Math.min(piece, view.byteLength, length - at),
      );
      for (let i = 0; i < bytes.length; i++) bytes[i] = (at + i) % 251;
      at += bytes.length;
      if (bytes.length === 0) controller.close();
      request.respond(bytes.length);
    },
    cancel() {
      seen.cancelled = true;
    },
  });
  return { body, seen };
}

describe("the chunks of a response", () => {
  test("come in order and whole, in one buffer of the reader that is used again", async () => {
    const length = 3 * MEGABYTE + 17;
    const { body, seen } = counting(length, [1, 70_000, 5, MEGABYTE]);
    let at = 0;
    let wrong = 0;
    const sizes = new Set<number>();
    for await (const chunk of readStream("weights", body, 10_000, undefined)) {
      for (let i = 0; i < chunk.length; i++) if (chunk[i] !== (at + i) % 251) wrong += 1;
      at += chunk.length;
      sizes.add(chunk.buffer.byteLength);
    }
    expect(at).toBe(length);
    expect(wrong).toBe(0);
    expect([...sizes]).toEqual([MEGABYTE / 4]);
    expect(seen.brought).toBeGreaterThan(12);
  });

  test("leaving the loop cancels the response", async () => {
    const { body, seen } = counting(MEGABYTE, [1000]);
    for await (const chunk of readStream("weights", body, 10_000, undefined)) {
      expect(chunk.length).toBe(1000);
      break;
    }
    await expect.poll(() => seen.cancelled).toBe(true);
  });

  test("a stream of chunks, which takes no buffer, is read as it comes", async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Uint8Array.of(1, 2));
        controller.enqueue(Uint8Array.of(3));
        controller.close();
      },
    });
    const all: number[] = [];
    for await (const chunk of readStream("weights", body, 10_000, undefined)) all.push(...chunk);
    expect(all).toEqual([1, 2, 3]);
  });

  test("nothing for too long, and a broken connection, are told by the file's name", async () => {
    const silent = new ReadableStream({ type: "bytes", pull: () => new Promise<void>(() => undefined) });
    await expect(readStream("weights", silent, 30, undefined).next()).rejects.toThrow(
      '"weights": nothing arrived for 0.03 s',
    );
    const broken = new ReadableStream({ type: "bytes", pull: () => Promise.reject(new Error("reset")) });
    await expect(readStream("weights", broken, 1000, undefined).next()).rejects.toThrow(
      '"weights": the connection broke',
    );
  });
});
