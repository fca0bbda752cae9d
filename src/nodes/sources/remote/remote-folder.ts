import type { ByteSource } from "../../../diffusion/weights/byte-source.ts";
import type { DownloadOptions } from "../http.ts";
import type { SourceRef } from "../source-ref.ts";
import {
  bodyPath,
  folderName,
  readManifest,
  readRecord,
  updateRecord,
  type ModelRecord,
} from "../store/records.ts";
import { checkPath, type StoreFiles } from "../store/store-files.ts";
import type { SourceFolder } from "../sources.ts";
import { hubBase, listHubRepo } from "./hub.ts";
import { lazyFile, probe, type Probe } from "./lazy-file.ts";
import { FetchError, hostOf, type RemoteFile } from "./request.ts";
import { PATIENT, retrying, type RetryPolicy } from "./retry.ts";

/** When a model was last used is kept to the minute: one load opens twenty files. */
const TOUCH_MS = 60_000;

export type RemoteRef = Extract<SourceRef, { kind: "hf" | "https" }>;

export interface RemoteOptions {
  /** Where models are kept; undefined where there is no place. */
  readonly files: StoreFiles | undefined;
  /** The Hub, or a mirror of it; without a trailing slash. */
  readonly endpoint: string;
  /** Sent to the Hub, never elsewhere. */
  readonly token?: string | undefined;
  readonly policy?: RetryPolicy;
  readonly whenFull: "ranges" | "fail";
  /** Ends the sentence that begins with where the terms of a gated model are accepted. */
  readonly deniedHelp: string;
  /** Whether the person agreed that this is fetched. Absent: always. */
  readonly allow?: (reference: string) => boolean;
}

/** Nothing is fetched before the person agreed. */
export class NotAgreedError extends Error {}

/** The reference in the one form under which it is stored. */
export function canonicalReference(reference: RemoteRef): string {
  return reference.kind === "hf"
    ? `hf:${reference.repo}@${reference.revision}`
    : reference.url.replace(/\/+$/, "");
}

/** Remote folders and files, each through the store. */
export function remoteFolders(options: RemoteOptions): (label: string, reference: RemoteRef) => SourceFolder {
  /** What there is no store for is remembered for as long as this lives. */
  const unstored = new Map<string, ModelRecord>();
  return (label, reference) => remoteFolder(label, reference, options, unstored);
}

