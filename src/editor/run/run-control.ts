import type { GraphDocument } from "../../engine/graph/document.ts";
import type { EditorSession } from "../store/session.ts";
import { expand } from "../../engine/graph/expand.ts";
import { zoneEndNode } from "../graph/ports.ts";
import { bringUpToDate } from "./upgrade.ts";
import type { ModelsClient } from "../worker/models-client.ts";
import type {
  BackendChoice,
  EngineClient,
  LocalFile,
  RunOptions,
  RuntimeInfo,
} from "../worker/engine-client.ts";
import { RunMemory } from "../memory/run-memory.ts";
import { missingFiles } from "./missing.ts";
import { RunHistory, type RunRecord } from "./run-record.ts";
import { RunOnChange } from "./run-on-change.ts";
import { RunQueue } from "./run-queue.ts";
import { nextSeeds, seedValues, type Seeds } from "./seeds.ts";

export interface RunRequest extends RunOptions {
  /** The graph to run in place of the open one: one that was queued. Its seeds are used as they are. */
  readonly document?: GraphDocument;
  /** Runs with the seeds that are shown, whatever their mode. */
  readonly keepSeeds?: boolean;
}

const isList = (request: RunRequest | readonly string[]): request is readonly string[] =>
  Array.isArray(request);

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Starts, holds up and cancels runs, and keeps the session's run model up to date. */
export class RunControl {
  readonly #session: EditorSession;
  readonly client: EngineClient;
  /** The runs of this session. */
  readonly history = new RunHistory();
  readonly memory: RunMemory;
  readonly queue: RunQueue;
  readonly onChange: RunOnChange;
  #usedSeeds: Seeds | undefined;
  /** Paths of the files that the person chose. */
  readonly #files = new Set<string>();
  #sampleEvery: RunOptions["sampleEvery"];
  #running: Promise<void> = Promise.resolve();
  /** The run is in the engine's hands: before that it can be held up or cancelled here only. */
  #isHandedOver = false;
  #isPausing = false;
  #runtime: RuntimeInfo | undefined;
  #backend: BackendChoice = "auto";
  #ready: Promise<void> | undefined;
  #failure: string | undefined;
  readonly #listeners = new Set<() => void>();
  /** Asked before a run: false when the person does not want what it would fetch. */
  consent: ((only: readonly string[] | undefined) => Promise<boolean>) | undefined;

  constructor(session: EditorSession, client: EngineClient) {
    this.#session = session;
    this.client = client;
    this.memory = new RunMemory(client.memory, () => this.start());
    this.queue = new RunQueue(session, this);
    this.onChange = new RunOnChange(session, this);
    this.#findMissing();
    session.store.subscribe(({ cause }) => {
      if (cause !== "scope") this.#findMissing();
    });
  }

  get runtime(): RuntimeInfo | undefined {
    return this.#runtime;
  }

  get backend(): BackendChoice {
    return this.#backend;
  }

  /** The store of models, where the engine has one. */
  get models(): ModelsClient | undefined {
    return this.client.models;
  }

  /** What went wrong outside any node, in words. */
  get failure(): string | undefined {
    return this.#failure;
  }

