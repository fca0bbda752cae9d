import type { SocketType } from "../node/socket-type.ts";
import type { Keys } from "./keys.ts";
import type { Plan, PlannedNode, Step } from "./plan-data.ts";
import { nodesOf } from "./steps.ts";

/** One output as it is made, or as the cache gives it. */
export interface MadeOutput {
  readonly node: string;
  readonly port: string;
  /** It belongs to the run, which frees it: who wants it for longer holds it. */
  readonly value: unknown;
  readonly type: SocketType | undefined;
  /** The same for the same result of the same node; undefined for what is different each time. */
  readonly key: string | undefined;
  readonly cached: boolean;
  /** The innermost zone that was running, and its iteration. */
  readonly zone: string | undefined;
  readonly iteration: number | undefined;
}

/** Looks on while a run makes its values: inspectors, recorders. It is called in between, so it has to be quick. */
export interface RunObserver {
  made(output: MadeOutput): void;
  /** The node did not run. What it made under this key before is what it would have made. */
  skipped?(node: string, key: string | undefined): void;
}

/** Tells observers of a run what is filled into its slots, under the names that the graph has for them. */
export class OutputWatch {
  readonly #observers: readonly RunObserver[];
  readonly #keys: Keys | undefined;
  readonly #places = new Map<number, { readonly node: string; readonly port: string }>();
  /** Begin node of the zone at top level that a node stands in. */
  readonly #owners = new Map<string, string>();

  constructor(plan: Plan, observers: readonly RunObserver[], keys: Keys | undefined) {
    this.#observers = observers;
    this.#keys = keys;
    for (const step of plan.steps) {
      this.#add(step);
      if (step.kind === "zone") for (const { node } of nodesOf(step)) this.#owners.set(node, step.begin.node);
    }
  }

  filled(
    slot: number,
    value: unknown,
    type: SocketType | undefined,
    cached: boolean,
    place: { readonly zone: string; readonly iteration: number } | undefined,
  ): void {
    const output = this.#places.get(slot);
    if (output === undefined || value === undefined) return;
    const made: MadeOutput = {
      ...output,
      value,
      type,
      cached,
      key: this.#keyOf(output.node),
      zone: place?.zone,
      iteration: place?.iteration,
    };
    for (const observer of this.#observers) observer.made(made);
  }

  skipped(node: string): void {
    const key = this.#keyOf(node);
    for (const observer of this.#observers) observer.skipped?.(node, key);
  }

  /** Inside a zone the node's own key does not say what the loop began with; the zone's does. */
  #keyOf(node: string): string | undefined {
    const own = this.#keys?.node(node);
    if (own === undefined || own.volatile) return undefined;
    const begin = this.#owners.get(node);
    if (begin === undefined) return own.key;
    const zone = this.#keys?.node(begin);
    return zone === undefined || zone.volatile ? undefined : `${zone.key}:${own.key}`;
  }

  #add(step: Step): void {
    if (step.kind === "node") return this.#addNode(step);
    this.#addNode(step.begin);
    this.#addNode(step.end);
    for (const { name, current, last } of step.carry) {
      this.#places.set(current, { node: step.begin.node, port: name });
      this.#places.set(last, { node: step.end.node, port: name });
    }
    for (const inner of [...step.before, ...step.body]) this.#add(inner);
  }

  #addNode({ node, outputs }: PlannedNode): void {
    for (const { port, slot } of outputs) this.#places.set(slot, { node, port });
  }
}
