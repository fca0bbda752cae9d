import type { Preview } from "../node/define-node.ts";
import { hold, letGo, type Held } from "./ownership.ts";
import type { RunRecord } from "./keys.ts";

/** The results of one step. */
export interface CacheEntry {
  readonly key: string;
  /** By port; for a zone also by key of what was kept of its body. */
  readonly outputs: ReadonlyMap<string, Held>;
  readonly bytes: number;
  readonly previews: ReadonlyMap<string, Preview>;
}

/** Counted for each entry, so that entries without bytes cannot pile up for ever. */
const ENTRY_BYTES = 256;

/**
 * Results of earlier runs by key, within a budget in bytes: the least recently used go first. It also remembers what each
 * node last ran with, to say why it runs again. Hand the same cache to each run.
 */
export class RunCache {
  readonly budgetBytes: number;
  readonly #entries = new Map<string, CacheEntry>();
  readonly #records = new Map<string, RunRecord>();
  #bytes = 0;

  constructor(options: { budgetBytes: number }) {
    this.budgetBytes = options.budgetBytes;
  }

  /** Bytes that the entries hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** What is stored under a key, if it has all the outputs asked for; it is then the most recently used. */
  find(key: string, outputs: Iterable<string>): CacheEntry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    for (const name of outputs) if (!entry.outputs.has(name)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /**
   * Stores results, each with a reference of its own, and evicts others to stay within the budget. What is stored under the
   * key already stays: two zones of one key may have different parts of their bodies kept.
   */
  put(key: string, outputs: ReadonlyMap<string, Held>, previews: ReadonlyMap<string, Preview>): void {
    const old = this.#entries.get(key);
    const all = new Map([...(old?.outputs ?? []), ...outputs]);
    let bytes = ENTRY_BYTES;
    for (const { value, type } of all.values())
      bytes += value === undefined || isResident(value, type) ? 0 : (type?.bytes?.(value) ?? 0);
    if (bytes > this.budgetBytes) return;
    const held = new Map([...all].map(([name, { value, type }]) => [name, hold(value, type)]));
    if (old !== undefined) this.#drop(old);
    this.#entries.set(key, {
      key,
      outputs: held,
      bytes,
      previews: new Map([...(old?.previews ?? []), ...previews]),
    });
    this.#bytes += bytes;
    for (const entry of this.#entries.values()) {
      if (this.#bytes <= this.budgetBytes) break;
      this.#drop(entry);
    }
  }

  record(node: string): RunRecord | undefined {
    return this.#records.get(node);
  }

  remember(node: string, record: RunRecord): void {
    this.#records.set(node, record);
  }

  /** Frees every entry. Why nodes last ran is still known, so they will say `evicted`. */
  clear(): void {
    for (const entry of [...this.#entries.values()]) this.#drop(entry);
  }

  #drop(entry: CacheEntry): void {
    this.#entries.delete(entry.key);
    this.#bytes -= entry.bytes;
    for (const held of entry.outputs.values()) letGo(held);
  }
}

/** Whether the memory budget looks after the value: it is unloaded when its room is needed. */
const isResident = (value: unknown, type: Held["type"]): boolean =>
  (type?.residents?.(value).length ?? 0) > 0;

/** @param options.budgetBytes what results may hold together, as their socket types' `bytes` count it. */
export const createCache = (options: { budgetBytes: number }): RunCache => new RunCache(options);
