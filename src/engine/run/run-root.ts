import type { Preview } from "../node/define-node.ts";
import type { Resident } from "../node/resident.ts";
import type { RunCache } from "./cache.ts";
import type { RunReason } from "./events.ts";
import type { Keys } from "./keys.ts";
import { hold, letGo, type Held } from "./ownership.ts";
import type { Plan, Step } from "./plan-data.ts";
import type { Recorder } from "./recorder.ts";
import { bytesIn } from "./ports.ts";
import type { ZoneRunner } from "./run-zone.ts";
import type { RunState } from "./state.ts";
import { innerSlots, inputsOf, nodesOf, resultsOf } from "./steps.ts";

export interface RootRunnerOptions {
  readonly plan: Plan;
  readonly state: RunState;
  readonly zones: ZoneRunner;
  /** Both or none. */
  readonly caching: { readonly cache: RunCache; readonly keys: Keys } | undefined;
  readonly recorder: Recorder | undefined;
}

interface Hit {
  readonly outputs: ReadonlyMap<string, Held>;
  readonly previews: ReadonlyMap<string, Preview>;
}

/** Runs the top level: decides what the cache can give, runs the rest, frees values after their last reader. */
export class RootRunner {
  readonly #plan: Plan;
  readonly #state: RunState;
  readonly #zones: ZoneRunner;
  readonly #caching: { readonly cache: RunCache; readonly keys: Keys } | undefined;
  readonly #recorder: Recorder | undefined;
  readonly #producer = new Map<number, number>();
  /** What the cache gives, held so that nothing stored meanwhile can evict it. */
  readonly #hits: (Hit | undefined)[] = [];
  readonly #prepared = new Set<number>();
  readonly #settled = new Set<number>();
  /** Of the step that runs. */
  #position = 0;

  constructor(options: RootRunnerOptions) {
    this.#plan = options.plan;
    this.#state = options.state;
    this.#zones = options.zones;
    this.#caching = options.caching;
    this.#recorder = options.recorder;
    for (const [index, step] of this.#plan.steps.entries()) {
      for (const { slot } of resultsOf(step)) this.#producer.set(slot, index);
    }
  }

