import { FetchError } from "./request.ts";

/** One buffer of that size goes back and forth between the stream and its reader. */
const BUFFER_BYTES = 256 * 2 ** 10;

/**
 * The chunks of a response; each is valid until the next one is asked for. A connection that breaks, or on which nothing comes for
 * `stallMs`, is a FetchError "dropped". Leaving the loop cancels the response.
 */
export async function* readStream(
  name: string,
  body: ReadableStream<Uint8Array>,
  stallMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = chunkReader(body);
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await orStall(reader.read(), name, stallMs);
      if (done) {
        ended = true;
        return;
      }
      if (value) yield value;
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof FetchError) throw cause;
    throw new FetchError("dropped", `"${name}": the connection broke`, { cause });
  } finally {
    // Cancelling may wait for a server that says nothing any more.
    if (!ended) void reader.cancel().catch(() => undefined);
  }
}

interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/**
 * Reads into the same buffer again and again where the stream is one of bytes: a download of gigabytes otherwise leaves as many
 * of them to the garbage collector, which in a browser is in no hurry.
 */
function chunkReader(body: ReadableStream<Uint8Array>): ChunkReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return body.getReader();
  }
  let buffer = new ArrayBuffer(BUFFER_BYTES);
  return {
    read: async () => {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (value) buffer = value.buffer;
      return { done, value };
    },
    cancel: () => reader.cancel(),
  };
}

function orStall<T>(work: Promise<T>, name: string, stallMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new FetchError("dropped", `"${name}": nothing arrived for ${String(stallMs / 1000)} s`));
    }, stallMs);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
