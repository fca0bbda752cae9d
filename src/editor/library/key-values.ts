import { createStore, promisifyRequest } from "idb-keyval";
import type { UseStore } from "idb-keyval";

/** What one change of the database puts and takes away: all of it or nothing. */
export interface Change {
  readonly put?: readonly (readonly [key: string, value: unknown])[];
  readonly remove?: readonly string[];
}

/** A small database of records by name. */
export interface KeyValues {
  keys(): Promise<string[]>;
  get<T>(key: string): Promise<T | undefined>;
  getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]>;
  write(change: Change): Promise<void>;
  /**
   * Reads one record and changes the database by what it holds, in one transaction: nobody writes in between.
   *
   * @param decide is synchronous; when it throws, nothing is changed and the error is handed on
   */
  decide<T>(key: string, decide: (value: T | undefined) => Change): Promise<void>;
}

/** Records in IndexedDB. Every call is one transaction; a connection that the browser closed is opened again. */
export function databaseKeyValues(name: string): KeyValues {
  let store = createStore(name, "records");
  const use: UseStore = async (mode, callback) => {
    try {
      return await store(mode, callback);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
      store = createStore(name, "records");
      return store(mode, callback);
    }
  };
  const apply = (records: IDBObjectStore, { put = [], remove = [] }: Change): void => {
    for (const [key, value] of put) records.put(value, key);
    for (const key of remove) records.delete(key);
  };
  return {
    keys: () =>
      use("readonly", async (records) => (await promisifyRequest(records.getAllKeys())).map(String)),
    get: <T>(key: string) => use("readonly", (records) => promisifyRequest<T | undefined>(records.get(key))),
    getMany: <T>(keys: readonly string[]) =>
      use("readonly", (records) =>
        Promise.all(keys.map((key) => promisifyRequest<T | undefined>(records.get(key)))),
      ),
    write: (change) =>
      use("readwrite", (records) => {
        apply(records, change);
        return promisifyRequest(records.transaction);
      }),
    decide: <T>(key: string, decide: (value: T | undefined) => Change) =>
      use("readwrite", (records) => {
        let refusal: unknown;
        const { transaction } = records;
        const request: IDBRequest<T | undefined> = records.get(key);
        request.onsuccess = () => {
          try {
            apply(records, decide(request.result));
          } catch (error) {
            refusal = error;
            transaction.abort();
          }
        };
        return promisifyRequest(transaction).catch((error: unknown) => {
          throw refusal ?? error ?? new Error("The browser stopped the write.");
        });
      }),
  };
}

/** Records that live as long as the page: where the browser keeps nothing, and in tests. */
export function memoryKeyValues(records = new Map<string, unknown>()): KeyValues {
  const apply = ({ put = [], remove = [] }: Change): void => {
    for (const [key, value] of put) records.set(key, structuredClone(value));
    for (const key of remove) records.delete(key);
  };
  const read = <T>(key: string): T | undefined => structuredClone(records.get(key)) as T | undefined;
  return {
    keys: () => Promise.resolve([...records.keys()].sort()),
    get: (key) => Promise.resolve(read(key)),
    getMany: (keys) => Promise.resolve(keys.map((key) => read(key))),
    write: (change) => Promise.resolve(apply(change)),
    decide: async (key, decide) => {
      apply(await Promise.resolve(decide(read(key))));
    },
  };
}

export interface Storage {
  readonly records: KeyValues;
  /** Why nothing is kept beyond this page, in words; undefined where all is well. */
  readonly denied?: string;
}

/** Opens a database, or one in memory where the browser refuses: a private window, or a setting. */
export async function openStorage(name: string): Promise<Storage> {
  try {
    const records = databaseKeyValues(name);
    // Some browsers open a database in a private window and refuse the first write.
    await records.write({ put: [["probe", 1]], remove: ["probe"] });
    return { records };
  } catch (error) {
    // A full disk is no refusal: what is kept can be read, and each write says for itself that it failed.
    if (isFull(error)) return { records: databaseKeyValues(name) };
    return {
      records: memoryKeyValues(),
      denied:
        "This browser keeps nothing for this page, as in a private window. Save as a file what you want to keep.",
    };
  }
}

/** Whether a write failed because there is no room. */
export const isFull = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "QuotaExceededError";
