import type { GraphDocument } from "../../engine/graph/document.ts";
import type { RunEvent } from "../../engine/run/events.ts";
import type { ModelsClient } from "./models-client.ts";

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
export interface EngineClient {
  /** Picks the backend for this and later runs. Safe to call again with another choice. */
  init(options: { readonly backend: BackendChoice }): Promise<RuntimeInfo>;
  /** Runs a graph to its end. A run that still goes on is cancelled first. */
  run(document: GraphDocument, options: RunOptions, onEvent: (event: RunEvent) => void): Promise<RunOutcome>;
  /** Takes effect within one iteration. */
  cancel(): Promise<void>;
  /** Makes files of the person's disk known under the path that `file:<path>` names. They stay where they are. */
  addFiles(files: readonly LocalFile[]): Promise<void>;
  /** The graph with the parameters of its older nodes brought up to date. */
  upgrade(document: GraphDocument): Promise<GraphDocument>;
  /** The store of models; an engine of a test may have none. */
  readonly models?: ModelsClient;
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
  run(document: GraphDocument, options: RunOptions, onEvent: (event: RunEvent) => void): Promise<RunOutcome>;
  cancel(): void;
  addFiles(files: readonly LocalFile[]): void;
  upgrade(document: GraphDocument): GraphDocument;
  readonly models: ModelsClient;
}
