import type { ParamValue, SourceParam } from "../../../engine/node/params.ts";

export type Side = "input" | "output";

/** What a person does on a node that changes the document. */
export interface NodeActions {
  setParam(node: string, name: string, value: ParamValue): void;
  sealParam(): void;
  toggleFold(node: string): void;
  toggleAdvanced(node: string): void;
  editCarry(zone: string): void;
  openSubgraph(node: string): void;
  /** The ports of the open subgraph. */
  editPorts(): void;
  pickSource(node: string, name: string, holds: SourceParam["holds"]): void;
  paintMask(node: string, name: string): void;
  setTitle(node: string, title: string): void;
}

/** While a wire is dragged: which ports of this node take it, and why the others do not. */
export interface WireOffer {
  readonly side: Side;
  readonly fits: ReadonlySet<string>;
  readonly refusals: ReadonlyMap<string, string>;
}
