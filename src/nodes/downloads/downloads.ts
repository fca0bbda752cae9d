import { probe } from "../sources/remote/lazy-file.ts";
import { hostOf } from "../sources/remote/request.ts";
import { PATIENT } from "../sources/remote/retry.ts";
import { remoteFolders, type RemoteOptions } from "../sources/remote/remote-folder.ts";
import { folderName, readManifest, readRecord } from "../sources/store/records.ts";
import type { DownloadOptions } from "../sources/http.ts";
import { neededFiles } from "./needed-files.ts";
import type { RemoteNeed } from "./needs.ts";

/** What a run would fetch from one place. Sizes are unknown until the place was asked. */
export interface Download {
  readonly name: string;
  readonly host: string;
  /** Absent before the place was asked, or when it cannot say. */
  readonly files?: readonly WantedFile[];
}

export interface WantedFile {
  readonly path: string;
  readonly size: number;
  /** Bytes that an earlier run has left. */
  readonly stored: number;
  readonly complete: boolean;
}

/** Bytes that are still to be fetched; undefined if a size is not known. */
export function missingBytes(downloads: readonly Download[]): number | undefined {
  let sum = 0;
  for (const { files } of downloads) {
    if (!files) return undefined;
    for (const { size, stored } of files) sum += size - stored;
  }
  return sum;
}

const hostOfNeed = ({ reference }: RemoteNeed, endpoint: string): string =>
  hostOf(reference.kind === "hf" ? endpoint : reference.url);

/** What is not wholly stored of what a graph needs. Looks at the store alone. */
export async function pendingDownloads(
  needs: readonly RemoteNeed[],
  options: RemoteOptions,
): Promise<Download[]> {
  const { files, endpoint } = options;
  const pending: Download[] = [];
  for (const need of needs) {
    const host = hostOfNeed(need, endpoint);
    const record = files && (await readRecord(files, folderName(need.name)));
    const wanted = record && files ? await wantedFiles(need, options, undefined) : undefined;
    if (!wanted) pending.push({ name: need.name, host });
    else if (wanted.some(({ complete }) => !complete)) pending.push({ name: need.name, host, files: wanted });
  }
  return pending;
}

/** Asks the places themselves how much it is. The person has agreed that they are asked. */
export async function measureDownloads(
  needs: readonly RemoteNeed[],
  options: RemoteOptions,
  signal?: AbortSignal,
): Promise<Download[]> {
  const measured: Download[] = [];
  for (const need of needs) {
    const files = await wantedFiles(need, options, { signal });
    measured.push({ name: need.name, host: hostOfNeed(need, options.endpoint), ...(files && { files }) });
  }
  return measured;
}

/** Files of a place with their sizes. @param ask Absent: from what is stored alone. */
async function wantedFiles(
  need: RemoteNeed,
  options: RemoteOptions,
  ask: { readonly signal: AbortSignal | undefined } | undefined,
): Promise<WantedFile[] | undefined> {
  const { files } = options;
  const folder = folderName(need.name);
  if (ask) await remoteFolders(options)(need.name, need.reference).list();
  const record = files ? await readRecord(files, folder) : undefined;
  const wanted = async (path: string, size: number): Promise<WantedFile> => {
    const manifest = files && (await readManifest(files, folder, path));
    return { path, size, stored: manifest?.written ?? 0, complete: manifest?.complete ?? false };
  };
  if (record?.listing) {
    const sizes = new Map(record.listing.map(({ path, size }) => [path, size]));
    const paths = need.readers.flatMap(({ type, param, params }) =>
      neededFiles(sizes.keys(), type, param, params),
    );
    return Promise.all([...new Set(paths)].map((path) => wanted(path, sizes.get(path) ?? 0)));
  }
  if (need.reference.kind === "hf") return undefined;
  // A place that lists nothing: what is stored of it says how much it was, else the first bytes of its one file do.
  const names = files ? await files.files(`${folder}/manifests`) : [];
  const stored = await Promise.all(
    names.map(async (name) => {
      const path = name.replace(/\.json$/, "");
      const manifest = files && (await readManifest(files, folder, path));
      return manifest?.size === undefined ? undefined : wanted(path, manifest.size);
    }),
  );
  if (stored.length > 0 && !stored.includes(undefined)) return stored.filter((file) => file !== undefined);
  if (!ask || !/\.\w+$/.test(new URL(need.reference.url).pathname)) return undefined;
  const name = new URL(need.reference.url).pathname.split("/").at(-1) ?? "";
  const { size } = await probe({ name, url: need.reference.url }, options.policy ?? PATIENT, ask.signal);
  return [{ path: name, size, stored: 0, complete: false }];
}

/** Fetches all that is needed of one place into the store. @throws as the loaders do. */
export async function fetchDownload(
  need: RemoteNeed,
  { files }: Download,
  options: RemoteOptions,
  download: DownloadOptions,
): Promise<void> {
  const folder = remoteFolders(options)(need.name, need.reference);
  const isOneFile = need.reference.kind === "https";
  const paths = isOneFile ? [""] : (files ?? []).map(({ path }) => path);
  const total = (files ?? []).reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const path of paths) {
    download.signal?.throwIfAborted();
    const file = await folder.open(path, {
      ...download,
      progress: (done, size, note) => download.progress?.(before + done, Math.max(total, size), note),
    });
    await file?.prepare?.();
    before += file?.size ?? 0;
    download.progress?.(before, Math.max(total, before), path);
  }
}
