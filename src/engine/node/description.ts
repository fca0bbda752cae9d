import type { ParamSpec } from "./params.ts";

/** What a page knows about a port. `type` is the id of a socket type. */
export interface PortDescription {
  readonly type: string;
  readonly doc: string;
  readonly optional?: true;
  readonly lazy?: true;
  /** On an output: the input whose type it takes. */
  readonly typeFrom?: string;
  /** On an output: what its shape follows from. */
  readonly shape?: string;
}

/** What a page knows about a node: everything but its code. */
export interface NodeDescription {
  readonly type: string;
  readonly version: number;
  readonly title: string;
  readonly doc: string;
  readonly keywords: readonly string[];
  /** In the order of the definition. Parameters are inputs too, but stand in `params` only. */
  readonly inputs: Readonly<Record<string, PortDescription>>;
  readonly params: Readonly<Record<string, ParamSpec>>;
  readonly outputs: Readonly<Record<string, PortDescription>>;
  readonly cacheable: boolean;
  /** Whether it has `runAsync`: such nodes may not stand between a lazy port and the begin of its zone. */
  readonly async: boolean;
  readonly preview: boolean;
  /** Whether it iterates by itself and can be held up before each iteration. */
  readonly loops?: true;
  /** Set on the two ends of a zone. */
  readonly zone?: { readonly kind: string; readonly end: "begin" | "end" };
}

export interface ZoneDescription {
  readonly kind: string;
  readonly title: string;
  readonly doc: string;
  /** Node type of the begin. */
  readonly begin: string;
  /** Node type of the end. */
  readonly end: string;
}

export interface SocketTypeDescription {
  readonly id: string;
  readonly label: string;
  readonly shape?: string;
  readonly extends?: string;
}

export interface ConversionDescription {
  readonly from: string;
  readonly to: string;
}

/** A registry as plain JSON: enough to draw, wire, validate and plan; only running needs the definitions. */
export interface RegistryDescription {
  readonly nodes: Readonly<Record<string, NodeDescription>>;
  readonly zones: Readonly<Record<string, ZoneDescription>>;
  readonly types: Readonly<Record<string, SocketTypeDescription>>;
  readonly conversions: readonly ConversionDescription[];
}

/** Looks up an own key, so that ids such as `constructor` find nothing. */
export function lookUp<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
