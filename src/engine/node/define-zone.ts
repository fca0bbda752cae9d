import type { InputValues, OutputValues, Params, ParamValues, Ports, RunContext } from "./define-node.ts";

/** Numbers about one iteration, for example `loss`. */
export type IterationScalars = Readonly<Record<string, number>>;

/** Drives one run of a zone. Created anew each time that the zone runs. */
export interface ZoneDriver {
  /** Number of iterations, where it is known, for progress. */
  readonly total: number | undefined;
  /**
   * What `begin` hands to the body in iteration `index` beside the carried values; undefined when the loop is over.
   * Called inside the host's scope: temporaries are freed, what is returned belongs to the executor, which frees it after
   * its last reader. The first index is not 0 when a recorded run is resumed, so the answer must follow from `index`.
   */
  next(index: number): Record<string, unknown> | undefined;
  /**
   * Sees what reached `end` (its own inputs, and the carried values under `carry`). It may read them back, and may throw
   * to fail the run: the message is completed with zone and iteration, and the values carried into this iteration are
   * then the last good ones. Values are freed afterwards. Returns the numbers to report in the `iteration` event.
   */
  afterIteration?(
    index: number,
    end: { inputs: Record<string, unknown>; carry: Record<string, unknown> },
  ): IterationScalars | undefined | Promise<IterationScalars | undefined>;
  /** What `end` hands out beside the carried values. Called inside the host's scope. */
  finish(): Record<string, unknown>;
  /** Always called, after finish, failure or cancelling. */
  dispose?(): void;
}

export interface ZoneSpec<
  BI extends Ports,
  BP extends Params,
  BO extends Ports,
  EI extends Ports,
  EO extends Ports,
> {
  /** What `zones.<id>.kind` in a graph file says, for example `denoise-loop`. */
  readonly kind: string;
  readonly title: string;
  readonly doc: string;
  /** Node types of the two ends: `<beginType>` and `<endType>`. */
  readonly begin: {
    readonly type: string;
    readonly version: number;
    readonly title: string;
    readonly doc: string;
    readonly inputs: BI;
    readonly params: BP;
    /** What changes with each iteration, beside the carried values. */
    readonly outputs: BO;
  };
  readonly end: {
    readonly type: string;
    readonly version: number;
    readonly title: string;
    readonly doc: string;
    readonly inputs: EI;
    readonly outputs: EO;
  };
  readonly start: (args: {
    inputs: InputValues<BI>;
    params: ParamValues<BP>;
    context: RunContext;
  }) => ZoneDriver | Promise<ZoneDriver>;
}

/** A zone of any ports. */
export interface ZoneDefinition {
  readonly kind: string;
  readonly title: string;
  readonly doc: string;
  readonly begin: {
    readonly type: string;
    readonly version: number;
    readonly title: string;
    readonly doc: string;
    readonly inputs: Ports;
    readonly params: Params;
    readonly outputs: Ports;
  };
  readonly end: {
    readonly type: string;
    readonly version: number;
    readonly title: string;
    readonly doc: string;
    readonly inputs: Ports;
    readonly outputs: Ports;
  };
  readonly start: (args: {
    inputs: Record<string, unknown>;
    params: Record<string, unknown>;
    context: RunContext;
  }) => ZoneDriver | Promise<ZoneDriver>;
}

/**
 * Declares a zone kind: a `begin` and an `end` node around an editable body.
 *
 * For each carried name (`zones.<id>.carry`) begin and end both have an input and an output of that name:
 * `begin.x` (in) is the start value, `begin.x` (out) the current one, `end.x` (in) the next one, `end.x` (out) the last.
 * The type of a carried value is that of the wire into `begin`.
 */
export function defineZone<
  const BI extends Ports,
  const BP extends Params,
  const BO extends Ports,
  const EI extends Ports,
  const EO extends Ports,
>(spec: ZoneSpec<BI, BP, BO, EI, EO>): ZoneDefinition {
  return spec as unknown as ZoneDefinition;
}

export type ZoneOutputs<O extends Ports> = OutputValues<O>;
