import type { ParamSpec, ParamType } from "./params.ts";
import { anyType, type SocketType, type SocketValue } from "./socket-type.ts";

/** An input or output of a node. */
export interface Port<T = unknown> {
  readonly type: SocketType<T>;
  readonly doc: string;
  /** An input that may stay unwired; `run` then sees `undefined`. */
  readonly optional?: boolean;
  /**
   * An input given as a thunk that evaluates its not yet evaluated ancestors in the zone, synchronously, when called.
   * An optimizer step needs it: the forward pass has to run inside the gradient tape.
   */
  readonly lazy?: boolean;
  /** On an output: the name of the input whose type it takes. A reroute's output has the type of what is wired in. */
  readonly typeFrom?: string;
  /**
   * On an output: what its shape follows from, so that it can be shown before a run. Axes are numbers, parameters, words for
   * what is not known, or two of these with `*` or `/`: `[batch, height/downscale, width/downscale, channels]`. `like sample` is the
   * shape of what is wired into `sample`, `like sample [*, *, *, channels]` the same with other channels; `with vae [batch, …]`
   * holds where `vae` is wired, and `or` leads to what holds where that input is not. `= value` says that a number is the parameter `value`. It must never be wrong.
   */
  readonly shape?: string;
}

export interface OptionalPort<T> extends Port<T> {
  readonly optional: true;
}

export interface LazyPort<T> extends Port<T> {
  readonly lazy: true;
}

/** @param shape what an output's shape follows from, see {@link Port.shape} */
export const port = <T>(type: SocketType<T>, doc: string, shape?: string): Port<T> => ({
  type,
  doc,
  ...(shape === undefined ? {} : { shape }),
});
export const optionalPort = <T>(type: SocketType<T>, doc: string): OptionalPort<T> => ({
  type,
  doc,
  optional: true,
});
export const lazyPort = <T>(type: SocketType<T>, doc: string): LazyPort<T> => ({ type, doc, lazy: true });

/** An output that has the type of whatever is wired into the input `from` of the same node. */
export const portLike = (from: string, doc: string): Port => ({ type: anyType, doc, typeFrom: from });

export type Ports = Readonly<Record<string, Port>>;
export type Params = Readonly<Record<string, ParamSpec>>;

/** Static type of the inputs that `run` sees. */
export type InputValues<I extends Ports> = {
  readonly [K in keyof I]: I[K] extends LazyPort<infer T>
    ? () => T
    : I[K] extends OptionalPort<infer T>
      ? T | undefined
      : SocketValue<I[K]["type"]>;
};
export type OutputValues<O extends Ports> = { readonly [K in keyof O]: SocketValue<O[K]["type"]> };
export type ParamValues<P extends Params> = { readonly [K in keyof P]: ParamType<P[K]> };

/** What a running node may call. */
export interface RunContext {
  readonly signal: AbortSignal;
  /** Reports progress: `done` of `total` (any unit), with a word about it and numbers for a chart, for example `loss`. */
  progress(done: number, total: number, note?: string, scalars?: Readonly<Record<string, number>>): void;
  /** Shows how far a long node has come. `make` is called only when a preview is due; the `last` one always is. */
  preview?(make: () => Promise<Preview | undefined>, last?: boolean): Promise<void>;
  /**
   * Awaited before each iteration by a node that says `loops`: the run may be held up here. On `finish` the node returns what it has
   * made so far, as if it were done.
   */
  pass?(index: number): Promise<"finish" | undefined>;
  /** A message that a person should see, with the node's name; the run goes on. */
  warn(message: string): void;
  /** What the host offers: file access, model stores. The nodes layer types them. */
  readonly services: Readonly<Record<string, unknown>>;
}

export interface RunArguments<I extends Ports, P extends Params> {
  readonly inputs: InputValues<I>;
  readonly params: ParamValues<P>;
  readonly context: RunContext;
}

/** Something small to show in the node while and after it runs. */
export type Preview =
  | {
      readonly kind: "image";
      readonly width: number;
      readonly height: number;
      readonly rgba: Uint8ClampedArray;
    }
  | { readonly kind: "chart"; readonly label: string; readonly y: readonly number[] }
  | { readonly kind: "text"; readonly text: string };

