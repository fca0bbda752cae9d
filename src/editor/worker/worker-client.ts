import { proxy, wrap } from "comlink";
import type { StepReport, WireReport, ZoneReport } from "../../nodes/live/reports.ts";
import type { Remote } from "comlink";
import type { ModelsClient } from "./models-client.ts";
import type {
  BackendChoice,
  EngineClient,
  EngineWorker,
  LocalFile,
  MemoryClient,
  Question,
  RunOutcome,
  RuntimeInfo,
  SavedFile,
} from "./engine-client.ts";

export interface WorkerClientOptions {
  readonly pageUrl: string;
  /** Takes the files that nodes save. */
  readonly onFile: (file: SavedFile) => void;
}

/** comlink follows paths at run time, which its types do not know. */
const modelsOf = (remote: Remote<EngineWorker>): Remote<ModelsClient> =>
  remote.models as unknown as Remote<ModelsClient>;

/**
 * The engine in a worker of its own: tfjs and the weights are loaded there and only there. A worker that dies fails the
 * call that is under way, and the next call starts another one.
 */
export function createWorkerClient({ pageUrl, onFile }: WorkerClientOptions): EngineClient {
  let live:
    | { readonly worker: Worker; readonly remote: Remote<EngineWorker>; readonly death: Promise<never> }
    | undefined;
  const files: LocalFile[] = [];
  const allowed: string[] = [];
  let choice: BackendChoice = "auto";
  /** The last start of the engine: what is asked meanwhile waits for it. */
  let ready: Promise<RuntimeInfo> | undefined;

  const start = (): NonNullable<typeof live> => {
    const worker = new Worker(new URL("./engine.worker.ts", import.meta.url), {
      type: "module",
      name: "engine",
    });
    const death = new Promise<never>((_, reject) => {
      worker.addEventListener("error", (event) => {
        // A module that cannot be loaded gives an event without a message.
        const words =
          typeof event.message === "string" && event.message !== ""
            ? event.message
            : "it could not be loaded";
        worker.terminate();
        if (live?.worker === worker) live = ready = undefined;
        reject(new Error(`The engine stopped: ${words}. The next run starts it again.`));
      });
    });
    death.catch(() => undefined);
    return { worker, remote: wrap<EngineWorker>(worker), death };
  };

  const init = (backend: BackendChoice): Promise<RuntimeInfo> => {
    choice = backend;
    // In the order in which they were asked for: a first start has more to say than the next. One that failed is over.
    const before = ready?.then(
      () => undefined,
      () => undefined,
    );
    return (ready = before ? before.then(() => begin(backend)) : begin(backend));
  };

  const begin = async (backend: BackendChoice): Promise<RuntimeInfo> => {
    const isNew = live === undefined;
    live ??= start();
    const { remote, death } = live;
    const tell = async (): Promise<RuntimeInfo> => {
      if (isNew) {
        await remote.addFiles(files);
        await modelsOf(remote).allow(allowed);
      }
      return remote.init(backend, pageUrl, proxy(onFile));
    };
    return Promise.race([tell(), death]);
  };

  /** Hands a call to the engine once it has started; an engine that is not there is started. A worker that dies fails the call. */
  const call = async <T>(act: (remote: Remote<EngineWorker>) => Promise<T>): Promise<T> => {
    await (ready ?? init(choice));
    live ??= start();
    return Promise.race([act(live.remote), live.death]);
  };

  /** The worker's store of models, which is there also where no backend could be started. */
  const models = async <T>(act: (remote: Remote<ModelsClient>) => Promise<T>): Promise<T> => {
    if (!live) await init(choice);
    live ??= start();
    return Promise.race([act(modelsOf(live.remote)), live.death]);
  };

  const memory = <T>(act: (remote: Remote<MemoryClient>) => Promise<T>): Promise<T> =>
    call((remote) => act(remote.memory as unknown as Remote<MemoryClient>));

  const ask = (question: Question): Promise<unknown> => call(async (remote) => remote.ask(question));

  return {
    models: {
      pending: (needs) => models((remote) => remote.pending(needs)),
      measure: (needs) => models((remote) => remote.measure(needs)),
      allow: (names) => {
        allowed.push(...names);
        return models((remote) => remote.allow(names));
      },
      list: () => models((remote) => remote.list()),
      room: () => models((remote) => remote.room()),
      pin: (name, pinned) => models((remote) => remote.pin(name, pinned)),
      remove: (name) => models((remote) => remote.remove(name)),
      check: (name, onProgress) => models((remote) => remote.check(name, proxy(onProgress))),
      resume: (name, onProgress) => models((remote) => remote.resume(name, proxy(onProgress))),
      stop: () => models((remote) => remote.stop()),
    },
    memory: {
      plan: (document) => memory((remote) => remote.plan(document)),
      loaded: () => memory((remote) => remote.loaded()),
    },
    pause: async () => void (await ask({ kind: "pause", args: [] })),
    proceed: async () => void (await ask({ kind: "proceed", args: [] })),
    step: async () => void (await ask({ kind: "step", args: [] })),
    finish: async (...args) => void (await ask({ kind: "finish", args })),
    sampleEvery: async (...args) => void (await ask({ kind: "sampleEvery", args })),
    sample: async (...args) => void (await ask({ kind: "sample", args })),
    inspect: async (...args) => (await ask({ kind: "inspect", args })) as WireReport,
    zones: async () => (await ask({ kind: "zones", args: [] })) as ZoneReport[],
    stepReport: async (...args) => (await ask({ kind: "stepReport", args })) as StepReport,
    saveCheckpoint: async (...args) => (await ask({ kind: "saveCheckpoint", args })) as string,
    init: ({ backend }) => init(backend),
    run: (document, options, onEvent): Promise<RunOutcome> =>
      call<RunOutcome>((remote) => remote.run(document, options, proxy(onEvent))),
    addFiles: async (added) => {
      files.push(...added);
      await live?.remote.addFiles(added);
    },
    upgrade: async (document) => {
      if (!live) await init(choice);
      live ??= start();
      return Promise.race([live.remote.upgrade(document), live.death]);
    },
    cancel: async () => {
      await live?.remote.cancel();
    },
  };
}
