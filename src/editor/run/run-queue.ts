import type { GraphDocument } from "../../engine/graph/document.ts";
import type { EditorSession } from "../store/session.ts";
import type { RunControl } from "./run-control.ts";
import type { RunRecord } from "./run-record.ts";
import { nextSeeds, seedValues, withSeeds, type Seeds } from "./seeds.ts";

export type QueueState = "waiting" | "running" | RunRecord["kind"];

/** One run of the queue: the graph as it was when it was queued, with seeds that are already drawn. */
export interface QueueEntry {
  readonly id: number;
  readonly document: GraphDocument;
  readonly seeds: Seeds;
  readonly state: QueueState;
  readonly ms?: number;
}

/** Runs that wait for each other. A run that is cancelled stops the queue; what waits stays, and may be continued or cleared. */
export class RunQueue {
  readonly #session: EditorSession;
  readonly #control: RunControl;
  #entries: readonly QueueEntry[] = [];
  #isGoing = false;
  #last = 0;
  readonly #listeners = new Set<() => void>();

  constructor(session: EditorSession, control: RunControl) {
    this.#session = session;
    this.#control = control;
  }

  get entries(): readonly QueueEntry[] {
    return this.#entries;
  }

  get waiting(): number {
    return this.#entries.filter(({ state }) => state === "waiting").length;
  }

  /** Whether it works through what waits. */
  get isGoing(): boolean {
    return this.#isGoing;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Queues runs of the graph as it is now, and begins. The seed that is shown comes first, unless it has been run. */
  add(count: number): Promise<void> {
    const { base: catalog } = this.#session;
    const waiting = this.#entries.filter(({ state }) => state === "waiting").at(-1);
    let document = this.#session.store.root;
    let used = waiting?.seeds ?? this.#control.usedSeeds;
    // A queue that is added to goes on counting where it will have arrived.
    if (waiting) document = withSeeds(catalog, waiting.seeds)(document);
    const added: QueueEntry[] = [];
    for (let index = 0; index < count; index++) {
      document = nextSeeds(document, catalog, used)(document);
      used = seedValues(document, catalog);
      added.push({ id: ++this.#last, document, seeds: used, state: "waiting" });
    }
    const finished = this.#entries
      .filter(({ state }) => state !== "waiting" && state !== "running")
      .slice(-20);
    const open = this.#entries.filter(({ state }) => state === "waiting" || state === "running");
    this.#entries = [...finished, ...open, ...added];
    this.#tell();
    return this.go();
  }

  /** Works through what waits, once the run that goes on is over. */
  async go(): Promise<void> {
    if (this.#isGoing) return;
    this.#isGoing = true;
    this.#tell();
    try {
      for (;;) {
        await this.#control.idle();
        const next = this.#entries.find(({ state }) => state === "waiting");
        if (!next) break;
        if (!(await this.#runOne(next))) break;
      }
    } finally {
      this.#isGoing = false;
      this.#tell();
    }
  }

  /** Takes out what waits. */
  clear(): void {
    this.#entries = this.#entries.filter(({ state }) => state !== "waiting");
    this.#tell();
  }

  /** Takes one waiting run out. */
  remove(id: number): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id || entry.state !== "waiting");
    this.#tell();
  }

  /** Shows the seeds in the open graph before the run starts, so that what is seen is what is used. */
  async #runOne(entry: QueueEntry): Promise<boolean> {
    const { store, base } = this.#session;
    store.executeRoot("Seed of the next run", withSeeds(base, entry.seeds), "queued seed");
    this.#set(entry.id, { state: "running" });
    const record = await this.#control.run({ document: entry.document });
    // Without a record the person did not want what the run would have fetched.
    this.#set(entry.id, { state: record?.kind ?? "cancelled", ...(record && { ms: record.ms }) });
    return record !== undefined && record.kind !== "cancelled";
  }

  #set(id: number, change: Partial<QueueEntry>): void {
    this.#entries = this.#entries.map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
