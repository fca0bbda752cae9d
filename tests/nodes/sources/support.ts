import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { remoteFolders, type RemoteOptions } from "../../../src/nodes/sources/remote/remote-folder.ts";
import type { RetryPolicy } from "../../../src/nodes/sources/remote/retry.ts";
import { parseSourceRef, type SourceFolder } from "../../../src/nodes/sources/sources.ts";
import { nodeStoreFiles } from "../../../src/nodes/sources/store/node-store-files.ts";

/** Tries again at once, and gives up early. */
export const HASTY: RetryPolicy = { attempts: 4, firstWaitMs: 1, maxWaitMs: 50, stallMs: 400 };

/** In memory where the system has such a place: what is written here is flushed to the disk hundreds of times. */
export const temporaryFolder = (): Promise<string> =>
  mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "loom-store-"));

/** A remote folder that is kept in `cache`. */
export function remote(
  label: string,
  cache: string,
  options: Partial<RemoteOptions> & Pick<RemoteOptions, "endpoint">,
): SourceFolder {
  const reference = parseSourceRef(label);
  if (reference.kind !== "hf" && reference.kind !== "https") throw new Error(label);
  return remoteFolders({
    files: nodeStoreFiles(cache),
    policy: HASTY,
    whenFull: "fail",
    deniedHelp: "then try again.",
    ...options,
  })(label, reference);
}

export async function wholeOf(file: ByteSource | undefined): Promise<Uint8Array> {
  if (!file) throw new Error("There is no such file.");
  return new Uint8Array(await file.read(0, file.size));
}

export const textOf = async (file: ByteSource | undefined): Promise<string> =>
  new TextDecoder().decode(await wholeOf(file));
