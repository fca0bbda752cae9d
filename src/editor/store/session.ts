import { validate } from "../../engine/graph/validate.ts";
import { expand, resolveOutput } from "../../engine/graph/expand.ts";
import type { Expanded } from "../../engine/graph/expand.ts";
import type { EdgeRecord, GraphDocument } from "../../engine/graph/document.ts";
import { inferShapes, showShape } from "../../engine/graph/shapes.ts";
import type { Shape } from "../../engine/graph/shapes.ts";
import { describeInside, describeSubgraphs } from "../../engine/graph/subgraphs.ts";
import { lookUp } from "../../engine/node/description.ts";
import type { RegistryDescription } from "../../engine/node/description.ts";
import { Catalog } from "../graph/catalog.ts";
import { edgeKey, omit } from "../graph/edits.ts";
import { endpoint, outputType } from "../graph/ports.ts";
import { RunModel } from "../run/run-model.ts";
import type { NodeRun } from "../run/run-model.ts";
import type { Fault } from "../worker/engine-client.ts";
import { GraphStore } from "./graph-store.ts";
import { subgraphsAlong } from "./scope.ts";
import { Selection } from "./selection.ts";

/** What follows from one state of the whole graph. */
interface Inferred {
  readonly of: GraphDocument;
  readonly expanded: Expanded;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** What is wired into each input of the expanded graph. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Whether two states differ in nothing that a run sees: moves and frames change neither faults nor shapes. */
const meansSame = (a: GraphDocument, b: GraphDocument): boolean =>
  a.nodes === b.nodes && a.edges === b.edges && a.zones === b.zones && a.subgraphs === b.subgraphs;

/** One open graph with all that views share about it. Node ids are those of the open part; a path leads to a node from the top. */
export class EditorSession {
  /** The nodes of the registry, without the graph's own subgraphs. */
  readonly base: Catalog;
  readonly store: GraphStore;
  readonly selection = new Selection();
  readonly runs = new RunModel();
  #catalog: { readonly of: RegistryDescription; readonly inside: unknown; readonly catalog: Catalog };
  #checked: GraphDocument;
  #faults: readonly Fault[] = [];
  #missing: readonly Fault[] = [];
  #here: readonly Fault[] = [];
  #inactive: ReadonlySet<string> = new Set();
  #shapes: Inferred | undefined;
  readonly #faultListeners = new Set<() => void>();

