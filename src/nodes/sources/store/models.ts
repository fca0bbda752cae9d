import {
  bodyPath,
  folderName,
  readManifest,
  readRecord,
  updateRecord,
  type FileManifest,
  type ModelRecord,
} from "./records.ts";
import type { StoreFiles } from "./store-files.ts";

/** One file of a stored model, as far as it is there. */
export interface StoredFile {
  readonly path: string;
  readonly written: number;
  readonly size: number | undefined;
  readonly complete: boolean;
}

/** A model in the store. */
export interface StoredModel {
  readonly reference: string;
  readonly host: string;
  readonly commit?: string;
  readonly pinned: boolean;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
  /** Bytes that are there. */
  readonly bytes: number;
  readonly files: readonly StoredFile[];
  /** Whether a file of it is there in part only; a run, or fetching it again, goes on from there. */
  readonly partial: boolean;
}

const REHASH_BYTES = 4 * 2 ** 20;

async function manifestsOf(files: StoreFiles, folder: string): Promise<FileManifest[]> {
  const names = await files.files(`${folder}/manifests`);
  const manifests = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map((name) => readManifest(files, folder, name.replace(/\.json$/, ""))),
  );
  return manifests.filter((manifest) => manifest !== undefined);
}

async function modelIn(files: StoreFiles, folder: string): Promise<StoredModel | undefined> {
  const record = await readRecord(files, folder);
  if (!record) return undefined;
  const manifests = await manifestsOf(files, folder);
  const stored = manifests
    .map(({ path, written, size, complete }) => ({ path, written, size, complete }))
    .sort((a, b) => a.path.localeCompare(b.path));
  return {
    reference: record.reference,
    host: record.host,
    ...(record.commit !== undefined && { commit: record.commit }),
    pinned: record.pinned,
    lastUsed: record.lastUsed,
    bytes: stored.reduce((sum, { written }) => sum + written, 0),
    files: stored,
    partial: stored.some(({ complete }) => !complete),
  };
}

/** What is stored, the last used first. A folder that cannot be read is left out: it is not ours. */
export async function listModels(files: StoreFiles): Promise<StoredModel[]> {
  const folders = await files.folders();
  const models = await Promise.all(folders.map((folder) => modelIn(files, folder).catch(() => undefined)));
  return models.filter((model) => model !== undefined).sort((a, b) => b.lastUsed - a.lastUsed);
}

/** @returns undefined if nothing of it is stored. */
export const findModel = (files: StoreFiles, reference: string): Promise<StoredModel | undefined> =>
  modelIn(files, folderName(reference));

/** @throws Error if it is not stored. */
export async function setPinned(files: StoreFiles, reference: string, pinned: boolean): Promise<void> {
  const change = (record: ModelRecord | undefined): ModelRecord => {
    if (!record) throw new Error(`"${reference}" is not stored.`);
    return { ...record, pinned };
  };
  await updateRecord(files, folderName(reference), change);
}

/**
 * Removes a model with all its files. The record goes first: what a power cut leaves behind is then no model.
 * @returns Bytes that became free. @throws Error if it is not stored, or is pinned and `evenPinned` is not given.
 */
export async function removeModel(
  files: StoreFiles,
  reference: string,
  { evenPinned = false }: { readonly evenPinned?: boolean } = {},
): Promise<number> {
  const folder = folderName(reference);
  return files.withLock(`${folder}+record`, {}, async () => {
    const model = await modelIn(files, folder);
    if (!model) throw new Error(`"${reference}" is not stored.`);
    if (model.pinned && !evenPinned) throw new Error(`"${reference}" is pinned. Unpin it first.`);
    await files.remove(`${folder}/model.json`);
    await files.remove(folder);
    return model.bytes;
  });
}

/** What is wrong with a stored file. */
export interface StoredFault {
  readonly path: string;
  readonly fault: string;
}

/**
 * Checks every file of a stored model: its length, and its SHA-256 where the Hub told it. A damaged file loses its manifest, so
 * that the next run fetches it anew.
 */
export async function checkModel(
  files: StoreFiles,
  reference: string,
  options: {
    readonly signal?: AbortSignal;
    readonly progress?: (done: number, total: number, path: string) => void;
  } = {},
): Promise<StoredFault[]> {
  const folder = folderName(reference);
  const manifests = await manifestsOf(files, folder);
  const total = manifests.reduce((sum, { size = 0, complete }) => sum + (complete ? size : 0), 0);
  const faults: StoredFault[] = [];
  let done = 0;
  for (const { path, size = 0, sha256, complete, written } of manifests) {
    if (!complete) {
      faults.push({ path, fault: `is there in part only: ${String(written)} bytes` });
      continue;
    }
    const fault = await checkFile(path, size, sha256);
    done += size;
    if (!fault) continue;
    faults.push({ path, fault });
    await files.remove(`${folder}/manifests/${path}.json`);
  }
  return faults;

  async function checkFile(
    path: string,
    size: number,
    sha256: string | undefined,
  ): Promise<string | undefined> {
    const body = bodyPath(folder, path);
    const there = await files.size(body);
    if (there === undefined) return "is gone";
    if (there !== size) return `has ${String(there)} bytes, not ${String(size)}`;
    if (sha256 === undefined) return undefined;
    const hash = await files.sha256();
    for (let at = 0; at < size; at += REHASH_BYTES) {
      options.signal?.throwIfAborted();
      hash.update(await files.read(body, at, Math.min(REHASH_BYTES, size - at)));
      options.progress?.(done + at, total, path);
    }
    return hash.digest() === sha256 ? undefined : "is damaged: its SHA-256 is not what the Hub says";
  }
}
