import * as tf from "@tensorflow/tfjs";
import { createCache, type RunCache } from "../engine/run/cache.ts";
import { collect, execute, type ExecuteOptions, type RunResult } from "../engine/run/execute.ts";
import type { RunEvent } from "../engine/run/events.ts";
import type { GraphDocument } from "../engine/graph/document.ts";
import { expand, resolveOutput, splitAddress, type Expanded } from "../engine/graph/expand.ts";
import { plan } from "../engine/run/plan.ts";
import type { Plan } from "../engine/run/plan-data.ts";
import { Residency } from "../engine/run/residency.ts";
import type { ParamValue } from "../engine/node/params.ts";
import {
  initRuntime,
  onRuntimeEvent,
  runtimeInfo,
  type RuntimeInfo,
  type RuntimeOptions,
} from "../tensor/runtime.ts";
import { describeNodes } from "./describe.ts";
import { tensorHost } from "./host.ts";
import { carryingGraph } from "./io/carry-graph.ts";
import { readGraph } from "./read-graph.ts";
import { registry } from "./registry.ts";
import { setParams } from "./set-params.ts";
import type { Services } from "./sources/sources.ts";

export interface RunnerOptions {
  readonly services: Services;
  /** Bytes of results that may be kept from run to run. Default 1 GiB; 0 keeps none. */
  readonly cacheBytes?: number;
  /** Called when values of earlier runs are lost: the backend was changed, or its device went away. */
  readonly onReset?: () => void;
}

export interface RunOptions {
  /** `node.param` → value, in place of what the graph holds; in a subgraph `group.node.param`. */
  readonly set?: Readonly<Record<string, ParamValue>>;
  /** Default `auto`. */
  readonly backend?: RuntimeOptions["backend"];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Only these nodes and what they need. */
  readonly only?: string | readonly string[];
  /** Outputs to keep beside those that nothing reads, as `node.port`; `all` for every one. */
  readonly keep?: readonly string[] | "all";
  readonly previews?: ExecuteOptions["previews"];
  readonly gate?: ExecuteOptions["gate"];
  /** Takes up a zone in the middle. */
  readonly resume?: ExecuteOptions["resume"];
  /** Sees every output as it is made. */
  readonly observer?: ExecuteOptions["observer"];
  /** Given the plan, what records its zones. */
  readonly record?: (plan: Plan) => ExecuteOptions["record"];
  /**
   * Bytes that models and the node that runs may take together. Models are unloaded and loaded again to keep to it, with an event
   * that says so. Default: no limit.
   */
  readonly memoryBudget?: number;
}

/** A model whose weights are in memory. */
export interface LoadedModel {
  readonly label: string;
  readonly bytes: number;
}

/** Outputs by node and port. Tensors in it live until `dispose` is called. */
export interface GraphResult extends RunResult {
  /** The graph that ran, with what `set` changed: PNG files that are saved carry it. */
  readonly document: GraphDocument;
  readonly runtime: RuntimeInfo;
  /** The array at `node.port`. @throws Error that lists the outputs, if there is no array of that name. */
  tensor(address: string): tf.Tensor;
}

/** One count for all runners: a listener for each would outlive it. */
let deviceLosses = 0;
onRuntimeEvent((event) => {
  if (event.type === "device-lost") deviceLosses += 1;
});

/** Runs graphs one after the other, and keeps results between the runs. */
export class Runner {
  private readonly services: Services;
  private readonly cache: RunCache | undefined;
  private readonly onReset: () => void;
  private readonly residency = new Residency();
  private readonly description = describeNodes();
  private runtime: { readonly wanted: RunOptions["backend"]; readonly info: RuntimeInfo } | undefined;
  private starting: Promise<void> = Promise.resolve();
  /** {@link deviceLosses} when the backend was last made ready. */
  private lossesSeen = deviceLosses;

  constructor({ services, cacheBytes = 2 ** 30, onReset = () => undefined }: RunnerOptions) {
    this.onReset = onReset;
    this.services = services;
    this.cache = cacheBytes > 0 ? createCache({ budgetBytes: cacheBytes }) : undefined;
  }

