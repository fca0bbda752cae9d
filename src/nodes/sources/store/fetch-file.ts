import { readStream } from "../remote/read-stream.ts";
import { FetchError, hostOf, requestRange, type RangeAnswer, type RemoteFile } from "../remote/request.ts";
import { PATIENT, pause, waitBeforeRetry, type RetryPolicy } from "../remote/retry.ts";
import { bytesText, TransferNote } from "../remote/transfer-note.ts";
import { coalesce } from "./coalesce.ts";
import { bodyPath, readManifest, writeManifest, type FileManifest } from "./records.ts";
import { NoRoomError, type BodyWriter, type Sha256, type StoreFiles } from "./store-files.ts";

/** A crash loses at most so much of what had arrived. */
const CHECKPOINT_BYTES = 32 * 2 ** 20;
const REHASH_BYTES = 4 * 2 ** 20;
const PROGRESS_MS = 200;
/** A file that changes more often while it is fetched is not worth waiting for. */
const MAX_CHANGES = 2;

export interface FetchTarget {
  readonly files: StoreFiles;
  readonly folder: string;
  readonly path: string;
  readonly remote: RemoteFile;
  /** Known before, from the Hub's list. */
  readonly size?: number;
  readonly sha256?: string;
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes that are there, bytes in all, and both in words with the time left. */
  readonly progress?: ((done: number, total: number, note?: string) => void) | undefined;
  readonly policy?: RetryPolicy | undefined;
}

/**
 * Streams one file into the store, from where an earlier try ended. The file is complete only when its length, and its SHA-256 where
 * the place tells it, are right. Two windows or processes that want the same file take turns, and the second finds it done.
 *
 * @throws FetchError when the network or the server does not give it, after trying again where that may help; NoRoomError; Error
 *   when what arrived is not what was announced. What was safely written stays, except when it is wrong.
 */
export async function fetchFile(target: FetchTarget, options: FetchOptions = {}): Promise<FileManifest> {
  const { files, folder, path } = target;
  const note = new TransferNote(path);
  const lock = `${folder}+${path.replaceAll("/", "+")}`;
  const onWait = (): void => {
    void readManifest(files, folder, path).then((manifest) => {
      if (manifest && !manifest.complete)
        options.progress?.(
          manifest.written,
          manifest.size ?? 0,
          `${note.words(manifest.written, manifest.size)} (by another window)`,
        );
    });
  };
  return files.withLock(lock, { signal: options.signal, onWait }, async () => {
    const there = await readManifest(files, folder, path);
    if (there?.complete && (await files.size(bodyPath(folder, path))) === there.size) return there;
    return new Transfer(target, options, note).run(there);
  });
}

/** One file on its way; lives for one call of {@link fetchFile}. */
class Transfer {
  readonly #target: FetchTarget;
  readonly #options: FetchOptions;
  readonly #policy: RetryPolicy;
  readonly #note: TransferNote;
  /** Bytes in the body, and as far as is known of which version. */
  #written = 0;
  #version = "";
  #total: number | undefined;
  #changes = 0;
  #hash: Sha256 | undefined;
  #lastProgress = -Infinity;

  constructor(target: FetchTarget, options: FetchOptions, note: TransferNote) {
    this.#target = target;
    this.#options = options;
    this.#policy = options.policy ?? PATIENT;
    this.#note = note;
    this.#total = target.size;
  }

