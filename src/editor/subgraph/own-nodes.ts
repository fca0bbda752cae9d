import { get, update } from "idb-keyval";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { describeSubgraphs, subgraphOf } from "../../engine/graph/subgraphs.ts";
import type { RegistryDescription } from "../../engine/node/description.ts";
import { Catalog } from "../graph/catalog.ts";
import type { NodeInfo } from "../graph/catalog.ts";
import { readGraph } from "../files/read-graph.ts";

const KEY = "latent-loom/own-nodes";

/** A subgraph that a person keeps: a graph file with one node in it, the subgraph, and what it needs. */
export interface OwnNode {
  readonly name: string;
  readonly graph: GraphDocument;
}

type Stored = Readonly<Record<string, GraphDocument>>;

/** The one subgraph node of a graph; undefined where it is something else. */
export function loneSubgraph(graph: GraphDocument): string | undefined {
  const [id, ...more] = Object.keys(graph.nodes);
  const type = id === undefined ? undefined : graph.nodes[id]?.type;
  const name = type === undefined ? undefined : subgraphOf(type);
  return more.length === 0 && name !== undefined && graph.subgraphs?.[name] ? id : undefined;
}

/** What the palette knows of a kept node. */
export function infoOf(base: RegistryDescription, { graph }: OwnNode): NodeInfo | undefined {
  const id = loneSubgraph(graph);
  const type = id === undefined ? undefined : graph.nodes[id]?.type;
  return type === undefined ? undefined : new Catalog(describeSubgraphs(base, graph.subgraphs)).node(type);
}

/** Nodes of one's own, in the browser's database. Changes made in another tab are seen when the list is read again. */
export class OwnNodes {
  #nodes: readonly OwnNode[] = [];
  readonly #listeners = new Set<() => void>();

  get nodes(): readonly OwnNode[] {
    return this.#nodes;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads what is kept; an entry that is no graph any more is left out, and stays where it is. */
  async load(): Promise<void> {
    this.#take(await get<Stored>(KEY));
  }

  /** Keeps a node under a name, in place of the one that had it. @throws where the browser keeps nothing */
  async keep(name: string, graph: GraphDocument): Promise<void> {
    await this.#change((stored) => ({ ...stored, [name]: graph }));
  }

  async remove(name: string): Promise<void> {
    await this.#change((stored) =>
      Object.fromEntries(Object.entries(stored).filter(([key]) => key !== name)),
    );
  }

  async rename(name: string, next: string): Promise<void> {
    await this.#change((stored) =>
      Object.fromEntries(Object.entries(stored).map(([key, graph]) => [key === name ? next : key, graph])),
    );
  }

  async #change(change: (stored: Stored) => Stored): Promise<void> {
    let after: Stored = {};
    await update<Stored>(KEY, (before) => (after = change(before ?? {})));
    this.#take(after);
  }

  #take(stored: Stored | undefined): void {
    this.#nodes = Object.entries(stored ?? {})
      .flatMap(([name, graph]): OwnNode[] => {
        try {
          const read = readGraph(JSON.stringify(graph));
          return loneSubgraph(read) === undefined ? [] : [{ name, graph: read }];
        } catch {
          return [];
        }
      })
      .sort((a, b) => a.name.localeCompare(b.name));
    for (const listener of this.#listeners) listener();
  }
}
