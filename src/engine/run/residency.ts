import type { RunContext } from "../node/define-node.ts";
import type { Resident } from "../node/resident.ts";
import type { RunEvent } from "./events.ts";

/** What a node is about to use. */
export interface MemoryNeed {
  readonly node: string;
  readonly title: string;
  /** What it reads. */
  readonly residents: readonly Resident[];
  /** Bytes that it needs beside them while it runs, as far as its definition can tell. */
  readonly workingBytes: number;
}

/** Where the need arises. */
export interface MemoryScene {
  /** What later steps of the run read, this one included where it stands in a loop. Asked for only when room is short. */
  readLater(): ReadonlySet<Resident>;
  readonly context: RunContext;
  emit(event: RunEvent): void;
  /** Gives the memory of what was unloaded back to the system. */
  trim(): void;
}

/**
 * Keeps what is loaded within a budget. Hand the same one to each run: what is loaded stays loaded from run to run, until
 * something else needs the room.
 */
export class Residency {
  /** Bytes that loaded things and the node that runs may take together; undefined for no limit. */
  budgetBytes: number | undefined;
  /** In the order of their last use. */
  readonly #loaded = new Set<Resident>();
  /** Nodes that were warned about since the last run began. */
  readonly #warned = new Set<string>();

  constructor(options: { readonly budgetBytes?: number | undefined } = {}) {
    this.budgetBytes = options.budgetBytes;
  }

  /** Bytes of what is loaded. */
  get bytes(): number {
    this.#prune();
    return sum(this.#loaded);
  }

  /** What is loaded, in the order of its last use. */
  get loaded(): readonly Resident[] {
    this.#prune();
    return [...this.#loaded];
  }

  /** A new run begins: it may warn again. */
  beginRun(): void {
    this.#warned.clear();
  }

  /** Unloads everything. It can be loaded again. */
  clear(): void {
    for (const resident of this.#loaded) resident.unload();
    this.#loaded.clear();
  }

  /** Makes room for a node and loads what it reads. Answers at once where nothing has to be loaded. */
  acquire(need: MemoryNeed, scene: MemoryScene): void | Promise<void> {
    const missing = need.residents.filter((resident) => !resident.isLoaded);
    this.#makeRoom(need, missing, scene);
    for (const resident of need.residents) if (resident.isLoaded) this.#touch(resident);
    if (missing.length > 0) return this.#load(need, missing, scene);
  }

  async #load(need: MemoryNeed, missing: readonly Resident[], scene: MemoryScene): Promise<void> {
    for (const resident of missing) {
      const started = performance.now();
      await resident.load(scene.context);
      this.#touch(resident);
      const { label, bytes } = resident;
      const ms = performance.now() - started;
      scene.emit({ type: "memory", action: "loaded", node: need.node, label, bytes, ms });
    }
  }

  /** Unloads what the node does not read: first what no later step reads, then what was used longest ago. */
  #makeRoom(need: MemoryNeed, missing: readonly Resident[], scene: MemoryScene): void {
    const { budgetBytes } = this;
    if (budgetBytes === undefined) return;
    this.#prune();
    const wanted = need.workingBytes + sum(missing);
    let total = wanted + sum(this.#loaded);
    if (total <= budgetBytes) return;
    const idle = [...this.#loaded].filter((resident) => !need.residents.includes(resident));
    const later = idle.length > 0 ? scene.readLater() : new Set<Resident>();
    const order = [...idle.filter((one) => !later.has(one)), ...idle.filter((one) => later.has(one))];
    for (const resident of order) {
      if (total <= budgetBytes) break;
      resident.unload();
      this.#loaded.delete(resident);
      total -= resident.bytes;
      const { label, bytes } = resident;
      const reason =
        `${need.title} needs ${size(wanted + sum(need.residents) - sum(missing))} in all, and the budget is ${size(budgetBytes)}` +
        (later.has(resident) ? "; it will be loaded again" : "");
      scene.emit({ type: "memory", action: "unloaded", node: need.node, label, bytes, reason });
    }
    if (order.length > 0) scene.trim();
    if (total > budgetBytes && !this.#warned.has(need.node)) {
      this.#warned.add(need.node);
      const message =
        `It needs about ${size(total)} (models ${size(sum(need.residents))}, work ${size(need.workingBytes)}), more than the memory ` +
        `budget of ${size(budgetBytes)}. It is tried all the same; a smaller picture or batch, or a model in half precision, takes less.`;
      scene.emit({ type: "warning", node: need.node, message });
    }
  }

  #touch(resident: Resident): void {
    this.#loaded.delete(resident);
    this.#loaded.add(resident);
  }

  /** Forgets what was freed or unloaded by others. */
  #prune(): void {
    for (const resident of this.#loaded) if (!resident.isLoaded) this.#loaded.delete(resident);
  }
}

const sum = (residents: Iterable<Resident>): number =>
  [...residents].reduce((total, { bytes }) => total + bytes, 0);

/** Bytes for people: decimal, as file sizes are told. */
const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