  async run(earlier: FileManifest | undefined): Promise<FileManifest> {
    const { files, folder, path, remote } = this.#target;
    const there = (await files.size(bodyPath(folder, path))) ?? 0;
    // Without a version nothing says that the rest belongs to what is there, unless the address itself does (a commit).
    if (earlier && earlier.url === remote.url && !earlier.complete) {
      this.#written = Math.min(earlier.written, there);
      this.#version = earlier.version;
      this.#total ??= earlier.size;
    }
    await this.#checkRoom();
    const body = coalesce(await files.write(bodyPath(folder, path), this.#written));
    let writer: BodyWriter | undefined = body;
    try {
      await this.#rehash();
      await this.#receive(body);
      await body.flush();
      writer = undefined;
      await body.close();
    } finally {
      // Closed without a flush: what came after the last checkpoint is not vouched for.
      await writer?.close().catch(() => undefined);
    }
    return this.#finish();
  }

  /** Says before the first byte what would fail after the last. */
  async #checkRoom(): Promise<void> {
    const { files, path } = this.#target;
    const room = await files.room();
    if (room === undefined || this.#total === undefined) return;
    const missing = this.#total - this.#written;
    if (missing > room.free) {
      throw new NoRoomError(
        `"${path}" needs ${bytesText(missing)} in ${files.place}, where ${bytesText(room.free)} are free. Remove models that you do not need, or free some of the disk.`,
      );
    }
  }

  /** The hash of what an earlier run wrote. */
  async #rehash(): Promise<void> {
    const { files, folder, path, sha256 } = this.#target;
    if (sha256 === undefined) return;
    this.#hash = await files.sha256();
    for (let at = 0; at < this.#written; at += REHASH_BYTES) {
      this.#options.signal?.throwIfAborted();
      this.#hash.update(
        await files.read(bodyPath(folder, path), at, Math.min(REHASH_BYTES, this.#written - at)),
      );
    }
  }

  async #receive(body: BodyWriter): Promise<void> {
    const { signal } = this.#options;
    let failures = 0;
    let gained = this.#written;
    // A length of 0 is asked for too: the answer says whether it is right.
    for (let first = true; first || this.#total === undefined || this.#written < this.#total; first = false) {
      try {
        if (this.#total !== undefined && this.#written > 0 && this.#written === this.#total) return;
        await this.#receiveOnce(body);
        if (this.#total === undefined) this.#total = this.#written;
        if (this.#written < this.#total)
          throw new FetchError("dropped", `"${this.#target.path}": the connection ended early`);
      } catch (error) {
        signal?.throwIfAborted();
        if (this.#written > gained) failures = 0;
        gained = this.#written;
        failures += 1;
        const wait = waitBeforeRetry(this.#policy, error, failures);
        if (wait === undefined) {
          await this.#checkpoint(body).catch(() => undefined);
          throw this.#explain(error);
        }
        if (wait > 1000)
          this.#tell(`${(error as Error).message} Trying again in ${String(Math.ceil(wait / 1000))} s.`);
        await pause(wait, signal);
      }
    }
  }

  /** One request, and all that comes of it. */
  async #receiveOnce(body: BodyWriter): Promise<void> {
    const { remote, path } = this.#target;
    const { signal } = this.#options;
    const answer = await requestRange(remote, this.#written, undefined, signal);
    if (await this.#hasChanged(answer)) {
      await answer.body?.cancel();
      await this.#startOver(body);
      return this.#receiveOnce(body);
    }
    this.#version = answer.version;
    this.#total ??= answer.total;
    if (!answer.body) {
      if (this.#total === undefined) this.#total = this.#written;
      return;
    }
    // A server that knows no ranges sends what is there already once more.
    let skip = this.#written - answer.start;
    let unflushed = 0;
    for await (const chunk of readStream(path, answer.body, this.#policy.stallMs, signal)) {
      signal?.throwIfAborted();
      const fresh = skip >= chunk.byteLength ? chunk.subarray(0, 0) : chunk.subarray(skip);
      skip -= chunk.byteLength - fresh.byteLength;
      if (fresh.byteLength === 0) continue;
      if (this.#total !== undefined && this.#written + fresh.byteLength > this.#total)
        throw new FetchError(
          "refused",
          `"${path}": ${hostOf(remote.url)} sends more than the ${String(this.#total)} bytes that it announced`,
        );
      await body.write(fresh);
      this.#hash?.update(fresh);
      this.#written += fresh.byteLength;
      unflushed += fresh.byteLength;
      this.#tell();
      if (unflushed >= CHECKPOINT_BYTES) {
        await this.#checkpoint(body);
        unflushed = 0;
      }
    }
  }

  async #hasChanged(answer: RangeAnswer): Promise<boolean> {
    const isOtherVersion = this.#version !== "" && answer.version !== "" && answer.version !== this.#version;
    const isOtherLength =
      answer.total !== undefined && this.#total !== undefined && answer.total !== this.#total;
    if (!isOtherVersion && !isOtherLength) return false;
    const { path, remote, size } = this.#target;
    this.#changes += 1;
    // The Hub said what the length is at this commit: another one is no newer version, it is wrong.
    if (size !== undefined && answer.total !== undefined && answer.total !== size) {
      await answer.body?.cancel();
      throw new FetchError(
        "refused",
        `"${path}": ${hostOf(remote.url)} lists ${String(size)} bytes, but sends ${String(answer.total)}`,
      );
    }
    if (this.#changes > MAX_CHANGES) {
      await answer.body?.cancel();
      throw new FetchError(
        "refused",
        `"${path}" changed on ${hostOf(remote.url)} while it was fetched, ${String(this.#changes)} times. Name a fixed revision, or run again later`,
      );
    }
    return true;
  }

  async #startOver(body: BodyWriter): Promise<void> {
    const { files, folder, path, size, sha256 } = this.#target;
    this.#written = 0;
    this.#version = "";
    this.#total = size;
    if (sha256 !== undefined) this.#hash = await files.sha256();
    await files.remove(`${folder}/manifests/${path}.json`);
    await body.restart();
  }

  /** Vouches for all bytes so far. */
  async #checkpoint(body: BodyWriter): Promise<void> {
    const { files, folder } = this.#target;
    const manifest = this.#manifest(false);
    await body.flush();
    await writeManifest(files, folder, manifest);
  }

  #manifest(complete: boolean): FileManifest {
    const { path, remote, sha256 } = this.#target;
    return {
      path,
      url: remote.url,
      version: this.#version,
      ...(this.#total !== undefined && { size: this.#total }),
      ...(sha256 !== undefined && { sha256 }),
      written: this.#written,
      complete,
    };
  }

  async #finish(): Promise<FileManifest> {
    const { files, folder, path, remote, sha256 } = this.#target;
    const found = this.#hash?.digest();
    if (found !== sha256) {
      await files.remove(`${folder}/manifests/${path}.json`);
      await files.remove(bodyPath(folder, path));
      throw new Error(
        `"${path}" arrived damaged from ${hostOf(remote.url)}: its SHA-256 is ${String(found)}, not ${String(sha256)}. It was deleted; run again to fetch it anew.`,
      );
    }
    const manifest = this.#manifest(true);
    await writeManifest(files, folder, manifest);
    this.#lastProgress = -Infinity;
    this.#tell();
    return manifest;
  }

  #tell(words?: string): void {
    const now = performance.now();
    if (words === undefined && now - this.#lastProgress < PROGRESS_MS) return;
    this.#lastProgress = now;
    this.#options.progress?.(
      this.#written,
      this.#total ?? this.#written,
      words ?? this.#note.words(this.#written, this.#total),
    );
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof FetchError) || (this.#written === 0 && error.fault !== "dropped")) return error;
    const of = this.#total === undefined ? "" : ` of ${String(this.#total)}`;
    return new FetchError(
      error.fault,
      `${error.message.replace(/\.$/, "")}. ${String(this.#written)}${of} bytes are stored; run again to go on from there.`,
      { cause: error },
    );
  }
}
