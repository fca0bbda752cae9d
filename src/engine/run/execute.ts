import type { Registry } from "../node/registry.ts";
import type { Resident } from "../node/resident.ts";
import type { RunCache } from "./cache.ts";
import { Channel } from "./channel.ts";
import { EngineError, RequestError, RunCancelledError } from "./errors.ts";
import type { RunEvent, RunReason } from "./events.ts";
import type { Host } from "./host.ts";
import { Keys } from "./keys.ts";
import { OutputWatch, type RunObserver } from "./observer.ts";
import { letGo } from "./ownership.ts";
import type { Gate } from "./pass-gate.ts";
import type { Plan, PlannedSink, Step } from "./plan-data.ts";
import { NodeRunner } from "./run-node.ts";
import { RootRunner } from "./run-root.ts";
import type { Recorder } from "./recorder.ts";
import { ZoneRunner, type ResumePoint } from "./run-zone.ts";
import type { Residency } from "./residency.ts";
import { RunState } from "./state.ts";

export interface ExecuteOptions {
  readonly registry: Registry;
  readonly host: Host;
  /** Results of earlier runs. Without one, everything runs. */
  readonly cache?: RunCache;
  /** Keeps what is loaded (models) within a memory budget. Without one, everything is loaded as it is needed and stays. */
  readonly residency?: Residency;
  /** Handed to nodes as `context.services`. */
  readonly services?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** Outputs to keep beside those of sinks, as `node.port`; `all` for every one. Of a node in a loop the last iteration's. */
  readonly keep?: readonly string[] | "all";
  /**
   * Whether nodes make previews. In a loop each node makes at most one in `everyMs` (default 250), and one at the end; while
   * `always` says so, one in every iteration.
   */
  readonly previews?: boolean | { readonly everyMs: number; readonly always?: () => boolean };
  /** Awaited before each iteration of each zone, and of nodes that loop by themselves: for pausing, stepping and ending a loop early. Cancelling ends the wait. */
  readonly gate?: Gate;
  /** Keeps the carried values of zones for scrubbing and forking. */
  readonly record?: Recorder;
  /** Takes up a zone in the middle: only the rest of it runs, and what comes after. */
  readonly resume?: ResumePoint;
  /** Sees every output as it is made. */
  readonly observer?: RunObserver;
}

/** What is left of a run. The caller owns it. */
export interface RunResult {
  /** Kept values by node and port. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Frees what nothing else holds: call it once the outputs have been read. Calling it again does nothing. */
  dispose(): void;
}

const PREVIEW_MS = 250;

/**
 * Runs a plan. Yields what happens while it happens, and returns the kept outputs. Who stops reading the events (`return`)
 * cancels the run.
 *
 * @throws {EngineError} naming node, port, zone and iteration; {RunCancelledError} when the signal was aborted. Both may carry
 *   `partial`, the last good values of the zone that was running, which the catcher has to dispose.
 */
export async function* execute(
  plan: Plan,
  options: ExecuteOptions,
): AsyncGenerator<RunEvent, RunResult, undefined> {
  const channel = new Channel<RunEvent>();
  const controller = new AbortController();
  const cancel = (): void => controller.abort();
  if (options.signal?.aborted === true) cancel();
  options.signal?.addEventListener("abort", cancel, { once: true });
  const outcome = run(plan, options, channel, controller.signal)
    .then((result) => ({ result }))
    .catch((error: unknown) => ({ error }))
    .finally(() => channel.close());
  let delivered = false;
  try {
    yield* channel.read();
    const end = await outcome;
    delivered = true;
    if ("error" in end) throw end.error;
    return end.result;
  } finally {
    options.signal?.removeEventListener("abort", cancel);
    if (!delivered) {
      cancel();
      channel.close();
      const end = await outcome;
      if ("result" in end) end.result.dispose();
      else if (end.error instanceof EngineError) end.error.partial?.dispose();
    }
  }
}

/** Reads a run to its end, handing each event on, and returns its result. */
export async function collect(
  events: AsyncGenerator<RunEvent, RunResult, undefined>,
  onEvent?: (event: RunEvent) => void,
): Promise<RunResult> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    onEvent?.(next.value);
  }
}

