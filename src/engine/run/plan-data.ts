import type { ConversionDescription } from "../node/description.ts";
import type { ParamValue } from "../node/params.ts";

/**
 * A plan is plain data: what to run in which order, where each value is kept (a numbered slot) and after which step it
 * is freed. It holds no code and may be sent to a worker.
 */
export interface Plan {
  readonly steps: readonly Step[];
  /** Number of slots. */
  readonly slots: number;
  /** Every node that takes part, in the order in which they first run. */
  readonly nodes: readonly string[];
  /** Outputs of nodes that nothing reads, or of the nodes of `only`: kept when the run ends. */
  readonly sinks: readonly PlannedSink[];
}

export interface PlannedSink {
  readonly node: string;
  readonly port: string;
  readonly slot: number;
}

export type Step = NodeStep | ZoneStep;

/** A node and its stored parameters. */
export interface PlannedNode {
  readonly node: string;
  readonly type: string;
  readonly version: number;
  readonly title: string;
  /** Every parameter of the type: the stored value or the default. */
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly inputs: readonly PlannedInput[];
  readonly outputs: readonly PlannedOutput[];
}

export interface NodeStep extends PlannedNode {
  readonly kind: "node";
  /** Slots that no later step reads. */
  readonly release: readonly number[];
  /** Runs only when a lazy input asks for it, or after that when an ordinary reader needs it (`alsoEager`). */
  readonly deferred?: { readonly alsoEager: boolean };
}

export interface PlannedInput {
  readonly port: string;
  readonly slot: number;
  readonly source: { readonly node: string; readonly port: string };
  /** Type id that the input asks for. */
  readonly type: string;
  readonly conversion?: ConversionDescription;
  /** The type of the source is not known beforehand, so the value is checked when it arrives. */
  readonly check?: true;
  readonly param?: true;
  readonly optional?: true;
  /** Positions, in the same list of steps, of what the thunk has to run. */
  readonly lazy?: readonly number[];
}

export interface PlannedOutput {
  readonly port: string;
  readonly slot: number;
  readonly type: string;
  readonly optional?: true;
}

export interface PlannedCarry {
  readonly name: string;
  readonly type: string;
  /** Wired into begin: the start value. */
  readonly start: PlannedInput;
  /** Output of begin: the current value. */
  readonly current: number;
  /** Wired into end: the next value. */
  readonly next: PlannedInput;
  /** Output of end: the last value. */
  readonly last: number;
}

/** A whole zone, run as one step. */
export interface ZoneStep {
  readonly kind: "zone";
  readonly zone: string;
  readonly zoneKind: string;
  /** Inputs and outputs without the carried ones. */
  readonly begin: PlannedNode;
  readonly end: PlannedNode;
  /** Sorted by name. */
  readonly carry: readonly PlannedCarry[];
  /** Body nodes that are the same in every iteration: run once, before the first. */
  readonly before: readonly Step[];
  readonly body: readonly Step[];
  /** A node of the body must run every time, so the zone cannot come from the cache. */
  readonly cacheable: boolean;
  /** Slots freed when an iteration begins, because nothing reads them. */
  readonly releaseAtBegin: readonly number[];
  /** Slots freed when an iteration ends. */
  readonly releaseAtEnd: readonly number[];
  /** Slots filled before the loop and freed after it. */
  readonly releaseAtExit: readonly number[];
  /** Slots that no later step reads. */
  readonly release: readonly number[];
}
