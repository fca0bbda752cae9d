import type { EditorSession } from "../store/session.ts";
import { expand } from "../../engine/graph/expand.ts";
import { zoneEndNode } from "../graph/ports.ts";
import { bringUpToDate } from "./upgrade.ts";
import type { ModelsClient } from "../worker/models-client.ts";
import type { BackendChoice, EngineClient, LocalFile, RuntimeInfo } from "../worker/engine-client.ts";

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Starts and cancels runs, and keeps the session's run model up to date. */
export class RunControl {
  readonly #session: EditorSession;
  readonly #client: EngineClient;
  #runtime: RuntimeInfo | undefined;
  #backend: BackendChoice = "auto";
  #ready: Promise<void> | undefined;
  #failure: string | undefined;
  readonly #listeners = new Set<() => void>();
  /** Asked before a run: false when the person does not want what it would fetch. */
  consent: ((only: readonly string[] | undefined) => Promise<boolean>) | undefined;

  constructor(session: EditorSession, client: EngineClient) {
    this.#session = session;
    this.#client = client;
  }

  get runtime(): RuntimeInfo | undefined {
    return this.#runtime;
  }

  get backend(): BackendChoice {
    return this.#backend;
  }

  /** The store of models, where the engine has one. */
  get models(): ModelsClient | undefined {
    return this.#client.models;
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
    this.#ready = this.#client.init({ backend }).then(
      (runtime) => {
        this.#runtime = runtime;
        this.#failure = undefined;
        this.#tell();
      },
      (error: unknown) => {
        this.#ready = undefined;
        this.#failure = wordsOf(error);
        this.#tell();
        throw error;
      },
    );
    return this.#ready;
  }

  /** Runs the graph as it is now, or only some nodes, named by path, with what they need. */
  async run(only?: readonly string[]): Promise<void> {
    const { runs, base, store } = this.#session;
    if (runs.phase !== "idle" || (this.consent && !(await this.#mayFetch(this.consent(only))))) return;
    const { root } = store;
    const { document } = expand(base.description, root);
    const zones = Object.keys(document.zones ?? {}).map((id) => ({
      id,
      begin: zoneEndNode(document, base, id, "begin"),
      end: zoneEndNode(document, base, id, "end"),
    }));
    this.#failure = undefined;
    runs.start(zones, performance.now());
    this.#tell();
    try {
      await this.start();
      const outcome = await this.#client.run(root, only ? { only } : {}, (event) => runs.handle(event));
      if (outcome.kind === "failed") {
        if (outcome.node !== undefined) runs.fail(outcome.node, outcome.message, outcome.port);
        else this.#failure = outcome.message;
      }
      if (outcome.kind === "invalid") this.#failure = outcome.faults.map((fault) => fault.message).join("\n");
      runs.end(outcome.kind === "invalid" ? "failed" : outcome.kind, performance.now());
    } catch (error) {
      this.#failure = wordsOf(error);
      runs.end("failed", performance.now());
    }
    this.#tell();
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
  addFiles(files: readonly LocalFile[]): Promise<void> {
    return this.#client.addFiles(files);
  }

  /** Brings older nodes of the open graph up to date; where that fails, validation names them. */
  async upgrade(): Promise<void> {
    try {
      await bringUpToDate(this.#session, this.#client);
    } catch (error) {
      this.#failure = wordsOf(error);
      this.#tell();
    }
  }

  async cancel(): Promise<void> {
    if (this.#session.runs.phase !== "running") return;
    this.#session.runs.cancelling();
    await this.#client.cancel();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
