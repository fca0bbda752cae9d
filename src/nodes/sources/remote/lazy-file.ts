import type { ByteSource } from "../../../diffusion/weights/byte-source.ts";
import { fetchFile, type FetchTarget } from "../store/fetch-file.ts";
import { bodyPath } from "../store/records.ts";
import { NoRoomError, type StoreFiles } from "../store/store-files.ts";
import type { DownloadOptions } from "../http.ts";
import { readStream } from "./read-stream.ts";
import { FetchError, hostOf, requestRange, type RangeAnswer, type RemoteFile } from "./request.ts";
import { PATIENT, retrying, type RetryPolicy } from "./retry.ts";

/** Holds the header of nearly every model: one request serves both its length and its text. */
const PREFIX_BYTES = 256 * 1024;
/** Smaller files are fetched whole when they are first read; so is everything that has no header to check before. */
const WHOLE_BYTES = 4 * 2 ** 20;

export interface LazyFileOptions {
  /** Where it is kept; undefined where there is no place: then each read is a request. */
  readonly target:
    FetchTarget | { readonly files: undefined; readonly path: string; readonly remote: RemoteFile };
  /** What an earlier request has already told. */
  readonly probed?: Probe;
  readonly size: number;
  readonly policy?: RetryPolicy | undefined;
  /** What to do when there is no room: read by ranges every time, or fail. */
  readonly whenFull: "ranges" | "fail";
  readonly download: DownloadOptions;
}

/** The first bytes of a remote file. */
export interface Probe {
  readonly size: number;
  readonly version: string;
  readonly prefix: Uint8Array;
}

/** Asks for the first bytes: they tell whether the file is there, how long it is and which version. */
export async function probe(
  remote: RemoteFile,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<Probe> {
  return retrying(policy, signal, async () => {
    const answer = await requestRange(remote, 0, PREFIX_BYTES, signal);
    const prefix = await take(remote, answer, PREFIX_BYTES, policy, signal);
    const size = answer.total ?? (prefix.byteLength < PREFIX_BYTES ? prefix.byteLength : undefined);
    if (size === undefined) {
      throw new FetchError(
        "refused",
        `"${remote.name}": ${hostOf(remote.url)} does not say how long it is, so it cannot be fetched in parts`,
      );
    }
    return { size, version: answer.version, prefix };
  });
}

/** A remote file that is fetched when, and as far as, it is needed. */
export function lazyFile(options: LazyFileOptions): ByteSource {
  const { target, size, whenFull, download } = options;
  const { signal } = download;
  const policy = options.policy ?? PATIENT;
  const { remote } = target;
  let known = options.probed;
  let place: { readonly files: StoreFiles; readonly path: string } | undefined;
  let isRanged = target.files === undefined;
  const isWhole = size <= WHOLE_BYTES || !remote.name.endsWith(".safetensors");

  const prepare = async (): Promise<void> => {
    if (place || isRanged || target.files === undefined) return;
    try {
      await fetchFile(target, { signal, progress: download.progress, policy });
      place = { files: target.files, path: bodyPath(target.folder, target.path) };
    } catch (error) {
      if (!(error instanceof NoRoomError) || whenFull === "fail") throw error;
      isRanged = true;
      download.warn?.(
        `"${remote.name}" could not be stored: ${error.message} It is read from ${hostOf(remote.url)} each time instead, which is slow.`,
      );
    }
  };

  const readRange = (offset: number, length: number): Promise<Uint8Array> =>
    retrying(policy, signal, async () => {
      const answer = await requestRange(remote, offset, offset + length, signal);
      if (known && answer.version !== known.version) {
        await answer.body?.cancel();
        throw new FetchError(
          "refused",
          `"${remote.name}" changed on ${hostOf(remote.url)} while it was read. Run again to read the new one`,
        );
      }
      if (answer.start !== offset) {
        await answer.body?.cancel();
        throw new FetchError(
          "refused",
          `"${remote.name}": ${hostOf(remote.url)} sends no parts of files, and there is no room to store the whole. Free some room and run again`,
        );
      }
      const bytes = await take(remote, answer, length, policy, signal);
      if (bytes.byteLength < length)
        throw new FetchError("dropped", `"${remote.name}": the connection ended early`);
      return bytes;
    });

  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (isWhole) await prepare();
    if (place) return place.files.read(place.path, offset, length);
    known ??= await probe(remote, policy, signal);
    if (offset + length <= known.prefix.byteLength) return known.prefix.slice(offset, offset + length);
    return readRange(offset, length);
  };
  return { name: remote.name, size, read, prepare };
}

/** The first `length` bytes of an answer, or all that come. */
async function take(
  remote: RemoteFile,
  answer: RangeAnswer,
  length: number,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(length, answer.total ?? length));
  let at = 0;
  if (answer.body) {
    for await (const chunk of readStream(remote.name, answer.body, policy.stallMs, signal)) {
      const part = chunk.subarray(0, bytes.byteLength - at);
      bytes.set(part, at);
      at += part.byteLength;
      if (at === bytes.byteLength) break;
    }
  }
  return bytes.subarray(0, at);
}
