import type { GraphDocument } from "../../engine/graph/document.ts";
import type { RunSummary } from "./run-model.ts";
import type { Seeds } from "./seeds.ts";

/** One run, as it is remembered: with exactly the graph and the seeds that were used. */
export interface RunRecord {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly ms: number;
  readonly kind: RunSummary["kind"];
  readonly document: GraphDocument;
  /** By `node.param`. */
  readonly seeds: Seeds;
  readonly backend: string;
  /** Nodes that it was asked for, where it was not the whole graph. */
  readonly only?: readonly string[];
  /** Step from which it was taken up. */
  readonly resume?: { readonly zone: string; readonly index: number };
}

const LONGEST = 100;

/** The runs of this session, newest first. */
export class RunHistory {
  #records: readonly RunRecord[] = [];
  readonly #listeners = new Set<(record: RunRecord) => void>();

  get records(): readonly RunRecord[] {
    return this.#records;
  }

  /** The listener gets each run when it has ended, while its pictures are still on the nodes. */
  subscribe(listener: (record: RunRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(record: Omit<RunRecord, "id">): RunRecord {
    const whole = { ...record, id: (this.#records[0]?.id ?? 0) + 1 };
    this.#records = [whole, ...this.#records].slice(0, LONGEST);
    for (const listener of this.#listeners) listener(whole);
    return whole;
  }
}
