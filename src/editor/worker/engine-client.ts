import type { GraphDocument } from "../../engine/graph/document.ts";
import type { ModelsClient } from "./models-client.ts";
import type { MemoryPlan } from "../../nodes/memory/plan-memory.ts";
import type { LoadedModel } from "../../nodes/runner.ts";
import type { LiveEvent } from "../../nodes/live/live-session.ts";
import type { StepReport, WireReport, ZoneReport } from "../../nodes/live/reports.ts";

export type { LoadedModel, MemoryPlan };

export type BackendChoice = "auto" | "webgpu" | "wasm" | "cpu";

/** What the numerics run on, as the status bar shows it. */
export interface RuntimeInfo {
  readonly backend: string;
  /** Why this backend was taken, in words. */
  readonly reason: string;
  /** Name of the graphics adapter, where there is one. */
  readonly adapter?: string;
}

export interface RunOptions {
  /** Runs only these nodes and what they need. */
  readonly only?: readonly string[];
  /** Outputs whose values are kept for inspection whatever their size, as `node.port`. */
  readonly keep?: readonly string[];
  /** Takes a recorded loop up again at a step: only the rest of it runs. */
  readonly resume?: { readonly zone: string; readonly index: number };
  /** Runs loops again that are not recorded, though their results are known. */
  readonly record?: boolean;
  /** Samples with the weights in training every so many steps. */
  readonly sampleEvery?: { readonly zone: string; readonly iterations: number };
  /** Holds the run up before its first step. */
  readonly paused?: boolean;
  /** Bytes that models and the node that runs may take together; no limit where it is left out. */
  readonly memoryBudget?: number;
}

/** What is known of the engine's memory. */
export interface MemoryClient {
  /** What a run of the graph will need. Opens the models, which reads their headers; between runs only. */
  plan(document: GraphDocument): Promise<MemoryPlan>;
  /** The models that are in memory. */
  loaded(): Promise<readonly LoadedModel[]>;
}

/** What can be asked of a run while it goes on, and of what it left. */
export interface RunWatch {
  /** Holds the run up before the next iteration of a loop. */
  pause(): Promise<void>;
  /** Lets it go on. */
  proceed(): Promise<void>;
  /** Lets one iteration through. */
  step(): Promise<void>;
  /** Ends a loop before its next iteration; the rest of the graph runs with what it has. */
  finish(zone: string): Promise<void>;
  /** What is known of the wire that comes out of `node.port`. */
  inspect(address: string): Promise<WireReport>;
  /** What is recorded of the loops. */
  zones(): Promise<ZoneReport[]>;
  stepReport(zone: string, index: number): Promise<StepReport>;
  /** Changes how often a training is sampled while it goes on; 0 for never. */
  sampleEvery(zone: string, iterations: number): Promise<void>;
  /** Runs what follows a loop with what it carries now. */
  sample(zone: string): Promise<void>;
  /** Hands a network that a loop carries to the person, as safetensors. @returns the file's name. */
  saveCheckpoint(zone: string, name: string, index?: number): Promise<string>;
}

export type RunOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly message: string; readonly node?: string; readonly port?: string }
  | { readonly kind: "invalid"; readonly faults: readonly Fault[] };

/** One fault of a graph or of a run, with where it stands. */
export interface Fault {
  readonly message: string;
  readonly node?: string;
  readonly port?: string;
}

/** A file that a node saved: the page hands it to the person as a download. */
export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The engine as the page sees it: it lives in a worker, and tests put another one in its place. */
export interface EngineClient extends RunWatch {
  /** Picks the backend for this and later runs. Safe to call again with another choice. */
  init(options: { readonly backend: BackendChoice }): Promise<RuntimeInfo>;
  /** Runs a graph to its end. A run that still goes on is cancelled first. */
  run(document: GraphDocument, options: RunOptions, onEvent: (event: LiveEvent) => void): Promise<RunOutcome>;
  /** Takes effect within one iteration. */
  cancel(): Promise<void>;
  /** Makes files of the person's disk known under the path that `file:<path>` names. They stay where they are. */
  addFiles(files: readonly LocalFile[]): Promise<void>;
  /** The graph with the parameters of its older nodes brought up to date. */
  upgrade(document: GraphDocument): Promise<GraphDocument>;
  /** The store of models; an engine of a test may have none. */
  readonly models?: ModelsClient;
  /** An engine of a test may not have it. */
  readonly memory?: MemoryClient;
}

/** A file that the person chose. In a chosen folder the path begins with the folder's name. */
export interface LocalFile {
  readonly path: string;
  readonly file: File;
}

/** What the worker offers over comlink. */
export interface EngineWorker {
  /** @param pageUrl the page's own address, from which bundled models and data are loaded */
  init(backend: BackendChoice, pageUrl: string, onFile: (file: SavedFile) => void): Promise<RuntimeInfo>;
  run(document: GraphDocument, options: RunOptions, onEvent: (event: LiveEvent) => void): Promise<RunOutcome>;
  /** A question about the run; each is a method of {@link RunWatch}. */
  ask(question: Question): unknown;
  cancel(): void;
  addFiles(files: readonly LocalFile[]): void;
  upgrade(document: GraphDocument): GraphDocument;
  readonly models: ModelsClient;
  readonly memory: MemoryClient;
}

/** A call of {@link RunWatch} as plain data: one message instead of nine. */
export type Question = {
  [K in keyof RunWatch]: { readonly kind: K; readonly args: Parameters<RunWatch[K]> };
}[keyof RunWatch];
