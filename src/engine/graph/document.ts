import type { ParamValue } from "../node/params.ts";

/** The graph file. Ports are addressed by name; layout is kept apart from meaning. */
export interface GraphDocument {
  /** 2 where a file uses what format 1 did not have: subgraphs, or nodes with a mode. */
  readonly format: 1 | 2;
  /** A title for people. */
  readonly name?: string;
  /** What the graph shows, in a sentence or two. */
  readonly description?: string;
  /** What one learns from it, in one line: templates show it beside their picture. */
  readonly lesson?: string;
  readonly nodes: Readonly<Record<string, NodeRecord>>;
  readonly edges: readonly EdgeRecord[];
  readonly zones?: Readonly<Record<string, ZoneRecord>>;
  /** Parts of the graph that stand as single nodes: a node of type `subgraph/<id>` is one use of one. */
  readonly subgraphs?: Readonly<Record<string, SubgraphRecord>>;
  /** Top-left corner of each node in canvas pixels. Never part of a cache key. */
  readonly layout?: Readonly<Record<string, readonly [x: number, y: number]>>;
  /** Frames, notes, viewport, collapsed nodes: the editor's own, kept as it is. */
  readonly view?: Readonly<Record<string, unknown>>;
}

export interface NodeRecord {
  readonly type: string;
  readonly version: number;
  /** Id of the innermost zone that the node stands in. */
  readonly zone?: string;
  readonly title?: string;
  readonly params: Readonly<Record<string, ParamValue>>;
  /** `mute`: the node and all that depends on it do not run. `bypass`: what comes in goes out again. */
  readonly mode?: NodeMode;
}

export type NodeMode = "mute" | "bypass";

/**
 * A graph in the graph, with ports of its own. In `nodes` stand at most one node of type `boundary/inputs`, whose outputs are
 * the subgraph's inputs, and one of type `boundary/outputs`, whose inputs are its outputs.
 */
export interface SubgraphRecord {
  /** A title for people. */
  readonly name?: string;
  readonly description?: string;
  readonly inputs: readonly SubgraphPort[];
  readonly outputs: readonly SubgraphPort[];
  readonly nodes: Readonly<Record<string, NodeRecord>>;
  readonly edges: readonly EdgeRecord[];
  readonly zones?: Readonly<Record<string, ZoneRecord>>;
  readonly layout?: NonNullable<GraphDocument["layout"]>;
  readonly view?: NonNullable<GraphDocument["view"]>;
}

export interface SubgraphPort {
  readonly name: string;
  /** Id of a socket type. */
  readonly type: string;
  readonly doc?: string;
}

/** `from` and `to` are `<node id>.<port name>`. */
export interface EdgeRecord {
  readonly from: string;
  readonly to: string;
}

export interface ZoneRecord {
  readonly kind: string;
  /** Names of the values that go from one iteration to the next. */
  readonly carry: readonly string[];
  /** The zone that this one stands in. */
  readonly parent?: string;
}
