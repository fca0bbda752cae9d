import type { Preview } from "../../engine/node/define-node.ts";
import type { RunReason } from "../../engine/run/events.ts";
import type { LiveEvent } from "../../nodes/live/live-session.ts";
import { omit } from "../graph/edits.ts";
import type { Fault } from "../worker/engine-client.ts";
import { RunSeries } from "./run-series.ts";
import { TimeLeft } from "./time-left.ts";

export type NodeStatus = "idle" | "waiting" | "running" | "done" | "cached" | "failed";

/** What a node shows of the last run. */
export interface NodeRun {
  readonly status: NodeStatus;
  readonly progress?: {
    readonly done: number;
    readonly total: number;
    readonly note?: string;
    /** Milliseconds that it will still take, as far as can be told. */
    readonly left?: number;
  };
  readonly ms?: number;
  readonly bytes?: number;
  readonly reason?: RunReason;
  readonly preview?: Preview;
  readonly warnings: readonly string[];
  readonly error?: { readonly message: string; readonly port?: string };
}

/** A zone with its two end nodes. */
export interface RunZone {
  readonly id: string;
  readonly begin: string | undefined;
  readonly end: string | undefined;
}

const IDLE: NodeRun = { status: "idle", warnings: [] };

export type RunPhase = "idle" | "running" | "cancelling";

/** A step of a loop. */
export interface LoopPoint {
  readonly zone: string;
  readonly index: number;
}

export interface RunSummary {
  readonly kind: "done" | "cancelled" | "failed";
  readonly ms: number;
}

/** The state of a run as its events build it up. Views ask per node and are told which nodes changed. */
export class RunModel {
  readonly #nodes = new Map<string, NodeRun>();
  #zones: readonly RunZone[] = [];
  readonly #listeners = new Set<(node: string | undefined) => void>();
  #phase: RunPhase = "idle";
  #planned: readonly string[] = [];
  readonly #finished = new Set<string>();
  #summary: RunSummary | undefined;
  #started = 0;
  readonly series = new RunSeries();
  readonly #timeLeft = new TimeLeft();
  #held: LoopPoint | undefined;
  #sampling: LoopPoint | undefined;

  get phase(): RunPhase {
    return this.#phase;
  }

  get summary(): RunSummary | undefined {
    return this.#summary;
  }

  /** Finished and planned nodes of the run that goes on. */
  get count(): { readonly done: number; readonly total: number } {
    return { done: this.#finished.size, total: this.#planned.length };
  }

  /** Before which step the run is held up. */
  get held(): LoopPoint | undefined {
    return this.#held;
  }

  /** Milliseconds that the loop that runs will still take, as far as can be told. */
  get timeLeft(): number | undefined {
    for (const { status, progress } of this.#nodes.values())
      if (status === "running" && progress?.left !== undefined) return progress.left;
    return undefined;
  }

  /** Of which step pictures are being made beside the run. */
  get sampling(): LoopPoint | undefined {
    return this.#sampling;
  }

  node(id: string): NodeRun {
    return this.#nodes.get(id) ?? IDLE;
  }

  /** What the nodes of a subgraph show together, by the path of the subgraph's node. */
  under(path: string): NodeRun {
    const own = this.#nodes.get(path);
    const inner = [...this.#nodes].filter(([id]) => id.startsWith(`${path}/`)).map(([, run]) => run);
    return own?.error || inner.length === 0 ? (own ?? IDLE) : together(inner);
  }

  /** Nodes with an error or a warning of the last run. */
  faults(): Fault[] {
    return [...this.#nodes].flatMap(([node, run]) =>
      run.error
        ? [
            {
              node,
              message: run.error.message,
              ...(run.error.port === undefined ? {} : { port: run.error.port }),
            },
          ]
        : [],
    );
  }

  /** The listener gets the node that changed, or undefined when all may have. */
  subscribe(listener: (node: string | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * @param zones the zones of the graph: their iterations are shown at their begin nodes
   * @param resumed the zone that is taken up in the middle: its curves go on
   */
  start(zones: readonly RunZone[], now: number, resumed?: string): void {
    this.series.clear(resumed === undefined ? [] : [resumed]);
    this.#timeLeft.clear();
    this.#held = this.#sampling = undefined;
    this.#phase = "running";
    this.#planned = [];
    this.#finished.clear();
    this.#summary = undefined;
    this.#started = now;
    this.#zones = zones;
    for (const [id, run] of this.#nodes) {
      this.#nodes.set(id, run.preview ? { ...IDLE, preview: run.preview } : IDLE);
    }
    this.#tell(undefined);
  }

  cancelling(): void {
    if (this.#phase === "running") this.#phase = "cancelling";
    this.#tell(undefined);
  }

  /** Ends the run, also when the worker ended it without a last event. */
  end(kind: RunSummary["kind"], now: number): void {
    if (this.#phase === "idle") return;
    this.#phase = "idle";
    this.#held = this.#sampling = undefined;
    this.#summary = { kind, ms: now - this.#started };
    for (const [id, run] of this.#nodes) {
      if (run.status === "running" || run.status === "waiting") {
        this.#nodes.set(id, { ...omit(run, "progress"), status: "idle" });
      }
    }
    this.#tell(undefined);
  }

  fail(node: string, message: string, port?: string): void {
    this.#set(node, { status: "failed", error: { message, ...(port === undefined ? {} : { port }) } });
  }

  handle(event: LiveEvent, now = performance.now()): void {
    switch (event.type) {
      case "planned":
        this.#planned = event.nodes;
        for (const id of event.nodes) this.#nodes.set(id, { ...this.node(id), status: "waiting" });
        this.#tell(undefined);
        break;
      case "nodeStarted":
        if (event.reason.kind === "cached") break;
        // A node of a loop begins anew in every iteration.
        this.#nodes.set(event.node, omit(this.node(event.node), "progress"));
        this.#set(event.node, { status: "running", reason: event.reason });
        break;
      case "progress":
        this.#set(event.node, {
          progress: {
            done: event.done,
            total: event.total,
            ...(event.note === undefined ? {} : { note: event.note }),
            ...this.#left(event.node, event.done, event.total, now),
          },
        });
        if (event.scalars) this.series.add(event.node, event.done, event.scalars);
        break;
      case "iteration": {
        this.series.add(event.zone, event.index + 1, event.scalars);
        const begin = this.#zones.find((zone) => zone.id === event.zone)?.begin;
        if (begin === undefined || event.total === undefined) break;
        this.#set(begin, {
          status: "running",
          progress: {
            done: event.index + 1,
            total: event.total,
            ...scalarNote(event.scalars),
            ...this.#left(event.zone, event.index + 1, event.total, now),
          },
        });
        break;
      }
      case "preview":
        this.#set(event.node, { preview: event.preview });
        break;
      case "warning":
        this.#set(event.node, { warnings: [...this.node(event.node).warnings, event.message] });
        break;
      case "nodeFinished":
        // A node of a zone finishes once in every iteration.
        this.#finished.add(event.node);
        this.#set(event.node, {
          status: event.cached ? "cached" : "done",
          ms: event.ms,
          bytes: event.bytes,
          reason: event.reason,
        });
        this.#finishBegin(event.node);
        break;
      case "nodeFailed":
        this.fail(event.node, event.message, event.port);
        break;
      case "held":
        this.#held = { zone: event.zone, index: event.index };
        this.#tell(undefined);
        break;
      case "released":
        this.#held = undefined;
        this.#tell(undefined);
        break;
      case "sampling":
        this.#sampling = { zone: event.zone, index: event.index };
        this.#tell(undefined);
        break;
      case "sampled":
        this.#sampling = undefined;
        this.#tell(undefined);
        break;
      // What memory holds is not shown at nodes; RunMemory keeps it.
      case "memory":
      case "finished":
      case "cancelled":
        break;
    }
  }

  /** Forgets all nodes: another graph was opened. */
  clear(): void {
    this.#nodes.clear();
    this.series.clear();
    this.#summary = undefined;
    this.#tell(undefined);
  }

  /** The end of a zone ends what its begin showed: the iterations. */
  #finishBegin(end: string): void {
    const begin = this.#zones.find((zone) => zone.end === end)?.begin;
    if (begin === undefined || this.node(begin).status !== "running") return;
    this.#nodes.set(begin, { ...omit(this.node(begin), "progress"), status: "done" });
    this.#tell(begin);
  }