function remoteFolder(
  label: string,
  reference: RemoteRef,
  options: RemoteOptions,
  unstored: Map<string, ModelRecord>,
): SourceFolder {
  const { files, policy = PATIENT, allow, whenFull } = options;
  const name = canonicalReference(reference);
  const folder = folderName(name);
  const host = hostOf(reference.kind === "hf" ? options.endpoint : reference.url);

  const credentials = {
    ...(reference.kind === "hf" && options.token
      ? { headers: { Authorization: `Bearer ${options.token}` } }
      : {}),
    deniedHelp:
      reference.kind === "hf"
        ? `"${reference.repo}" does not exist, is private, or is gated: then accept its terms at ${options.endpoint}/${reference.repo}, ${options.deniedHelp}`
        : "It may be private, or want a sign-in.",
  };
  const assertAgreed = (): void => {
    if (allow?.(name) === false)
      throw new NotAgreedError(
        `"${label}" is not stored here, and you have not agreed to fetch it from ${host}. Run again and agree, or choose another source.`,
      );
  };
  const remoteOf = (record: ModelRecord, path: string): RemoteFile => ({
    ...credentials,
    name: path === "" ? fileName(record.base) : path,
    url: path === "" ? record.base : `${record.base}/${path.split("/").map(encodeURIComponent).join("/")}`,
  });

  /** What is known of this place; asks the Hub once, and never again for what is stored. */
  const known = async (signal: AbortSignal | undefined): Promise<ModelRecord> => {
    const stored = files ? await readRecord(files, folder, name) : unstored.get(name);
    if (stored) return stored;
    assertAgreed();
    const listed = await retrying(policy, signal, () =>
      look(reference, options.endpoint, credentials, signal),
    );
    const fresh: ModelRecord = {
      format: 1,
      reference: name,
      host,
      ...listed,
      absent: [],
      pinned: false,
      created: Date.now(),
      lastUsed: Date.now(),
    };
    if (!files) unstored.set(name, fresh);
    return files ? updateRecord(files, folder, (there) => there ?? fresh) : fresh;
  };

  /** Probes a file of a place that has no list; undefined, and remembered, if it is not there. */
  const find = async (
    record: ModelRecord,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<Probe | undefined> => {
    try {
      return await probe(remoteOf(record, path), policy, signal);
    } catch (error) {
      if (!(error instanceof FetchError) || error.fault !== "missing") throw error;
      const add = (there: ModelRecord | undefined): ModelRecord => {
        const latest = there ?? record;
        return { ...latest, absent: [...new Set([...latest.absent, path])] };
      };
      if (files) await updateRecord(files, folder, add);
      else unstored.set(name, add(unstored.get(name)));
      return undefined;
    }
  };

  const open = async (path: string, download: DownloadOptions = {}): Promise<ByteSource | undefined> => {
    const { signal } = download;
    if (path !== "") checkPath(path);
    const record = await known(signal);
    const remote = remoteOf(record, path);
    const stored = path === "" ? storedName(record.base) : path;
    const manifest = files && (await readManifest(files, folder, stored));
    if (files && manifest?.complete && (await files.size(bodyPath(folder, stored))) === manifest.size) {
      await touch(files, record);
      return storedFile(files, remote.name, bodyPath(folder, stored), manifest.size ?? 0);
    }
    const listed = record.listing?.find((file) => file.path === path);
    if (record.absent.includes(path) || (record.listing && !listed)) return undefined;
    assertAgreed();
    const probed = listed ? undefined : await find(record, path, signal);
    const size = listed?.size ?? probed?.size;
    if (size === undefined) return undefined;
    const sha256 = listed?.sha256;
    return lazyFile({
      target: files
        ? {
            files,
            folder,
            path: stored,
            remote,
            ...(listed && { size }),
            ...(sha256 !== undefined && { sha256 }),
          }
        : { files, path: stored, remote },
      size,
      ...(probed && { probed }),
      policy,
      whenFull,
      download,
    });
  };

  const touch = async (store: StoreFiles, { lastUsed }: ModelRecord): Promise<void> => {
    const now = Date.now();
    if (now - lastUsed < TOUCH_MS) return;
    await updateRecord(store, folder, (there) => there && { ...there, lastUsed: now });
  };

  return {
    label,
    open,
    list: async () => (await known(undefined)).listing?.map(({ path }) => path),
    identity: async () => {
      const { base, commit, created } = await known(undefined);
      // A commit says it all. A plain address may hold another file tomorrow, which is seen when it is fetched anew.
      return commit ? base : `${base} ${String(created)}`;
    },
  };
}

async function look(
  reference: RemoteRef,
  endpoint: string,
  credentials: Omit<RemoteFile, "name" | "url">,
  signal: AbortSignal | undefined,
): Promise<Pick<ModelRecord, "base" | "commit" | "listing">> {
  if (reference.kind === "https") return { base: reference.url.replace(/\/+$/, "") };
  const { repo, revision } = reference;
  try {
    const { commit, files } = await listHubRepo({ endpoint, repo, revision }, credentials, signal);
    return { base: hubBase({ endpoint, repo, revision: commit }), commit, listing: files };
  } catch (error) {
    // A mirror may serve files and nothing else.
    if (error instanceof FetchError && error.fault === "missing" && !error.isWholePlace)
      return { base: hubBase({ endpoint, repo, revision }) };
    throw error;
  }
}

function storedFile(files: StoreFiles, name: string, path: string, size: number): ByteSource {
  return { name, size, read: (offset, length) => files.read(path, offset, length) };
}

function fileName(url: string): string {
  const last = new URL(url).pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last) || "file";
  } catch {
    return last;
  }
}

/** A name for the one file of an `https://` reference that every file system takes. */
const storedName = (url: string): string =>
  fileName(url)
    .replaceAll(/[^\w.-]/g, "_")
    .slice(-120) || "file";
