import { gunzipSync } from "fflate";

/** No data set that this project reads is larger than this when it is unpacked. */
const MAX_UNPACKED_BYTES = 1 << 30;

/** Unpacks a gzip file; other bytes are returned as they are. @throws naming the file when it is damaged or too large. */
export function gunzipIfNeeded(name: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  if (bytes.length < 18) throw new Error(`"${name}" is a gzip file that is cut off.`);
  // The last four bytes say how long the content is.
  const unpacked = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  if (unpacked > MAX_UNPACKED_BYTES)
    throw new Error(`"${name}" would unpack to ${String(unpacked)} bytes, which is too much.`);
  let content: Uint8Array;
  try {
    content = gunzipSync(bytes, { out: new Uint8Array(unpacked) });
  } catch (cause) {
    throw new Error(
      `"${name}" is a damaged gzip file: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
  if (content.length !== unpacked) throw new Error(`"${name}" is a gzip file that is cut off or damaged.`);
  return content;
}
