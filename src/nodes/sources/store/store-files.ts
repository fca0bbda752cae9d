/** There is no room for more; what was written up to the last flush stays. */
export class NoRoomError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NoRoomError";
  }
}

/** Appends to a body. After a crash what came before the last `flush` is there. */
export interface BodyWriter {
  /** @throws NoRoomError */
  write(bytes: Uint8Array): Promise<void>;
  /** @throws NoRoomError */
  flush(): Promise<void>;
  /** Forgets all bytes. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A running SHA-256. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** In hexadecimal. */
  digest(): string;
}

export interface Room {
  /** Bytes that may still be written. */
  readonly free: number;
  /** Bytes in use, the store's and others'. */
  readonly used: number;
  readonly total: number;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called now and then while another window or process holds the lock. */
  readonly onWait?: () => void;
}

/**
 * What the store of models needs of a disk: the cache folder in Node, the origin-private file system in a page. Paths are relative,
 * with `/`, and have been checked.
 */
export interface StoreFiles {
  /** Where it is, in words. */
  readonly place: string;
  /** Names of the folders at the top. */
  folders(): Promise<readonly string[]>;
  /** Names of the files in a folder and below, with `/`; empty if there is no such folder. */
  files(folder: string): Promise<readonly string[]>;
  /** Undefined if it is not there or was cut off while it was written. */
  readJson(path: string): Promise<unknown>;
  /** Whole or not at all. @throws NoRoomError */
  writeJson(path: string, value: unknown): Promise<void>;
  size(path: string): Promise<number | undefined>;
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Opens a body to append to, cut to its first `keep` bytes. */
  write(path: string, keep: number): Promise<BodyWriter>;
  /** Removes a file or a folder with all in it; nothing happens if it is not there. */
  remove(path: string): Promise<void>;
  /** Undefined where the platform does not say. */
  room(): Promise<Room | undefined>;
  sha256(): Promise<Sha256>;
  /** Runs `work` while no other window or process holds the lock `name`. */
  withLock<T>(name: string, options: LockOptions, work: () => Promise<T>): Promise<T>;
}

/**
 * Checks a path that may come from a file somebody else wrote (the index of a sharded model names files).
 * @throws Error that names the path.
 */
export function checkPath(path: string): string {
  const parts = path.split("/");
  const isOdd = (part: string): boolean =>
    part === "" ||
    part === "." ||
    part === ".." ||
    /[\\:*?"<>|\u0000-\u001f]/.test(part) ||
    part.length > 200;
  if (parts.length > 12 || parts.some(isOdd))
    throw new Error(`"${path}" is not a path that a model's file may have.`);
  return path;
}