  async run(): Promise<void> {
    const { steps } = this.#plan;
    const targets: number[] = [];
    try {
      for (const [index, step] of steps.entries()) {
        await this.#prepare(index);
        if (this.#isTarget(step)) targets.push(index);
      }
      const needed = this.#demand(targets);
      for (const [index, step] of steps.entries()) {
        this.#position = index;
        await this.#settle(index, needed);
        this.#state.clear(step.release);
      }
    } finally {
      for (const index of steps.keys()) this.#dropHit(index);
    }
  }

  /** What the steps after this one read, and this one too if it is a loop. */
  residentsReadLater(): ReadonlySet<Resident> {
    const found = new Set<Resident>();
    const { steps } = this.#plan;
    for (let index = this.#position; index < steps.length; index++) {
      const step = steps[index];
      if (step === undefined || (index === this.#position && step.kind === "node")) continue;
      for (const { slot } of inputsOf(step)) {
        const held = this.#state.held(slot);
        for (const resident of held?.type?.residents?.(held.value) ?? []) found.add(resident);
      }
    }
    return found;
  }

  #dropHit(index: number): void {
    const hit = this.#hits[index];
    this.#hits[index] = undefined;
    for (const held of hit?.outputs.values() ?? []) letGo(held);
  }

  /** Whether a recording is wanted of a zone whose result is not the recorded one. */
  #isUnrecorded(step: Step): boolean {
    if (step.kind !== "zone" || this.#recorder === undefined) return false;
    return this.#recorder.isStale(step.zone, this.#caching?.keys.node(step.begin.node)?.key ?? "");
  }

  /** Whether the step has to have happened at the end of the run. */
  #isTarget(step: Step): boolean {
    const results = resultsOf(step);
    if (
      results.length === 0 ||
      this.#isUnrecorded(step) ||
      results.some(({ slot }) => this.#state.isKept(slot))
    )
      return true;
    if (innerSlots(step).some(({ slot }) => this.#state.isKept(slot))) return true;
    if (step.kind === "zone") return !step.cacheable;
    return this.#state.registry.nodes.get(step.type)?.cacheable === false;
  }

  /** Finds a step's key and what the cache has of it. */
  async #prepare(index: number): Promise<void> {
    const step = this.#plan.steps[index];
    if (this.#caching === undefined || step === undefined || this.#prepared.has(index)) return;
    this.#prepared.add(index);
    if (step.kind === "node") {
      for (const position of step.inputs.flatMap(({ lazy }) => lazy ?? [])) await this.#prepare(position);
    }
    const { cache, keys } = this.#caching;
    const own = new Map<string, string | null>();
    await this.#collectOwnKeys(step, own, step.kind === "node" && step.deferred === undefined);
    const { key, volatile } = keys.add(step, this.#plan.steps, own);
    if (volatile || this.#isUnrecorded(step)) return;
    const entry = cache.find(
      key,
      this.#stored(step, keys).map(({ name }) => name),
    );
    if (entry === undefined) return;
    const outputs = [...entry.outputs].map(([name, { value, type }]) => [name, hold(value, type)] as const);
    this.#hits[index] = { outputs: new Map(outputs), previews: entry.previews };
  }

  /** @param mayRun whether what drives the node's parameters may be run now, to ask it for its key. */
  async #collectOwnKeys(step: Step, own: Map<string, string | null>, mayRun: boolean): Promise<void> {
    if (step.kind === "zone") {
      for (const inner of [...step.before, ...step.body]) await this.#collectOwnKeys(inner, own, false);
      return;
    }
    const definition = this.#state.registry.nodes.get(step.type);
    if (definition?.cacheKey === undefined) return;
    const wired = step.inputs.filter(({ param }) => param === true);
    if (wired.length > 0 && !mayRun) {
      own.set(step.node, null);
      return;
    }
    // What the node depends on beyond its inputs hangs on parameters that are computed: they have to be known first.
    await this.#evaluate(wired.map(({ slot }) => this.#producer.get(slot)));
    const params: Record<string, unknown> = { ...step.params };
    for (const { port, slot } of wired) params[port] = this.#state.held(slot)?.value ?? params[port];
    try {
      own.set(step.node, await definition.cacheKey({ params, context: this.#state.context(step.node) }));
    } catch (error) {
      throw this.#state.locate(error, step);
    }
  }

  async #evaluate(targets: readonly (number | undefined)[]): Promise<void> {
    const known = targets.filter((target) => target !== undefined);
    if (known.length === 0) return;
    const needed = this.#demand(known);
    for (const index of [...needed].sort((a, b) => a - b)) await this.#settle(index, needed);
  }

  /** The steps whose values the targets need: walks from the targets up to what is cached. */
  #demand(targets: readonly number[]): Set<number> {
    const { steps } = this.#plan;
    const needed = new Set<number>();
    const queue = [...targets];
    for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
      const step = steps[index];
      if (step === undefined || needed.has(index) || this.#settled.has(index)) continue;
      needed.add(index);
      if (this.#hits[index] !== undefined) continue;
      for (const input of inputsOf(step)) {
        const producer = this.#producer.get(input.slot);
        if (producer !== undefined) queue.push(producer);
        // A gradient needs the forward pass to happen, not its cached result.
        for (const position of step.kind === "node" ? (input.lazy ?? []) : []) {
          if (this.#hits[position] !== undefined) needed.delete(position);
          this.#dropHit(position);
          queue.push(position);
        }
      }
    }
    return needed;
  }

  async #settle(index: number, needed: ReadonlySet<number>): Promise<void> {
    const step = this.#plan.steps[index];
    if (step === undefined || this.#settled.has(index)) return;
    this.#settled.add(index);
    const hit = this.#hits[index];
    if (hit !== undefined) {
      if (needed.has(index)) this.#load(step, hit);
      else this.#show(step, hit);
      this.#tellUnrun(step, { kind: "cached" }, hit);
      this.#remember(step);
      this.#dropHit(index);
    } else if (needed.has(index)) {
      await this.#zones.runStep(step, this.#plan.steps);
      this.#storeInCache(step);
      this.#remember(step);
    } else {
      this.#tellUnrun(step, { kind: "not-needed" }, undefined);
    }
  }

  /**
   * What is cached of a step: its results by port, and what is kept of a zone's body by key. The last value inside an inner
   * loop depends on that whole loop, so the inner zones' keys are part of the name.
   */
  #stored(step: Step, keys: Keys): { name: string; slot: number; inner: boolean }[] {
    const results = resultsOf(step).map(({ port, slot }) => ({ name: port, slot, inner: false }));
    const inner = innerSlots(step).filter(({ slot }) => this.#state.isKept(slot));
    const named = inner.map(({ slot, within }) => ({
      name: nameWithin(keys, within, keys.slot(slot)),
      slot,
      inner: true,
    }));
    return [...results, ...named];
  }

  #load(step: Step, hit: Hit): void {
    if (this.#caching === undefined) return;
    for (const { name, slot, inner } of this.#stored(step, this.#caching.keys)) {
      const held = hit.outputs.get(name);
      if (held === undefined) continue;
      if (inner && held.value === undefined) continue;
      this.#state.fill(slot, held.value, held.type, true);
      if (inner) this.#state.clear([slot]);
    }
  }

  /** Observers see what the cache has also where nobody reads it. */
  #show(step: Step, hit: Hit): void {
    const { watch } = this.#state;
    if (watch === undefined || this.#caching === undefined) return;
    for (const { name, slot } of this.#stored(step, this.#caching.keys)) {
      const held = hit.outputs.get(name);
      if (held !== undefined) watch.filled(slot, held.value, held.type, true, undefined);
    }
  }

  #storeInCache(step: Step): void {
    if (this.#caching === undefined || this.#state.isCutShort) return;
    const { cache, keys } = this.#caching;
    const stepKey = keys.node(step.kind === "zone" ? step.begin.node : step.node);
    if (stepKey === undefined || stepKey.volatile) return;
    if (step.kind === "zone") this.#recorder?.finish(step.zone, stepKey.key);
    const state = this.#state;
    const outputs = new Map<string, Held>();
    for (const { name, slot, inner } of this.#stored(step, keys)) {
      const held = inner ? state.keptValues.get(slot) : state.held(slot);
      if (!inner && held === undefined) return;
      outputs.set(name, held ?? { value: undefined, type: undefined });
    }
    const previews = new Map<string, Preview>();
    for (const { node, within } of nodesOf(step)) {
      const preview = state.previews.get(node);
      if (preview !== undefined) previews.set(nameWithin(keys, within, keys.node(node)?.key ?? ""), preview);
    }
    cache.put(stepKey.key, outputs, previews);
  }

  #tellUnrun(step: Step, reason: RunReason, hit: Hit | undefined): void {
    const state = this.#state;
    const cached = hit !== undefined;
    const keys = this.#caching?.keys;
    if (step.kind === "zone" && cached)
      this.#recorder?.skip(step.zone, keys?.node(step.begin.node)?.key ?? "");
    for (const { node, within } of nodesOf(step)) {
      state.watch?.skipped(node);
      state.emit({
        type: "nodeFinished",
        node,
        ms: 0,
        bytes: step.kind === "node" ? bytesIn(state, resultsOf(step)) : 0,
        cached,
        reason,
      });
      const preview = keys && hit?.previews.get(nameWithin(keys, within, keys.node(node)?.key ?? ""));
      if (preview !== undefined) state.emit({ type: "preview", node, preview });
    }
  }

  #remember(step: Step): void {
    if (this.#caching === undefined || this.#state.isCutShort) return;
    const { cache, keys } = this.#caching;
    for (const { node } of nodesOf(step)) {
      const record = keys.node(node)?.record;
      if (record !== undefined) cache.remember(node, record);
    }
  }
}

/** A key from inside a zone is unique only together with those of the inner zones around it. */
function nameWithin(keys: Keys, within: readonly string[], key: string): string {
  return ["body", ...within.map((begin) => keys.node(begin)?.key ?? ""), key].join(":");
}
