/** Everything that can be wrong with a graph before it runs. */
export type FaultCode =
  | "bad-id"
  | "unknown-node-type"
  | "outdated-node"
  | "newer-node"
  | "unknown-zone"
  | "unknown-zone-kind"
  | "zone-ends"
  | "zone-parents"
  | "carry"
  | "unknown-node"
  | "unknown-port"
  | "unknown-param"
  | "bad-param"
  | "occupied-input"
  | "missing-input"
  | "type-mismatch"
  | "zone-boundary"
  | "async-in-lazy"
  | "lazy-conflict"
  | "cycle"
  | "unknown-target"
  | "subgraph"
  | "bypass"
  | "muted";

/** One fault, named by where it is. The message is complete: it also names the place. */
export interface Fault {
  readonly code: FaultCode;
  readonly message: string;
  readonly node?: string;
  readonly port?: string;
  readonly zone?: string;
  /** Index into the document's `edges`. */
  readonly edge?: number;
  /** The nodes of a cycle, in the direction of the wires. */
  readonly nodes?: readonly string[];
}