  #left(name: string, done: number, total: number, now: number): { left?: number } {
    const left = this.#timeLeft.step(name, done, total, now);
    return left === undefined ? {} : { left };
  }

  #set(node: string, change: Partial<NodeRun>): void {
    this.#nodes.set(node, { ...this.node(node), ...change });
    this.#tell(node);
  }

  #tell(node: string | undefined): void {
    for (const listener of this.#listeners) listener(node);
  }
}

/** Failed where one failed, running where one runs or some have run, done when all are. */
function together(runs: readonly NodeRun[]): NodeRun {
  const active = runs.filter(({ status }) => status !== "idle");
  const has = (...wanted: NodeStatus[]): number =>
    active.filter(({ status }) => wanted.includes(status)).length;
  const failed = active.find(({ status }) => status === "failed");
  const done = has("done", "cached");
  const status: NodeStatus = failed
    ? "failed"
    : has("running") > 0 || (done > 0 && has("waiting") > 0)
      ? "running"
      : has("waiting") > 0
        ? "waiting"
        : done === 0
          ? "idle"
          : has("done") > 0
            ? "done"
            : "cached";
  const preview = runs.findLast((run) => run.preview !== undefined)?.preview;
  return {
    status,
    warnings: runs.flatMap(({ warnings }) => warnings),
    ...(status === "running" ? { progress: { done, total: active.length } } : {}),
    ...(status === "done"
      ? {
          ms: active.reduce((sum, { ms = 0 }) => sum + ms, 0),
          bytes: active.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
        }
      : {}),
    ...(preview ? { preview } : {}),
    ...(failed?.error ? { error: { message: failed.error.message } } : {}),
  };
}

function scalarNote(scalars: Readonly<Record<string, number>>): { note: string } | Record<string, never> {
  const entries = Object.entries(scalars);
  if (entries.length === 0) return {};
  return { note: entries.map(([name, value]) => `${name} ${formatNumber(value)}`).join(", ") };
}

/** Why a node ran or did not, as a sentence. */
export function reasonWords(reason: RunReason): string {
  switch (reason.kind) {
    case "cached":
      return "Nothing that it depends on has changed.";
    case "first-run":
      return "It had not run before.";
    case "input-changed":
      return `It ran because its input "${reason.port}" from ${reason.source} changed.`;
    case "param-changed":
      return `It ran because "${reason.param}" changed.`;
    case "definition-changed":
      return "It ran because the node itself is a newer version.";
    case "source-changed":
      return "It ran because the file that it reads changed.";
    case "evicted":
      return "It ran again because its result had made room for others.";
    case "not-needed":
      return "It did not run: all that reads it was kept.";
    case "not-cacheable":
      return "It runs every time.";
  }
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KB`;
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MB` : `${(bytes / 1024 ** 3).toFixed(2)} GB`;
}

/** Four significant digits, without an exponent where it can be read without one. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

export function formatDuration(ms: number): string {
  if (ms < 1) return "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
