/** Bytes that can be read at any place: a file, a Blob, a ranged download, a file of the browser's private file system. */
export interface ByteSource {
  /** What to call it in messages, for example the file's name. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`. Rejects when the source cannot give them. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Brings the whole body near before it is read through: a remote file is streamed into the store of models and verified.
   * Absent where the bytes are near already. Reading without it works, and asks the network for each range. Call it after the
   * header was checked: a file that does not fit is then never fetched.
   */
  prepare?(): Promise<void>;
}

/** Bytes that are already in memory. Reads are views, not copies. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: (offset, length) =>
      Promise.resolve().then(() => {
        checkRange(name, bytes.byteLength, offset, length);
        return bytes.subarray(offset, offset + length);
      }),
  };
}

/** A `File` or `Blob` of the page; each read takes only its slice. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      checkRange(name, blob.size, offset, length);
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        // The browser no longer reads a file that was changed, moved or deleted after it was chosen.
        throw new Error(`"${name}" cannot be read any more: it was changed or moved. Choose it again.`, {
          cause,
        });
      }
    },
  };
}

/** Reads a range and refuses a source that returns more or fewer bytes than it was asked for. */
export async function readExactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  checkRange(source.name, source.size, offset, length);
  const bytes = await source.read(offset, length);
  if (bytes.byteLength !== length) {
    throw new Error(
      `"${source.name}": asked for ${String(length)} bytes at ${String(offset)}, got ${String(bytes.byteLength)}. ` +
        "The file changed or the download was cut off; get it again.",
    );
  }
  return bytes;
}

function checkRange(name: string, size: number, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > size) {
    throw new Error(
      `"${name}": bytes ${String(offset)} to ${String(offset + length)} were asked for, but it has only ${String(size)}.`,
    );
  }
}
