import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, sep } from "node:path";
import { lock } from "proper-lockfile";
import { pause } from "../remote/retry.ts";
import { NoRoomError, type BodyWriter, type LockOptions, type Room, type StoreFiles } from "./store-files.ts";

/** A lock that nobody has touched for so long was left by a process that died. */
const STALE_MS = 30_000;
const WAIT_MS = 250;

/**
 * Where models are kept: `LATENT_LOOM_CACHE`, else `latent-loom` in the user's cache folder (`LOCALAPPDATA` on Windows,
 * `XDG_CACHE_HOME` or `~/.cache` elsewhere; `~/Library/Caches` on a Mac).
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const own = env["LATENT_LOOM_CACHE"];
  if (own) return own;
  const home = homedir();
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "latent-loom");
  if (platform === "darwin") return join(home, "Library", "Caches", "latent-loom");
  return join(env["XDG_CACHE_HOME"] || join(home, ".cache"), "latent-loom");
}

/** The store's files in a folder of the disk. */
export function nodeStoreFiles(folder: string = cacheFolder()): StoreFiles {
  const models = join(folder, "models");
  const at = (path: string): string => join(models, ...path.split("/"));
  return {
    place: folder,
    folders: async () => {
      const entries = await readdir(models, { withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    },
    files: async (path) => {
      const entries = await readdir(at(path), { withFileTypes: true, recursive: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(at(path).length + 1)
            .split(sep)
            .join("/"),
        );
    },
    readJson: async (path) => {
      const text = await readFile(at(path), "utf8").catch(() => "");
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return undefined;
      }
    },
    writeJson: (path, value) => explaining(folder, () => writeWhole(at(path), JSON.stringify(value))),
    size: async (path) => (await stat(at(path)).catch(() => undefined))?.size,
    read: (path, offset, length) => readAt(at(path), offset, length),
    write: (path, keep) => explaining(folder, () => openBody(folder, at(path), keep)),
    remove: (path) => rm(at(path), { recursive: true, force: true }),
    room: () => roomAt(folder),
    sha256: () => {
      const hash = createHash("sha256");
      return Promise.resolve({
        update: (bytes) => void hash.update(bytes),
        digest: () => hash.digest("hex"),
      });
    },
    withLock: (name, options, work) => withLock(join(folder, "locks"), name, options, work),
  };
}

let temporaryNames = 0;

async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  temporaryNames += 1;
  const temporary = `${path}.${String(process.pid)}.${String(temporaryNames)}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}

async function readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await file.close();
  }
}

async function openBody(folder: string, path: string, keep: number): Promise<BodyWriter> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, keep === 0 ? "w" : "r+");
  await file.truncate(keep);
  let end = keep;
  return {
    write: (bytes) =>
      explaining(folder, async () => {
        let done = 0;
        while (done < bytes.byteLength) {
          const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, end);
          done += bytesWritten;
          end += bytesWritten;
        }
      }),
    flush: () => explaining(folder, () => file.datasync()),
    restart: async () => {
      await file.truncate(0);
      end = 0;
    },
    close: () => file.close(),
  };
}

async function roomAt(folder: string): Promise<Room | undefined> {
  // The folder may not be there yet; the disk is that of the first one above it that is.
  for (let path = folder; ; path = dirname(path)) {
    const found = await statfs(path).catch(() => undefined);
    if (found) {
      const { bsize, bavail, blocks, bfree } = found;
      return { free: bsize * bavail, used: bsize * (blocks - bfree), total: bsize * blocks };
    }
    if (dirname(path) === path) return undefined;
  }
}

async function withLock<T>(
  folder: string,
  name: string,
  { signal, onWait }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  for (;;) {
    signal?.throwIfAborted();
    const release = await lock(path, {
      realpath: false,
      lockfilePath: `${path}.lock`,
      stale: STALE_MS,
      update: STALE_MS / 6,
      // The default throws out of a timer. Two writers do no harm that the check at the end would not find.
      onCompromised: () => undefined,
    }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
      throw error;
    });
    if (release) {
      try {
        return await work();
      } finally {
        await release().catch(() => undefined);
      }
    }
    onWait?.();
    await pause(WAIT_MS, signal);
  }
}

/** Turns errors of the disk into ones that say what to do. */
async function explaining<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new NoRoomError(
        `The disk of ${folder} is full. Free some room (loom models remove), or name another folder in LATENT_LOOM_CACHE, and run again: it goes on from there.`,
        { cause },
      );
    }
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
      throw new Error(
        `No permission to write to ${folder}. Name another folder for models in LATENT_LOOM_CACHE.`,
        { cause },
      );
    }
    throw new Error(`The store of models in ${folder} cannot be written: ${message}`, { cause });
  }
}