  clearFailure(): void {
    this.#failure = undefined;
    this.#tell();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts the engine. Later calls wait for the same start. */
  start(backend: BackendChoice = this.#backend): Promise<void> {
    if (this.#ready && backend === this.#backend) return this.#ready;
    this.#backend = backend;
    this.#runtime = undefined;
    this.#tell();
    const ready: Promise<void> = this.client.init({ backend }).then(
      (runtime) => {
        // Another backend was chosen meanwhile: what this one says is out of date.
        if (this.#ready !== ready) return this.#ready;
        this.#runtime = runtime;
        this.#failure = undefined;
        this.#tell();
      },
      (error: unknown) => {
        if (this.#ready !== ready) return this.#ready;
        this.#ready = undefined;
        this.#failure = wordsOf(error);
        this.#tell();
        throw error;
      },
    );
    this.#ready = ready;
    return ready;
  }

  /** Resolves when no run goes on. */
  idle(): Promise<void> {
    return this.#running;
  }

  /** The seeds of the last run that was started. */
  get usedSeeds(): Seeds | undefined {
    return this.#usedSeeds;
  }

  /**
   * Runs the graph as it is now, or only some nodes, named by path, with what they need. Seeds that are to change do so before it starts.
   *
   * @returns The record of the run; undefined when one goes on already.
   */
  async run(request: RunRequest | readonly string[] = {}): Promise<RunRecord | undefined> {
    if (this.#isBusy()) return undefined;
    const only = isList(request) ? request : request.only;
    if (this.consent && !(await this.#mayFetch(this.consent(only)))) return undefined;
    // Another run may have begun while the person was asked.
    if (this.#isBusy()) return undefined;
    const {
      document: given,
      keepSeeds = false,
      ...options
    }: RunRequest = isList(request) ? { only: request } : request;
    if (given === undefined && !keepSeeds && options.resume === undefined) this.#changeSeeds();
    const sampleEvery = this.#sampleEvery && { sampleEvery: this.#sampleEvery };
    const work = this.#run(given ?? this.#session.store.root, { ...sampleEvery, ...options });
    this.#running = work.then(
      () => undefined,
      () => undefined,
    );
    return work;
  }

  #isBusy(): boolean {
    return this.#session.runs.phase !== "idle";
  }

  #changeSeeds(): void {
    const { store, base } = this.#session;
    store.executeRoot("Seed of the next run", nextSeeds(store.root, base, this.#usedSeeds), "next seed");
  }

  /** @param root a whole graph, with its subgraphs. */
  async #run(root: GraphDocument, options: RunOptions): Promise<RunRecord> {
    const { runs, base } = this.#session;
    const { document } = expand(base.description, root);
    const zones = Object.keys(document.zones ?? {}).map((id) => ({
      id,
      begin: zoneEndNode(document, base, id, "begin"),
      end: zoneEndNode(document, base, id, "end"),
    }));
    const seeds = seedValues(root, base);
    const startedAt = Date.now();
    this.#usedSeeds = seeds;
    this.#failure = undefined;
    this.#isHandedOver = this.#isPausing = false;
    runs.start(zones, performance.now(), options.resume?.zone);
    this.#tell();
    const kind = await this.#inEngine(root, options);
    this.#isHandedOver = this.#isPausing = false;
    void this.memory.refresh();
    runs.end(kind, performance.now());
    const { only, resume } = options;
    const record = this.history.add({
      startedAt,
      ms: runs.summary?.ms ?? 0,
      kind,
      document: root,
      seeds,
      backend: this.#runtime?.backend ?? this.#backend,
      ...(only && { only }),
      ...(resume && { resume }),
    });
    this.#tell();
    return record;
  }

  /** @returns how the run ended; what went wrong outside any node becomes the failure. */
  async #inEngine(root: GraphDocument, options: RunOptions): Promise<RunRecord["kind"]> {
    const { runs } = this.#session;
    try {
      await this.start();
      const { memory } = this;
      await memory.begin(root);
      // While the engine was starting the run may have been cancelled, or asked to wait.
      if (runs.phase === "cancelling") return "cancelled";
      this.#isHandedOver = true;
      const outcome = await this.client.run(
        root,
        {
          ...options,
          ...(this.#isPausing && { paused: true }),
          ...(memory.budget !== undefined && { memoryBudget: memory.budget }),
        },
        (event) => {
          if (event.type === "held") this.#isPausing = false;
          memory.handle(event);
          runs.handle(event);
        },
      );
      if (outcome.kind === "failed") {
        if (outcome.node !== undefined) runs.fail(outcome.node, outcome.message, outcome.port);
        else this.#failure = outcome.message;
      }
      if (outcome.kind === "invalid") this.#failure = outcome.faults.map((fault) => fault.message).join("\n");
      return outcome.kind === "invalid" ? "failed" : outcome.kind;
    } catch (error) {
      this.#failure = wordsOf(error);
      return "failed";
    }
  }

  /** Whether the run was asked to wait, and has not come to a step yet. */
  get isPausing(): boolean {
    return this.#isPausing;
  }

  /** Holds the run up before the next step of a loop, or lets it go on. */
  async pauseOrProceed(): Promise<void> {
    const { runs } = this.#session;
    if (runs.phase !== "running") return;
    const isGoingOn = runs.held !== undefined || this.#isPausing;
    this.#isPausing = !isGoingOn;
    this.#tell();
    await this.#ask(isGoingOn ? "proceed" : "pause");
  }

  /** Of an engine that dies meanwhile the run itself tells. */
  async #ask(what: "pause" | "proceed" | "step" | "cancel"): Promise<void> {
    if (this.#isHandedOver) await this.client[what]().catch(() => undefined);
  }

  /** How often a training is sampled while it goes on. */
  get sampleEvery(): RunOptions["sampleEvery"] {
    return this.#sampleEvery;
  }

  /** @param iterations 0 for never. Takes effect at once, and in later runs. */
  async setSampleEvery(zone: string, iterations: number): Promise<void> {
    this.#sampleEvery = iterations > 0 ? { zone, iterations } : undefined;
    this.#tell();
    await this.client.sampleEvery(zone, iterations);
  }

  /** Lets one step of a loop through. */
  async step(): Promise<void> {
    const { runs } = this.#session;
    if (runs.phase !== "running") return;
    this.#isPausing = runs.held === undefined;
    this.#tell();
    await this.#ask("step");
  }

  async #mayFetch(answer: Promise<boolean>): Promise<boolean> {
    try {
      return await answer;
    } catch (error) {
      this.#failure = wordsOf(error);
      this.#tell();
      return false;
    }
  }

  /** Files of the person's disk, for sources that name them. */
  async addFiles(files: readonly LocalFile[]): Promise<void> {
    await this.client.addFiles(files);
    for (const { path } of files) this.#files.add(path);
    this.#findMissing();
  }

  #findMissing(): void {
    const { expanded, base } = this.#session;
    this.#session.setMissing(missingFiles(expanded, base, this.#files));
  }

  /** Brings older nodes of the open graph up to date; where that fails, validation names them. */
  async upgrade(): Promise<void> {
    try {
      await bringUpToDate(this.#session, this.client);
    } catch (error) {
      this.#failure = wordsOf(error);
      this.#tell();
    }
  }

  async cancel(): Promise<void> {
    if (this.#session.runs.phase !== "running") return;
    this.#session.runs.cancelling();
    await this.#ask("cancel");
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