async function run(
  plan: Plan,
  options: ExecuteOptions,
  channel: Channel<RunEvent>,
  signal: AbortSignal,
): Promise<RunResult> {
  const { registry, host, cache, record: recorder, resume } = options;
  const started = performance.now();
  const kept = keptOutputs(plan, options.keep ?? []);
  const state = new RunState({
    registry,
    host,
    channel,
    signal,
    services: options.services ?? {},
    slots: plan.slots,
    kept: new Set(kept.map(({ slot }) => slot)),
  });
  const isCacheable = (type: string): boolean => registry.nodes.get(type)?.cacheable !== false;
  const caching =
    cache === undefined ? undefined : { cache, keys: new Keys(cache, isCacheable, resume?.zone) };
  const observers = [recorder, options.observer].filter((one) => one !== undefined);
  if (observers.length > 0) state.watch = new OutputWatch(plan, observers, caching?.keys);
  const firstRun: RunReason = { kind: "first-run" };
  const reasonOf = (node: string): RunReason => caching?.keys.node(node)?.reason ?? firstRun;
  const { previews = false } = options;
  const spacing = typeof previews === "object" ? previews : { everyMs: PREVIEW_MS };
  const nodes = new NodeRunner(state, {
    reasonOf,
    gate: options.gate,
    ...(previews !== false && { previewEveryMs: () => (spacing.always?.() === true ? 0 : spacing.everyMs) }),
    memory: {
      residency: options.residency,
      readLater: (): ReadonlySet<Resident> => root.residentsReadLater(),
    },
  });
  const zones = new ZoneRunner(state, nodes, { reasonOf, gate: options.gate, recorder, resume });
  const root: RootRunner = new RootRunner({ plan, state, zones, caching, recorder });
  state.emit({ type: "planned", nodes: plan.nodes });
  options.residency?.beginRun();
  try {
    state.checkCancelled();
    if (
      resume !== undefined &&
      !plan.steps.some((step) => step.kind === "zone" && step.zone === resume.zone)
    ) {
      throw new EngineError(`There is no zone "${resume.zone}" at top level to go on with.`);
    }
    await root.run();
    state.checkCancelled();
  } catch (error) {
    state.discard();
    if (error instanceof RunCancelledError) {
      state.emit({ type: "cancelled" });
      throw error;
    }
    const explained = await explain(host, error);
    tellFailure(state, explained);
    throw explained;
  }
  state.emit({ type: "finished", ms: performance.now() - started });
  return resultOf(state, kept);
}

async function explain(host: Host, error: unknown): Promise<unknown> {
  if (!(error instanceof EngineError) || error.node === undefined) return error;
  const reason = await host.explain?.();
  return reason === undefined ? error : error.because(reason);
}

function tellFailure(state: RunState, error: unknown): void {
  if (!(error instanceof EngineError) || error.node === undefined) return;
  const { node, port, message } = error;
  state.emit({ type: "nodeFailed", node, ...(port !== undefined ? { port } : {}), message });
}

function resultOf(state: RunState, kept: readonly PlannedSink[]): RunResult {
  const byNode = new Map<string, [string, unknown][]>();
  for (const { node, port, slot } of kept) {
    const held = state.keptValues.get(slot);
    if (held === undefined) continue;
    const ports = byNode.get(node) ?? [];
    byNode.set(node, ports);
    ports.push([port, held.value]);
  }
  const outputs = Object.fromEntries([...byNode].map(([node, ports]) => [node, Object.fromEntries(ports)]));
  const values = [...state.keptValues.values()];
  return {
    outputs,
    dispose: () => {
      for (const held of values.splice(0)) letGo(held);
    },
  };
}

/** The sinks of a plan and what else is to be kept. */
function keptOutputs(plan: Plan, keep: readonly string[] | "all"): PlannedSink[] {
  if (keep.length === 0) return [...plan.sinks];
  const all = new Map<string, PlannedSink>();
  const add = (node: string, port: string, slot: number): void =>
    void all.set(`${node}.${port}`, { node, port, slot });
  const visit = (step: Step): void => {
    if (step.kind === "node") {
      for (const { port, slot } of step.outputs) add(step.node, port, slot);
      return;
    }
    for (const end of [step.begin, step.end])
      for (const { port, slot } of end.outputs) add(end.node, port, slot);
    for (const { name, current, last } of step.carry) {
      add(step.begin.node, name, current);
      add(step.end.node, name, last);
    }
    for (const inner of [...step.before, ...step.body]) visit(inner);
  };
  for (const step of plan.steps) visit(step);
  if (keep === "all") return [...all.values()];
  const kept = new Map(plan.sinks.map((sink) => [`${sink.node}.${sink.port}`, sink]));
  for (const ref of keep) {
    const found = all.get(ref);
    if (found === undefined) throw new RequestError(`There is no output "${ref}" to keep in this run.`);
    kept.set(ref, found);
  }
  return [...kept.values()];
}
