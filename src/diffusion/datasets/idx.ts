/** The IDX format of MNIST (http://yann.lecun.com/exdb/mnist): magic number, sizes, bytes. */

export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes. The data are a view of `bytes`.
 * @param name For messages.
 * @throws naming the file and what is wrong: another kind of file, another type of numbers, too few or too many bytes.
 */
export function parseIdx(name: string, bytes: Uint8Array): IdxArray {
  const fail = (what: string): never => {
    throw new Error(`"${name}" is not a valid IDX file: ${what}`);
  };
  const [zero0, zero1, type, rank = 0] = bytes;
  if (bytes.length < 4 || zero0 !== 0 || zero1 !== 0) fail("it does not begin with two zero bytes.");
  if (type !== UNSIGNED_BYTE)
    fail(`its numbers are of type 0x${(type ?? 0).toString(16)}; unsigned bytes (0x8) were expected.`);
  const start = 4 + 4 * rank;
  if (rank === 0 || bytes.length < start) fail(`its header of ${String(rank)} dimensions is cut off.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length - start !== count) {
    fail(
      `its sizes ${shape.join("×")} ask for ${String(count)} bytes, but ${String(bytes.length - start)} follow.`,
    );
  }
  return { shape, data: bytes.subarray(start) };
}