interface NodeSpecBase<I extends Ports, P extends Params, O extends Ports> {
  /** `folder/name`, stable for ever: graph files hold it. */
  readonly type: string;
  /** Raised when params or ports change; `migrate` then upgrades stored params. */
  readonly version: number;
  readonly title: string;
  /** Help in a sentence or two, with the paper and equation where there is one. */
  readonly doc: string;
  /** Words that the palette's search should also find. */
  readonly keywords?: readonly string[];
  readonly inputs: I;
  readonly params: P;
  readonly outputs: O;
  /** Upgrades params stored by an older `version` of this node. */
  readonly migrate?: (params: Record<string, unknown>, fromVersion: number) => Record<string, unknown>;
  /** Beyond inputs and params, what the result depends on (a file's etag). Two equal keys mean an equal result. */
  readonly cacheKey?: (args: { params: ParamValues<P>; context: RunContext }) => string | Promise<string>;
  /** False for a node that hands models on without reading them: they need not be in memory when it runs. Default true. */
  readonly readsResidents?: boolean;
  /**
   * Bytes that the node needs while it runs, beside its inputs and the models that it reads: its largest intermediate results. An
   * estimate, for the memory budget.
   */
  readonly workingBytes?: (args: { inputs: InputValues<I>; params: ParamValues<P> }) => number;
  /** False for a node with an effect outside the graph (saving a file): it runs every time. */
  readonly cacheable?: boolean;
  /** A node that iterates, and awaits `context.pass` before each: it can be held up, stepped and ended early, as a zone can. */
  readonly loops?: boolean;
  readonly preview?: (args: {
    inputs: InputValues<I>;
    params: ParamValues<P>;
    outputs: OutputValues<O>;
  }) => Promise<Preview | undefined>;
}

export interface SyncNodeSpec<I extends Ports, P extends Params, O extends Ports> extends NodeSpecBase<
  I,
  P,
  O
> {
  /** Allowed everywhere. Temporary tensors are freed by the host when it returns. */
  readonly run: (args: RunArguments<I, P>) => OutputValues<O>;
}

export interface AsyncNodeSpec<I extends Ports, P extends Params, O extends Ports> extends NodeSpecBase<
  I,
  P,
  O
> {
  /** Loading and reading back; not allowed between a lazy port and its zone's begin: gradients cannot cross an await. */
  readonly runAsync: (args: RunArguments<I, P>) => Promise<OutputValues<O>>;
}

/** A node of any ports, as registries and executors see it. */
export interface NodeDefinition {
  readonly type: string;
  readonly version: number;
  readonly title: string;
  readonly doc: string;
  readonly keywords: readonly string[];
  readonly inputs: Ports;
  readonly params: Params;
  readonly outputs: Ports;
  readonly cacheable: boolean;
  readonly loops?: boolean;
  readonly migrate?: (params: Record<string, unknown>, fromVersion: number) => Record<string, unknown>;
  readonly cacheKey?: (args: {
    params: Record<string, unknown>;
    context: RunContext;
  }) => string | Promise<string>;
  readonly readsResidents?: boolean;
  readonly workingBytes?: (args: {
    inputs: Record<string, unknown>;
    params: Record<string, unknown>;
  }) => number;
  readonly preview?: (args: {
    inputs: Record<string, unknown>;
    params: Record<string, unknown>;
    outputs: Record<string, unknown>;
  }) => Promise<Preview | undefined>;
  readonly run?: (args: ErasedArguments) => Record<string, unknown>;
  readonly runAsync?: (args: ErasedArguments) => Promise<Record<string, unknown>>;
}

export interface ErasedArguments {
  readonly inputs: Record<string, unknown>;
  readonly params: Record<string, unknown>;
  readonly context: RunContext;
}

/**
 * Declares a node: ports, controls, help, defaults and its page in the documentation all derive from this one value.
 *
 * @throws if a name is used by both an input and a parameter, or holds a dot.
 */
export function defineNode<const I extends Ports, const P extends Params, const O extends Ports>(
  spec: SyncNodeSpec<I, P, O> | AsyncNodeSpec<I, P, O>,
): NodeDefinition {
  for (const name of [
    ...Object.keys(spec.inputs),
    ...Object.keys(spec.params),
    ...Object.keys(spec.outputs),
  ]) {
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) {
      throw new Error(
        `Node type "${spec.type}": port or parameter name "${name}" must be letters and digits.`,
      );
    }
  }
  for (const name of Object.keys(spec.params)) {
    if (name in spec.inputs)
      throw new Error(`Node type "${spec.type}": "${name}" is both an input and a parameter.`);
  }
  return { keywords: [], cacheable: true, ...spec } as unknown as NodeDefinition;
}
