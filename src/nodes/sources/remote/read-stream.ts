import { FetchError } from "./request.ts";

/**
 * The chunks of a response. A connection that breaks, or on which nothing comes for `stallMs`, is a FetchError "dropped".
 * Leaving the loop cancels the response.
 */
export async function* readStream(
  name: string,
  body: ReadableStream<Uint8Array>,
  stallMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await orStall(reader.read(), name, stallMs);
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof FetchError) throw cause;
    throw new FetchError("dropped", `"${name}": the connection broke`, { cause });
  } finally {
    // Cancelling may wait for a server that says nothing any more.
    if (!ended) void reader.cancel().catch(() => undefined);
  }
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
