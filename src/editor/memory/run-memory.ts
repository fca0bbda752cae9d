import type { GraphDocument } from "../../engine/graph/document.ts";
import type { LiveEvent } from "../../nodes/live/live-session.ts";
import type { LoadedModel, MemoryClient, MemoryPlan } from "../worker/engine-client.ts";

/** Where the budget is kept from visit to visit; it belongs to this computer and not to a graph. */
const KEY = "latent-loom/memory-budget";

export type MemoryEvent = Extract<LiveEvent, { readonly type: "memory" }>;

/** The budget that the person set, what the open graph will need, what is loaded, and what the last run loaded and unloaded. */
export class RunMemory {
  readonly #client: MemoryClient | undefined;
  readonly #ready: () => Promise<void>;
  #budget: number | undefined = readBudget();
  #plan: MemoryPlan | undefined;
  #planned: GraphDocument | undefined;
  #fault = "";
  #loaded: readonly LoadedModel[] = [];
  #events: readonly MemoryEvent[] = [];
  readonly #listeners = new Set<() => void>();

  /** @param ready resolves when the engine has started. */
  constructor(client: MemoryClient | undefined, ready: () => Promise<void>) {
    this.#client = client;
    this.#ready = ready;
  }

  /** Bytes; undefined for no limit. */
  get budget(): number | undefined {
    return this.#budget;
  }

  /** What the graph will need that was asked about last. */
  get plan(): MemoryPlan | undefined {
    return this.#plan;
  }

  /** Why there is no plan, in words. */
  get fault(): string {
    return this.#fault;
  }

  /** Models in memory, as far as was heard. */
  get loaded(): readonly LoadedModel[] {
    return this.#loaded;
  }

  /** What the last run loaded and unloaded, in order. */
  get events(): readonly MemoryEvent[] {
    return this.#events;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes effect with the next run. @param bytes undefined for no limit. */
  setBudget(bytes: number | undefined): void {
    this.#budget = bytes;
    try {
      if (bytes === undefined) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, String(bytes));
    } catch {
      // A private window keeps nothing: it holds for as long as the page is open.
    }
    this.#tell();
  }

  /** Finds out what a run of the graph will need; it never throws. */
  async look(document: GraphDocument): Promise<void> {
    if (!this.#client) return;
    if (document !== this.#planned) this.#plan = undefined;
    this.#planned = document;
    this.#fault = "";
    this.#tell();
    try {
      await this.#ready();
      const plan = await this.#client.plan(document);
      if (this.#planned === document) this.#plan = plan;
    } catch (error) {
      if (this.#planned === document) this.#fault = error instanceof Error ? error.message : String(error);
    }
    await this.refresh();
  }

  /** A run begins. With a budget the plan is made before, which costs nothing: the run opens the same models. */
  async begin(document: GraphDocument): Promise<void> {
    this.#events = [];
    if (this.#budget !== undefined) await this.look(document);
    this.#tell();
  }

  handle(event: LiveEvent): void {
    if (event.type !== "memory") return;
    this.#events = [...this.#events, event];
    const others = this.#loaded.filter(({ label }) => label !== event.label);
    const { label, bytes } = event;
    this.#loaded = event.action === "loaded" ? [...others, { label, bytes }] : others;
    this.#tell();
  }

  /** Asks the engine what is loaded: a model that a changed graph no longer names goes without an event. */
  async refresh(): Promise<void> {
    try {
      this.#loaded = (await this.#client?.loaded()) ?? [];
    } catch {
      // An engine that has stopped holds nothing.
      this.#loaded = [];
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function readBudget(): number | undefined {
  try {
    const bytes = Number(localStorage.getItem(KEY));
    return Number.isFinite(bytes) && bytes > 0 ? bytes : undefined;
  } catch {
    return undefined;
  }
}