  /**
   * Makes the backend ready; a run does it too. Changing it empties the cache: tensors belong to their backend. So does a lost
   * GPU device, in whose place a new one is opened.
   */
  init(wanted: RunOptions["backend"] = "auto"): Promise<RuntimeInfo> {
    // One after the other: of two at once the slower would have the last word, not the later.
    const info = this.starting.then(() => this.begin(wanted));
    this.starting = info.then(
      () => undefined,
      () => undefined,
    );
    return info;
  }

  private async begin(wanted: NonNullable<RunOptions["backend"]>): Promise<RuntimeInfo> {
    const { runtime } = this;
    const isLost = this.lossesSeen !== deviceLosses;
    if (!isLost && runtime?.wanted === wanted && runtime.info === runtimeInfo()) return runtime.info;
    this.cache?.clear();
    this.onReset();
    this.residency.clear();
    this.lossesSeen = deviceLosses;
    const info = await initRuntime({ backend: wanted });
    this.runtime = { wanted, info };
    return info;
  }

  /**
   * Runs a graph.
   *
   * @param graph A document, or the text or JSON of a graph file.
   * @throws {DocumentError} or {InvalidGraphError} with every fault, before anything has run; {EngineError} that names node, port, zone and
   *   iteration; {RunCancelledError} after `signal` was aborted.
   */
  async run(graph: unknown, options: RunOptions = {}): Promise<GraphResult> {
    const document = this.prepare(graph, options.set);
    const { only, signal, previews, gate, resume, observer } = options;
    const expanded = expand(this.description, document);
    const keep =
      options.keep === "all" ? "all" : options.keep?.map((address) => resolveOutput(expanded, address));
    const steps = plan(this.description, document, only === undefined ? {} : { only: [only].flat() });
    const runtime = await this.init(options.backend);
    const record = options.record?.(steps);
    this.residency.budgetBytes = options.memoryBudget;
    const events = execute(steps, {
      registry,
      host: tensorHost,
      services: { ...this.services, files: carryingGraph(this.services.files, document) },
      residency: this.residency,
      ...(this.cache && { cache: this.cache }),
      ...(keep && { keep }),
      ...(signal && { signal }),
      ...(previews !== undefined && { previews }),
      ...(gate && { gate }),
      ...(resume && { resume }),
      ...(observer && { observer }),
      ...(record && { record }),
    });
    const result = await collect(events, options.onEvent);
    const outputs = withSubgraphs(result.outputs, expanded);
    return {
      document,
      outputs,
      dispose: result.dispose,
      runtime,
      tensor: (address) => tensorAt(outputs, address),
    };
  }

  /** The models that are in memory, in the order of their last use. */
  get loadedModels(): readonly LoadedModel[] {
    return this.residency.loaded.map(({ label, bytes }) => ({ label, bytes }));
  }

  /** Frees all results that were kept. */
  clear(): void {
    this.cache?.clear();
    this.residency.clear();
  }

  private prepare(graph: unknown, changes: RunOptions["set"]): GraphDocument {
    const document = readGraph(graph);
    return changes ? setParams(this.description, document, changes) : document;
  }
}

/** The outputs, with those of subgraphs under the subgraph's own name as well. */
function withSubgraphs(outputs: RunResult["outputs"], { outputs: ports }: Expanded): RunResult["outputs"] {
  const all: Record<string, Record<string, unknown>> = { ...outputs };
  for (const [name, source] of ports) {
    const [from, to] = [splitAddress(source), splitAddress(name)];
    const made = outputs[from.node];
    if (made === undefined || !(from.port in made)) continue;
    all[to.node] = { ...all[to.node], [to.port]: made[from.port] };
  }
  return all;
}

function tensorAt(outputs: RunResult["outputs"], address: string): tf.Tensor {
  const { node, port } = splitAddress(address);
  const value = outputs[node]?.[port];
  if (value instanceof tf.Tensor) return value;
  const kept = Object.entries(outputs).flatMap(([id, ports]) =>
    Object.keys(ports).map((name) => `${id}.${name}`),
  );
  throw new Error(
    `There is no array "${address}" among the outputs: ${kept.join(", ")}. Ask for it in \`keep\`.`,
  );
}
