import type { BodyWriter } from "./store-files.ts";

/** A network gives 16 to 64 KB at a time; a disk is called once for so much. */
const BLOCK_BYTES = 2 ** 20;

/** Gathers small writes into large ones. Until `flush` the last of them are in memory. */
export function coalesce(writer: BodyWriter, blockBytes = BLOCK_BYTES): BodyWriter {
  const block = new Uint8Array(blockBytes);
  let filled = 0;
  let failure: Error | undefined;
  const write = async (bytes: Uint8Array): Promise<void> => {
    try {
      await writer.write(bytes);
    } catch (error) {
      // What was taken is lost: a flush must not vouch for it.
      failure = error as Error;
      throw error;
    }
  };
  const empty = async (): Promise<void> => {
    if (failure) throw failure;
    if (filled === 0) return;
    const bytes = block.subarray(0, filled);
    filled = 0;
    await write(bytes);
  };
  return {
    write: async (bytes) => {
      if (filled + bytes.byteLength > blockBytes) await empty();
      if (bytes.byteLength >= blockBytes) return write(bytes);
      block.set(bytes, filled);
      filled += bytes.byteLength;
    },
    flush: async () => {
      await empty();
      await writer.flush();
    },
    restart: () => {
      filled = 0;
      failure = undefined;
      return writer.restart();
    },
    close: () => writer.close(),
  };
}
