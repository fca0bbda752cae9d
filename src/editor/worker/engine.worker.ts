import { expose } from "comlink";
import { DocumentError } from "../../engine/graph/parse.ts";
import { EngineError, InvalidGraphError } from "../../engine/run/errors.ts";
import { readGraph } from "../../nodes/read-graph.ts";
import { LiveSession } from "../../nodes/live/live-session.ts";
import { webServices } from "../../nodes/sources/web-sources.ts";
import { reportResources } from "../offline/report-resources.ts";
import type { BackendChoice, EngineWorker, Question, RunOutcome } from "./engine-client.ts";
import { isAllowed, storeOfBrowser, workerModels } from "./worker-models.ts";

/** Previews of a running zone come at most this often: more than the eye needs costs time that the run wants. */
const PREVIEW_MS = 120;

/** By the path that `file:<path>` names. */
const local = new Map<string, File>();
let session: LiveSession | undefined;
let backend: BackendChoice = "auto";
let controller: AbortController | undefined;
/** Of the plan that is being made; a run does not wait for it. */
let planning: AbortController | undefined;
let running: Promise<unknown> = Promise.resolve();
/** Until the run before the one that was asked for last is over. */
let before: Promise<void> = Promise.resolve();

const engine: EngineWorker = {
  async init(choice, pageUrl, onFile) {
    backend = choice;
    // Awaited before the test: two calls at once must not make two sessions.
    const store = await storeOfBrowser();
    session ??= new LiveSession({
      services: webServices({
        baseUrl: pageUrl,
        local,
        store,
        allow: isAllowed,
        files: {
          write: (path, bytes) => {
            onFile({ name: path.split("/").at(-1) ?? path, bytes });
            return Promise.resolve();
          },
        },
      }),
    });
    const { backend: name, reason, adapter } = await session.init(choice);
    const label = adapter ? adapter.description || adapter.device || adapter.vendor : "";
    return { backend: name, reason, ...(label === "" || name !== "webgpu" ? {} : { adapter: label }) };
  },

  async run(document, options, onEvent) {
    if (!session) return { kind: "failed", message: "The engine has not been started." };
    controller?.abort();
    planning?.abort();
    controller = new AbortController();
    const { signal } = controller;
    await (before = running.then(
      () => undefined,
      () => undefined,
    ));
    // The outcome must not overtake the last event: they travel on different ports.
    let told: unknown;
    const work = session.run(document, {
      ...options,
      backend,
      signal,
      onEvent: (event) => (told = onEvent(event)),
      previews: { everyMs: PREVIEW_MS },
    });
    running = work;
    const outcome = await work.then(
      (): RunOutcome => ({ kind: "done" }),
      (error: unknown) => outcomeOf(error, signal.aborted),
    );
    await told;
    return outcome;
  },

  async ask(question) {
    // What is asked of a run that waits for the one before it is not to be answered by that one.
    await before;
    if (!session) throw new Error("The engine has not been started.");
    return answer(session, question);
  },

  addFiles(files) {
    for (const { path, file } of files) local.set(path, file);
  },

  upgrade: (document) => readGraph(document),

  models: workerModels,

  memory: {
    async plan(document) {
      if (!session) throw new Error("The engine has not been started.");
      planning = new AbortController();
      return session.planMemory(document, { backend, signal: planning.signal });
    },
    loaded: () => Promise.resolve(session?.loadedModels() ?? []),
  },

  cancel() {
    controller?.abort();
  },
};

function answer(live: LiveSession, question: Question): unknown {
  switch (question.kind) {
    case "inspect":
      return live.inspect(...question.args);
    case "stepReport":
      return live.stepReport(...question.args);
    case "saveCheckpoint":
      return live.saveCheckpoint(...question.args);
    case "sample":
      return live.sample(...question.args);
    case "sampleEvery":
      return live.sampleEvery(...question.args);
    case "finish":
      return live.finish(...question.args);
    case "zones":
    case "pause":
    case "proceed":
    case "step":
      return live[question.kind]();
  }
}

function outcomeOf(error: unknown, aborted: boolean): RunOutcome {
  if (error instanceof EngineError) {
    if (error.name === "AbortError") return { kind: "cancelled" };
    const { message, node, port } = error;
    return {
      kind: "failed",
      message,
      ...(node === undefined ? {} : { node }),
      ...(port === undefined ? {} : { port }),
    };
  }
  if (error instanceof InvalidGraphError) return { kind: "invalid", faults: error.faults };
  if (error instanceof DocumentError)
    return { kind: "invalid", faults: error.faults.map(({ message }) => ({ message })) };
  if (aborted) return { kind: "cancelled" };
  return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
}

expose(engine);
reportResources();
