import type { RunCache } from "./cache.ts";
import type { RunReason } from "./events.ts";
import { hashText } from "./hash.ts";
import type { NodeStep, PlannedInput, PlannedNode, Step, ZoneStep } from "./plan-data.ts";

/** With what a node last ran. */
export interface RunRecord {
  readonly key: string;
  readonly definition: string;
  /** The stored parameters that no wire overrides, as JSON. */
  readonly params: ReadonlyMap<string, string>;
  readonly inputs: ReadonlyMap<string, { readonly key: string; readonly source: string }>;
  /** What its `cacheKey` gave. */
  readonly own: string;
}

/** How a node differs from its last run; undefined where it does not. */
interface Change {
  readonly reason: RunReason;
  /** The nearest node that was changed itself, and how many wires away it is. */
  readonly origin: string;
  readonly distance: number;
}

export interface StepKey {
  readonly key: string;
  /** It depends on something that is different each time, so it is neither looked up nor stored. */
  readonly volatile: boolean;
  readonly reason: RunReason;
  readonly record: RunRecord;
}

interface SlotKey {
  readonly key: string;
  readonly volatile: boolean;
  /** How the node that fills the slot differs from its last run. */
  readonly change: Change | undefined;
}

/** Never starts again, so that a key of an earlier run is not met by chance. */
let unique = 0;

const SEPARATOR = "\u0001";

/**
 * Keys of steps after Merkle: a hash of the definition, the parameters and the keys of the inputs. Ids and layout do not
 * enter, so a renamed, moved or copied node finds its result. Inside a zone the values that change with the iteration
 * have keys that only say which they are; the zone's own key takes in those of all that its end reads.
 */
export class Keys {
  readonly #cache: RunCache;
  readonly #isCacheable: (type: string) => boolean;
  readonly #resumed: string | undefined;
  readonly #slots = new Map<number, SlotKey>();
  readonly #nodes = new Map<string, StepKey>();

  /** @param resumed id of the zone that starts in the middle, so that its result is not that of a whole run. */
  constructor(cache: RunCache, isCacheable: (type: string) => boolean, resumed?: string) {
    this.#cache = cache;
    this.#isCacheable = isCacheable;
    this.#resumed = resumed;
  }

  /** The key of what a slot holds. */
  slot(slot: number): string {
    return this.#slots.get(slot)?.key ?? "";
  }

  node(id: string): StepKey | undefined {
    return this.#nodes.get(id);
  }

  /**
   * Steps must come in the order of their list; what a lazy input defers stands after its owner there, and is added first.
   *
   * @param list the list that the step stands in.
   * @param own what the `cacheKey` of each node in the step gave; null where that cannot be known beforehand.
   * @param depth how many zones the step stands in.
   */
  add(step: Step, list: readonly Step[], own: ReadonlyMap<string, string | null>, depth = 0): StepKey {
    const known = this.#nodes.get(step.kind === "zone" ? step.begin.node : step.node);
    if (known !== undefined) return known;
    if (step.kind === "zone") return this.#zone(step, own, depth);
    for (const { lazy } of step.inputs) {
      for (const position of lazy ?? []) {
        const asked = list[position];
        if (asked !== undefined) this.add(asked, list, own, depth);
      }
    }
    return this.#node(step, own.get(step.node) ?? "", own.get(step.node) === null);
  }

