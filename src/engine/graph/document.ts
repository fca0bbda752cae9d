import type { ParamValue } from "../node/params.ts";

/** The graph file. Ports are addressed by name; layout is kept apart from meaning. */
export interface GraphDocument {
  readonly format: 1;
  /** A title for people. */
  readonly name?: string;
  /** What the graph shows, in a sentence or two. */
  readonly description?: string;
  readonly nodes: Readonly<Record<string, NodeRecord>>;
  readonly edges: readonly EdgeRecord[];
  readonly zones?: Readonly<Record<string, ZoneRecord>>;
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
