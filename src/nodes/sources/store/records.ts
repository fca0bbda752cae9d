import { hashText } from "../../../engine/run/hash.ts";
import type { ListedFile } from "../remote/hub.ts";
import { checkPath, type StoreFiles } from "./store-files.ts";

/** How far the body of one stored file is to be trusted. Written after the bytes that it vouches for. */
export interface FileManifest {
  readonly path: string;
  readonly url: string;
  /** Etag, or date; empty if the server gives neither. A body of another version is never continued. */
  readonly version: string;
  readonly size?: number;
  readonly sha256?: string;
  /** Bytes from the start that are safely there. */
  readonly written: number;
  /** All bytes are there, and their number and, where it is known, their SHA-256 are right. */
  readonly complete: boolean;
}

/** What is known of one model (or other remote folder or file), beside its files. */
export interface ModelRecord {
  readonly format: 1;
  /** The reference as graphs hold it, with the revision. */
  readonly reference: string;
  readonly host: string;
  /** What the paths are appended to. On the Hub it holds the commit, so that all files are of one. */
  readonly base: string;
  readonly commit?: string;
  /** What is there, from the Hub; absent where a place cannot be listed. */
  readonly listing?: readonly ListedFile[];
  /** Paths that are known not to be there, where there is no listing. */
  readonly absent: readonly string[];
  /** Kept when room is made. */
  readonly pinned: boolean;
  /** When it was first asked for; milliseconds since 1970. */
  readonly created: number;
  readonly lastUsed: number;
}

const FORMAT = 1;

/** The folder of a model: readable, safe on every file system, and different for every reference. */
export function folderName(reference: string): string {
  const readable = reference
    .replace(/^https?:\/\//, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "+")
    .slice(0, 100);
  return `${readable}-${hashText(reference).slice(0, 12)}`;
}

export const bodyPath = (folder: string, path: string): string => `${folder}/files/${checkPath(path)}`;
export const manifestPath = (folder: string, path: string): string =>
  `${folder}/manifests/${checkPath(path)}.json`;
const recordPath = (folder: string): string => `${folder}/model.json`;

export async function readManifest(
  files: StoreFiles,
  folder: string,
  path: string,
): Promise<FileManifest | undefined> {
  const json = (await files.readJson(manifestPath(folder, path))) as Partial<FileManifest> | undefined;
  const isWhole =
    typeof json?.written === "number" && typeof json.url === "string" && typeof json.version === "string";
  return isWhole ? (json as FileManifest) : undefined;
}

export const writeManifest = (files: StoreFiles, folder: string, manifest: FileManifest): Promise<void> =>
  files.writeJson(manifestPath(folder, manifest.path), manifest);

/** @throws Error if the folder belongs to another reference, or was written by a newer version. */
export async function readRecord(
  files: StoreFiles,
  folder: string,
  reference?: string,
): Promise<ModelRecord | undefined> {
  const json = (await files.readJson(recordPath(folder))) as Partial<ModelRecord> | undefined;
  if (typeof json?.reference !== "string" || typeof json.base !== "string") return undefined;
  if ((json.format as number) !== FORMAT)
    throw new Error(`"${json.reference}" in ${files.place} was stored by a newer version of Latent Loom.`);
  if (reference !== undefined && json.reference !== reference)
    throw new Error(`"${reference}" and "${json.reference}" have the same place in ${files.place}.`);
  return json as ModelRecord;
}

/** Changes a record while no one else does; undefined leaves it away. */
export function updateRecord<T extends ModelRecord | undefined>(
  files: StoreFiles,
  folder: string,
  change: (record: ModelRecord | undefined) => T,
): Promise<T> {
  return files.withLock(`${folder}+record`, {}, async () => {
    const before = await readRecord(files, folder);
    const after = change(before);
    if (after && after !== before) await files.writeJson(recordPath(folder), after);
    return after;
  });
}