  constructor(catalog: Catalog, document: GraphDocument) {
    this.base = catalog;
    this.#catalog = { of: catalog.description, inside: undefined, catalog };
    this.store = new GraphStore(document);
    this.#checked = document;
    this.#check();
    this.store.subscribe((change) => {
      if (change.cause === "replace") this.runs.clear();
      if (change.cause === "replace" || change.moved) this.selection.clear();
      this.selection.keep(change.document.nodes, new Set(change.document.edges.map(edgeKey)));
      if (change.moved || !meansSame(this.store.root, this.#checked)) this.#check();
    });
  }

  /** What is open: the graph, or one of its subgraphs. */
  get document(): GraphDocument {
    return this.store.document;
  }

  /** What nodes there are in the open part: those of the registry, the subgraphs, and inside one the nodes of its ports. */
  get catalog(): Catalog {
    const { root, path } = this.store;
    const id = subgraphsAlong(root, path).at(-1);
    const inside = id === undefined ? undefined : lookUp(root.subgraphs, id);
    const of = describeSubgraphs(this.base.description, root.subgraphs);
    if (this.#catalog.of !== of || this.#catalog.inside !== inside) {
      const isBase = of === this.base.description && inside === undefined;
      const description = inside === undefined ? of : describeInside(of, inside);
      this.#catalog = { of, inside, catalog: isBase ? this.base : new Catalog(description) };
    }
    return this.#catalog.catalog;
  }

  /** What would stop the graph from running, in the open part. What is wrong inside a subgraph is said at its node. */
  get faults(): readonly Fault[] {
    return this.#here;
  }

  /** All that the list of problems shows: faults of the whole graph, then those of the last run. Nodes are named by path. */
  problems(): readonly Fault[] {
    const seen = new Set(this.#faults.map((fault) => fault.message));
    return [...this.#faults, ...this.runs.faults().filter((fault) => !seen.has(fault.message))];
  }

  /** What the graph needs and the page does not have, as far as it can be known without a run. Nodes are named by path. */
  setMissing(missing: readonly Fault[]): void {
    const words = (faults: readonly Fault[]): string => faults.map(({ message }) => message).join("\n");
    if (words(missing) === words(this.#missing)) return;
    this.#missing = missing;
    this.#check();
  }

  /** The whole graph as it is run: subgraphs in their places, nodes named by path. */
  get expanded(): GraphDocument {
    return expand(this.base.description, this.store.root).document;
  }

  /** Where a wire of the open part comes from in the expanded graph, as `node.port`. */
  sourceOf(address: string): string {
    return resolveOutput(expand(this.base.description, this.store.root), this.pathOf(address));
  }

  onFaults(listener: () => void): () => void {
    this.#faultListeners.add(listener);
    return () => this.#faultListeners.delete(listener);
  }

  /** The path of a node of the open part. */
  pathOf(id: string): string {
    return [...this.store.path, id].join("/");
  }

  /** The node of the open part that a path leads to or through. */
  here(path: string): string | undefined {
    const prefix = this.pathOf("");
    return path.startsWith(prefix) ? path.slice(prefix.length).split("/")[0] : undefined;
  }

  /** Whether the node does not run: it is muted or bypassed, or depends on one that is muted. */
  isInactive(id: string): boolean {
    const path = this.pathOf(id);
    return this.#inactive.has(path) || this.document.nodes[id]?.mode !== undefined;
  }

  /** What a node of the open part shows of the last run; a subgraph what its nodes show together. */
  runOf(id: string): NodeRun {
    const path = this.pathOf(id);
    return lookUp(this.document.nodes, id)?.type.startsWith("subgraph/") === true
      ? this.runs.under(path)
      : this.runs.node(path);
  }

  /** The shape of what will travel on a wire of the open part, in words; undefined where it carries no array. */
  shapeOn({ from, to }: EdgeRecord): string | undefined {
    const { expanded, shapes, sources } = this.#inferred();
    const source = resolveOutput(expanded, this.pathOf(from));
    const wired = sources.get(this.pathOf(to));
    const shape = shapes.get(source) ?? (wired === undefined ? undefined : shapes.get(wired));
    if (shape !== undefined) return showShape(shape);
    const { node, port } = endpoint(from);
    const type = outputType(this.document, this.catalog, node, port);
    return this.catalog.socket(type).shape;
  }

  #inferred(): Inferred {
    const { root } = this.store;
    const { description } = this.base;
    if (!this.#shapes || !meansSame(this.#shapes.of, root)) {
      const expanded = expand(description, root);
      this.#shapes = {
        of: root,
        expanded,
        shapes: inferShapes(description, expanded.document),
        sources: new Map(expanded.document.edges.map((edge) => [edge.to, edge.from])),
      };
    }
    return this.#shapes;
  }

  #check(): void {
    const { root } = this.store;
    this.#checked = root;
    const { description } = this.base;
    this.#faults = [...validate(description, root), ...this.#missing];
    this.#inactive = expand(description, root).inactive;
    this.#here = this.#faults.flatMap((fault): Fault[] => {
      if (fault.node === undefined) return this.store.path.length === 0 ? [fault] : [];
      const id = this.here(fault.node);
      if (id === undefined) return [];
      // A port of a node inside is none of the subgraph's.
      return [{ ...(this.pathOf(id) === fault.node ? fault : omit(fault, "port")), node: id }];
    });
    for (const listener of this.#faultListeners) listener();
  }
}
