import { createSHA256 } from "hash-wasm";
import { NoRoomError, type BodyWriter, type LockOptions, type StoreFiles } from "./store-files.ts";

const TOP = "models";

type Folder = FileSystemDirectoryHandle;
/** Safari before 26 writes through access handles only; browsers without workers' file access lack those. */
type SyncFile = Omit<FileSystemFileHandle, "createWritable" | "createSyncAccessHandle"> &
  Partial<Pick<FileSystemFileHandle, "createWritable" | "createSyncAccessHandle">>;

/** Whether this browser, in this window, has a place for models. */
export const hasOpfs = (): boolean =>
  typeof navigator !== "undefined" && typeof navigator.storage?.getDirectory === "function";

/**
 * The store's files in the origin-private file system. Bodies can be written in a worker only: there alone a file can be
 * appended to without being copied first.
 */
export function opfsStoreFiles(): StoreFiles {
  const top = async (create: boolean): Promise<Folder | undefined> => {
    const root = await navigator.storage.getDirectory();
    return orMissing(root.getDirectoryHandle(TOP, { create }));
  };
  const folderOf = async (parts: readonly string[], create = false): Promise<Folder | undefined> => {
    let folder = await top(create);
    for (const part of parts)
      folder = folder && (await orMissing(folder.getDirectoryHandle(part, { create })));
    return folder;
  };
  const handleOf = async (path: string, create = false): Promise<SyncFile | undefined> => {
    const parts = path.split("/");
    const folder = await folderOf(parts.slice(0, -1), create);
    return folder && (await orMissing(folder.getFileHandle(parts.at(-1) ?? "", { create })));
  };
  const fileOf = async (path: string): Promise<File | undefined> => (await handleOf(path))?.getFile();

  return {
    place: "this browser",
    folders: async () => {
      const names: string[] = [];
      for await (const [name, handle] of (await top(false))?.entries() ?? [])
        if (handle.kind === "directory") names.push(name);
      return names;
    },
    files: async (path) => {
      const names: string[] = [];
      const walk = async (folder: Folder | undefined, prefix: string): Promise<void> => {
        for await (const [name, handle] of folder?.entries() ?? []) {
          if (handle.kind === "file") names.push(`${prefix}${name}`);
          else await walk(handle, `${prefix}${name}/`);
        }
      };
      await walk(await folderOf(path.split("/")), "");
      return names;
    },
    readJson: async (path) => {
      const text = (await (await fileOf(path))?.text()) ?? "";
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return undefined;
      }
    },
    writeJson: async (path, value) => {
      const handle = await handleOf(path, true);
      if (!handle) throw new Error(`"${path}" could not be made.`);
      const text = new TextEncoder().encode(JSON.stringify(value));
      await explaining(() => writeWhole(handle, text));
    },
    size: async (path) => (await fileOf(path))?.size,
    read: async (path, offset, length) => {
      const file = await fileOf(path);
      if (!file) throw new Error(`"${path}" is not stored any more.`);
      return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    },
    write: async (path, keep) => {
      const handle = await handleOf(path, true);
      if (!handle?.createSyncAccessHandle)
        throw new Error("Models can be stored from a worker only, in a browser that has file access there.");
      return openBody(await handle.createSyncAccessHandle(), keep);
    },
    remove: async (path) => {
      const parts = path.split("/");
      const folder = await folderOf(parts.slice(0, -1));
      await (folder && orMissing(folder.removeEntry(parts.at(-1) ?? "", { recursive: true })));
    },
    room: async () => {
      const { usage, quota } = await navigator.storage.estimate();
      if (usage === undefined || quota === undefined) return undefined;
      return { free: Math.max(0, quota - usage), used: usage, total: quota };
    },
    sha256: async () => {
      const hash = await createSHA256();
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
    },
    withLock,
  };
}

async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (
      error instanceof DOMException &&
      (error.name === "NotFoundError" || error.name === "TypeMismatchError")
    )
      return undefined;
    throw error;
  }
}

/** A writable stream fills a file of its own and puts it in the old one's place when it is closed. */
async function writeWhole(handle: SyncFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  // Without such a stream: a text that a crash cut off is no JSON, and then counts as absent.
  if (typeof handle.createWritable !== "function") {
    const access = await handle.createSyncAccessHandle?.();
    if (!access) throw new Error("This browser cannot write to its file system.");
    access.truncate(0);
    access.write(bytes, { at: 0 });
    access.flush();
    access.close();
    return;
  }
  const stream = await handle.createWritable();
  try {
    await stream.write(bytes);
    await stream.close();
  } catch (cause) {
    await stream.abort().catch(() => undefined);
    throw cause;
  }
}

function openBody(access: FileSystemSyncAccessHandle, keep: number): BodyWriter {
  let end = keep;
  access.truncate(keep);
  return {
    write: (bytes) =>
      explaining(() => {
        const written = access.write(bytes, { at: end });
        if (written < bytes.byteLength)
          throw new DOMException("Only a part was written.", "QuotaExceededError");
        end += written;
      }),
    flush: () =>
      explaining(() => {
        access.flush();
      }),
    restart: () => {
      access.truncate(0);
      end = 0;
      return Promise.resolve();
    },
    close: () => {
      access.close();
      return Promise.resolve();
    },
  };
}

async function withLock<T>(
  name: string,
  { signal, onWait }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const waiting = setInterval(() => onWait?.(), 500);
  try {
    return (await navigator.locks.request(`latent-loom:${name}`, signal ? { signal } : {}, () => {
      clearInterval(waiting);
      return work();
    })) as T;
  } finally {
    clearInterval(waiting);
  }
}

async function explaining<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "QuotaExceededError") {
      throw new NoRoomError(
        "This browser has no room left for models. Delete some under Models, or free room on the disk, and run again: it goes on from there.",
        { cause },
      );
    }
    throw cause;
  }
}
