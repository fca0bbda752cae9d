import { collectStream, type FileStream } from "../../diffusion/weights/safetensors-stream.ts";
import type { ByteSource } from "../../diffusion/weights/byte-source.ts";
import type { RunContext } from "../../engine/node/define-node.ts";
import { download, type DownloadOptions } from "./http.ts";
import { parseSourceRef } from "./source-ref.ts";

/** A folder of a model or of data, wherever it is. */
export interface SourceFolder {
  /** The reference, as the person wrote it. */
  readonly label: string;
  /** @returns undefined if there is no such file. */
  open(path: string, options?: DownloadOptions): Promise<ByteSource | undefined>;
  /** Names of the files, where the place can be listed; undefined over plain HTTP. */
  list(): Promise<readonly string[] | undefined>;
  /** Changes whenever the content may have; part of the cache key of a node that loads from here. */
  identity(): Promise<string>;
}

/** What the host offers to nodes that load. */
export interface Sources {
  /** @throws Error that names the reference, if it is malformed or cannot be reached from this host. */
  folder(reference: string): SourceFolder;
}

/** What the host offers to nodes that save. A write is whole or not at all. */
export interface FileSink {
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Writes a file piece by piece, so that no more than one piece is in memory. Absent where the host takes whole files only. */
  stream?(path: string, file: FileStream): Promise<void>;
}

/** Writes a file that is made piece by piece. */
export const writeStream = async (files: FileSink, path: string, file: FileStream): Promise<void> =>
  files.stream ? files.stream(path, file) : files.write(path, await collectStream(file));

export interface Services extends Readonly<Record<string, unknown>> {
  readonly sources: Sources;
  readonly files: FileSink;
}

/** The host's services, typed. */
export function servicesOf(context: RunContext): Services {
  return context.services as Services;
}

/** Lets a node's downloads report to it and stop with it. */
export function downloadOptions(context: RunContext): DownloadOptions {
  return {
    signal: context.signal,
    progress: (done, total, note) => {
      context.progress(done, total, note);
    },
    warn: (message) => {
      context.warn(message);
    },
  };
}

/** Where the Hub's files are; `HF_ENDPOINT` names a mirror, as for `huggingface_hub`. */
export const HUB = "https://huggingface.co";

/**
 * A folder beside the page itself: what ships with it. It is not kept in the store; the browser's cache serves it. A server of plain
 * files cannot list it: a folder of pictures names them in its own `files.json`.
 */
export function siteFolder(label: string, base: string): SourceFolder {
  const open: SourceFolder["open"] = async (path, options) => {
    const url = path === "" ? base : `${base}/${path.split("/").map(encodeURIComponent).join("/")}`;
    return (await download(url, options))?.source;
  };
  return {
    label,
    open,
    list: async () => {
      const names = await open("files.json");
      return names && (JSON.parse(new TextDecoder().decode(await names.read(0, names.size))) as string[]);
    },
    identity: () => Promise.resolve(base),
  };
}

/** @throws Error that names the file and the folder, and lists what is there where that is known. */
export async function openRequired(
  folder: SourceFolder,
  path: string,
  options?: DownloadOptions,
): Promise<ByteSource> {
  const found = await folder.open(path, options);
  if (found) return found;
  const names = await folder.list();
  const there =
    names && names.length > 0
      ? ` It holds: ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}.`
      : "";
  throw new Error(`"${folder.label}" has no file "${path}".${there}`);
}

export { parseSourceRef };