  #node(step: NodeStep, own: string, unknown: boolean): StepKey {
    const cacheable = this.#isCacheable(step.type) && !unknown;
    const inputs = step.inputs.map((input) => [input.port, input] as const);
    const stepKey = this.#key(step, `${step.type}@${step.version}`, inputs, own, cacheable, []);
    const change = this.#changeOf(step.node, stepKey, !cacheable);
    for (const { port, slot } of step.outputs) {
      this.#slots.set(slot, { key: `${stepKey.key}.${port}`, volatile: stepKey.volatile, change });
    }
    return this.#finish(step.node, stepKey, change);
  }

  #zone(step: ZoneStep, own: ReadonlyMap<string, string | null>, depth: number): StepKey {
    for (const { slot, port } of step.begin.outputs) this.#symbol(slot, depth, port);
    for (const { current, name } of step.carry) this.#symbol(current, depth, name);
    let volatile = !step.cacheable || step.zone === this.#resumed;
    const sinks: string[] = [];
    const lists = [step.before, step.body].flatMap((list) => list.map((inner) => [inner, list] as const));
    for (const [inner, list] of lists) {
      const { key } = this.add(inner, list, own, depth + 1);
      if (inner.kind === "node" && own.get(inner.node) === null) volatile = true;
      // What does not lead to the end may be there for its previews, which are results of the zone, too.
      if (inner.kind === "zone" || inner.outputs.length === 0) sinks.push(key);
    }
    const inputs: (readonly [string, PlannedInput])[] = [
      ...step.carry.map(({ name, start }) => [name, start] as const),
      ...step.begin.inputs.map((input) => [input.port, input] as const),
      ...step.carry.map(({ name, next }) => [`end.${name}`, next] as const),
      ...step.end.inputs.map((input) => [`end.${input.port}`, input] as const),
    ];
    const definition = `${step.zoneKind}:${step.begin.type}@${step.begin.version}:${step.end.version}`;
    const stepKey = this.#key(step.begin, definition, inputs, "", !volatile, sinks.sort());
    const change = this.#changeOf(step.begin.node, stepKey, volatile);
    const fill = (slot: number, port: string): void =>
      void this.#slots.set(slot, { key: `${stepKey.key}.${port}`, volatile: stepKey.volatile, change });
    for (const { slot, port } of step.end.outputs) fill(slot, port);
    for (const { last, name } of step.carry) fill(last, name);
    const finished = this.#finish(step.begin.node, stepKey, change);
    this.#nodes.set(step.end.node, finished);
    if (change !== undefined)
      for (const inner of [...step.before, ...step.body]) this.#blame(inner, change.origin);
    return finished;
  }

  /** Nodes of a body that are what they were run again because something outside the loop changed. */
  #blame(step: Step, origin: string): void {
    const node = step.kind === "zone" ? step.begin : step;
    const known = this.#nodes.get(node.node);
    const [input] = node.inputs;
    if (known?.reason.kind === "evicted" && input !== undefined) {
      const reason: RunReason = { kind: "input-changed", port: input.port, source: origin };
      this.#nodes.set(node.node, { ...known, reason });
    }
    if (step.kind === "zone") for (const inner of [...step.before, ...step.body]) this.#blame(inner, origin);
  }

  #symbol(slot: number, depth: number, port: string): void {
    this.#slots.set(slot, { key: `begin${depth}.${port}`, volatile: false, change: undefined });
  }

  #key(
    node: PlannedNode,
    definition: string,
    inputs: readonly (readonly [string, PlannedInput])[],
    own: string,
    cacheable: boolean,
    extra: readonly string[],
  ): StepKey & { inputs: readonly (readonly [string, PlannedInput])[] } {
    const wired = new Map<string, { key: string; source: string }>();
    const parts = [definition, JSON.stringify(own)];
    let volatile = !cacheable;
    for (const [port, input] of inputs) {
      const from = this.#slots.get(input.slot);
      const conversion = input.conversion === undefined ? "" : `>${input.conversion.to}`;
      const key = (from?.key ?? "") + conversion;
      wired.set(port, { key, source: `${input.source.node}.${input.source.port}` });
      parts.push(port, key);
      volatile ||= from?.volatile === true;
    }
    const params = new Map<string, string>();
    for (const [name, value] of Object.entries(node.params)) {
      if (wired.has(name)) continue;
      const text = JSON.stringify(value);
      params.set(name, text);
      parts.push(name, text);
    }
    parts.push(...extra);
    const key = cacheable ? hashText(parts.join(SEPARATOR)) : `unique${unique++}`;
    return {
      key,
      volatile,
      inputs,
      reason: { kind: "first-run" },
      record: { key, definition, params, inputs: wired, own },
    };
  }

  #finish(node: string, { key, volatile, record }: StepKey, change: Change | undefined): StepKey {
    const reason = change?.reason ?? { kind: "evicted" };
    const finished: StepKey = { key, volatile, record, reason };
    this.#nodes.set(node, finished);
    return finished;
  }

  #changeOf(
    node: string,
    { record, inputs }: StepKey & { inputs: readonly (readonly [string, PlannedInput])[] },
    everyTime: boolean,
  ): Change | undefined {
    const itself = (reason: RunReason): Change => ({ reason, origin: node, distance: 0 });
    if (everyTime) return itself({ kind: "not-cacheable" });
    const last = this.#cache.record(node);
    if (last === undefined) return itself({ kind: "first-run" });
    if (last.key === record.key) return undefined;
    if (last.definition !== record.definition) return itself({ kind: "definition-changed" });
    for (const name of new Set([...record.params.keys(), ...last.params.keys()])) {
      if (record.inputs.has(name) || last.inputs.has(name)) continue;
      if (record.params.get(name) !== last.params.get(name))
        return itself({ kind: "param-changed", param: name });
    }
    if (last.own !== record.own) return itself({ kind: "source-changed" });
    return this.#inputChange(node, record, last, inputs);
  }

  #inputChange(
    node: string,
    record: RunRecord,
    last: RunRecord,
    inputs: readonly (readonly [string, PlannedInput])[],
  ): Change | undefined {
    let nearest: Change | undefined;
    const offer = (port: string, origin: string, distance: number, self: boolean): void => {
      if (nearest !== undefined && nearest.distance <= distance) return;
      nearest = {
        reason: { kind: "input-changed", port, source: origin },
        origin: self ? node : origin,
        distance: self ? 0 : distance,
      };
    };
    for (const [port, input] of inputs) {
      const now = record.inputs.get(port);
      const then = last.inputs.get(port);
      if (now === undefined || now.key === then?.key) continue;
      const change = this.#slots.get(input.slot)?.change;
      if (now.source !== then?.source || change === undefined) offer(port, input.source.node, 0, true);
      else offer(port, change.origin, change.distance + 1, false);
    }
    for (const [port, then] of last.inputs) {
      if (record.inputs.has(port)) continue;
      if (record.params.has(port))
        return { reason: { kind: "param-changed", param: port }, origin: node, distance: 0 };
      offer(port, then.source.split(".")[0] ?? "", 0, true);
    }
    return nearest;
  }
}
