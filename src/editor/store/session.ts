import { validate } from "../../engine/graph/validate.ts";
import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "../graph/catalog.ts";
import { edgeKey } from "../graph/edits.ts";
import { RunModel } from "../run/run-model.ts";
import type { Fault } from "../worker/engine-client.ts";
import { GraphStore } from "./graph-store.ts";
import { Selection } from "./selection.ts";

/** One open graph with all that views share about it. */
export class EditorSession {
  readonly catalog: Catalog;
  readonly store: GraphStore;
  readonly selection = new Selection();
  readonly runs = new RunModel();
  #faults: readonly Fault[] = [];
  readonly #faultListeners = new Set<() => void>();

  constructor(catalog: Catalog, document: GraphDocument) {
    this.catalog = catalog;
    this.store = new GraphStore(document);
    this.#check(document);
    this.store.subscribe((change) => {
      if (change.cause === "replace") {
        this.runs.clear();
        this.selection.clear();
      }
      this.selection.keep(change.document.nodes, new Set(change.document.edges.map(edgeKey)));
      const { document: now, previous } = change;
      if (now.nodes !== previous.nodes || now.edges !== previous.edges || now.zones !== previous.zones)
        this.#check(now);
    });
  }

  get document(): GraphDocument {
    return this.store.document;
  }

  /** What would stop the graph from running, found while it is edited. */
  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** All that the list of problems shows: faults of the graph, then those of the last run. */
  problems(): readonly Fault[] {
    const seen = new Set(this.#faults.map((fault) => fault.message));
    return [...this.#faults, ...this.runs.faults().filter((fault) => !seen.has(fault.message))];
  }

  onFaults(listener: () => void): () => void {
    this.#faultListeners.add(listener);
    return () => this.#faultListeners.delete(listener);
  }

  #check(document: GraphDocument): void {
    this.#faults = validate(this.catalog.description, document);
    for (const listener of this.#faultListeners) listener();
  }
}
