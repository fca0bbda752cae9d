import { expand } from "../../engine/graph/expand.ts";
import { EngineError } from "../../engine/run/errors.ts";
import type { RunEvent } from "../../engine/run/events.ts";
import { RunGate } from "../../engine/run/gate.ts";
import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Plan } from "../../engine/run/plan-data.ts";
import type { GatePoint } from "../../engine/run/pass-gate.ts";
import type { RuntimeInfo, RuntimeOptions } from "../../tensor/runtime.ts";
import { describeNodes } from "../describe.ts";
import { saveValue } from "../io/save-value.ts";
import { planMemory, type MemoryPlan } from "../memory/plan-memory.ts";
import { Runner, type LoadedModel } from "../runner.ts";
import type { Services } from "../sources/sources.ts";
import { Recording } from "./recording.ts";
import type { StepReport, WireReport, ZoneReport } from "./reports.ts";
import { samplingTargets } from "./sampling-targets.ts";
import { WireStore } from "./wire-store.ts";

/** What somebody who watches a run hears: the run's own events, and when it is held up. */
export type LiveEvent =
  | RunEvent
  | { readonly type: "held"; readonly zone: string; readonly index: number }
  | { readonly type: "released" }
  /** The rest of the graph is run with what the loop has carried so far. */
  | { readonly type: "sampling"; readonly zone: string; readonly index: number }
  | { readonly type: "sampled"; readonly zone: string; readonly index: number; readonly error?: string };

export interface LiveRunOptions {
  readonly backend?: RuntimeOptions["backend"];
  readonly signal?: AbortSignal;
  readonly only?: readonly string[];
  /** Outputs whose values are kept for inspection whatever their size, as `node.port`. */
  readonly keep?: readonly string[];
  /** Takes a recorded loop up again at an iteration. */
  readonly resume?: { readonly zone: string; readonly index: number };
  /** Runs loops again that are not recorded, though their results are known. */
  readonly record?: boolean;
  /** Samples with the weights in training every so many iterations. */
  readonly sampleEvery?: { readonly zone: string; readonly iterations: number };
  /** Holds the run up before its first iteration. */
  readonly paused?: boolean;
  readonly previews?: { readonly everyMs: number };
  /** Bytes that models and the node that runs may take together; no limit where it is left out. */
  readonly memoryBudget?: number;
  readonly onEvent?: (event: LiveEvent) => void;
}

export interface LiveSessionOptions {
  readonly services: Services;
  /** Bytes of results from run to run. */
  readonly cacheBytes?: number;
  /** Bytes of values kept for wire inspection. */
  readonly inspectBytes?: number;
  /** Bytes that the recording of one loop may hold. */
  readonly recordBytes?: number;
}

const MB = 2 ** 20;

/**
 * Runs that a person watches: held up, stepped, ended early, looked into on every wire, scrubbed through and taken up again at
 * a step. One run at a time.
 */
export class LiveSession {
  readonly #runner: Runner;
  readonly #services: Services;
  readonly #wires: WireStore;
  readonly #recording: Recording;
  readonly #gate: RunGate;
  #document: GraphDocument | undefined;
  #plan: Plan | undefined;
  #options: LiveRunOptions = {};
  #sampleEvery: LiveRunOptions["sampleEvery"];
  #isRunning = false;
  #isHeld = false;
  /** The loop that is to be sampled before its next iteration. */
  #sampleNext: string | undefined;

  constructor({ services, cacheBytes, inspectBytes = 256 * MB, recordBytes = 192 * MB }: LiveSessionOptions) {
    this.#services = services;
    this.#wires = new WireStore({ largestBytes: Math.min(64 * MB, inspectBytes), budgetBytes: inspectBytes });
    this.#recording = new Recording(recordBytes);
    this.#gate = new RunGate((state) => {
      this.#isHeld = state.kind === "held";
      this.#tell(
        state.kind === "open" ? { type: "released" } : { type: "held", zone: state.zone, index: state.index },
      );
    });
    this.#runner = new Runner({
      services,
      ...(cacheBytes !== undefined && { cacheBytes }),
      onReset: () => {
        this.#wires.clear();
        this.#recording.clear();
      },
    });
  }

  /** Makes the backend ready. */
  init(backend?: RuntimeOptions["backend"]): Promise<RuntimeInfo> {
    return this.#runner.init(backend);
  }

  /** Runs a graph to its end; see {@link Runner.run} for what it throws. */
  async run(document: GraphDocument, options: LiveRunOptions = {}): Promise<void> {
    const { resume, keep = [], record = false, only, signal, backend, previews, memoryBudget } = options;
    this.#document = document;
    this.#options = options;
    this.#gate.reset((point) => this.#sampleIfDue(point));
    if (options.paused === true) this.#gate.pause();
    this.#isRunning = true;
    this.#isHeld = false;
    this.#sampleEvery = options.sampleEvery;
    this.#wires.pin(keep);
    try {
      const point = resume && this.#recording.at(resume.zone, resume.index);
      const result = await this.#runner.run(document, {
        ...(backend && { backend }),
        ...(signal && { signal }),
        ...(only && { only }),
        // Who goes step by step wants to see each.
        ...(previews && { previews: { ...previews, always: () => this.#gate.isClosed } }),
        ...(memoryBudget !== undefined && { memoryBudget }),
        keep,
        gate: this.#gate.pass,
        observer: this.#wires,
        record: (plan) => {
          this.#plan = plan;
          return this.#recording.prepare(plan, record);
        },
        ...(resume &&
          point && { resume: { zone: resume.zone, fromIteration: resume.index, carry: point.carry } }),
        onEvent: (event) => this.#tell(event),
      });
      result.dispose();
    } catch (error) {
      // What a loop had carried is in its recording.
      if (error instanceof EngineError) error.partial?.dispose();
      throw error;
    } finally {
      this.#isRunning = false;
      this.#isHeld = false;
      this.#sampleNext = undefined;
    }
  }

  /** What a run of the graph will need of memory; between runs only. @throws as {@link planMemory} does. */
  planMemory(
    document: GraphDocument,
    options: Pick<LiveRunOptions, "backend" | "signal">,
  ): Promise<MemoryPlan> {
    if (this.#isRunning) return Promise.reject(new Error("A run goes on; ask again when it has ended."));
    return planMemory(this.#runner, document, options);
  }

  /** The models that are in memory. */
  loadedModels(): readonly LoadedModel[] {
    return this.#runner.loadedModels;
  }

  /** Holds the run up before its next iteration. */
  pause(): void {
    this.#gate.pause();
  }

  /** Lets a run that is held up go on. */
  proceed(): void {
    this.#gate.open();
  }

  /** Lets one iteration through. */
  step(): void {
    this.#gate.step();
  }

  /** Ends a loop before its next iteration; the rest of the graph runs with what it has. */
  finish(zone: string): void {
    this.#gate.finish(zone);
  }

  /** Changes how often a loop is sampled while it goes on; 0 for never. */
  sampleEvery(zone: string, iterations: number): void {
    this.#sampleEvery = iterations > 0 ? { zone, iterations } : undefined;
  }

  /** What is known of the wire that comes out of `node.port`. */
  inspect(address: string): Promise<WireReport> {
    return this.#wires.report(address);
  }

  /** What is recorded. */
  zones(): ZoneReport[] {
    return this.#recording.zones();
  }

  /** One recorded iteration. @throws Error that says which are there. */
  stepReport(zone: string, index: number): Promise<StepReport> {
    return this.#recording.report(zone, index);
  }

  /**
   * Runs what follows a loop with what it has carried so far: pictures of a network in training. While the loop runs it is done
   * before its next iteration.
   *
   * @throws Error in words, if nothing follows that can be run by itself.
   */
  async sample(zone: string): Promise<void> {
    const point = this.#recording.newest(zone);
    if (this.#isRunning && !this.#isHeld) {
      this.#sampleNext = zone;
      return;
    }
    if (point === undefined) throw new Error(`Nothing is recorded of the loop "${zone}": run it first.`);
    await this.#sample(zone, point.index, point.carry);
  }

  /**
   * Writes a network that a loop carries, as safetensors.
   *
   * @param name carried name, for example `ema`.
   * @param index iteration; the newest where it is left out.
   */
  async saveCheckpoint(zone: string, name: string, index?: number): Promise<string> {
    const point = index === undefined ? this.#recording.newest(zone) : this.#recording.at(zone, index);
    if (point === undefined) throw new Error(`Nothing is recorded of the loop "${zone}": run it first.`);
    const path = `${name}-step-${String(point.index)}.safetensors`;
    await saveValue(this.#services.files, path, point.carry[name]);
    return path;
  }

  /** Lets go of everything that is kept for looking at. */
  clear(): void {
    this.#wires.clear();
    this.#recording.clear();
    this.#runner.clear();
  }

  async #sampleIfDue({ zone, index }: GatePoint): Promise<void> {
    const every = this.#sampleEvery;
    const isDue = every?.zone === zone && index > 0 && index % every.iterations === 0;
    if (!isDue && this.#sampleNext !== zone) return;
    this.#sampleNext = undefined;
    const point = this.#recording.newest(zone);
    if (point?.index !== index) return;
    await this.#sample(zone, index, point.carry).catch(() => undefined);
  }

  async #sample(zone: string, index: number, carry: Readonly<Record<string, unknown>>): Promise<void> {
    const step = this.#plan?.steps.find((one) => one.kind === "zone" && one.zone === zone);
    if (this.#document === undefined || step?.kind !== "zone") return;
    this.#tell({ type: "sampling", zone, index });
    let error: string | undefined;
    try {
      const description = describeNodes();
      const targets = samplingTargets(
        expand(description, this.#document).document,
        description,
        step.end.node,
        step.carry.map(({ name }) => name),
      );
      if (targets.length === 0)
        throw new Error(
          "Nothing follows the loop that can be run by itself: wire its network into a sampler.",
        );
      const { backend, signal, previews = { everyMs: 250 }, memoryBudget } = this.#options;
      const result = await this.#runner.run(this.#document, {
        ...(backend && { backend }),
        ...(signal?.aborted === false && { signal }),
        ...(memoryBudget !== undefined && { memoryBudget }),
        previews,
        only: targets,
        resume: { zone, fromIteration: index, carry },
        gate: (point) => (point.zone === zone ? "finish" : undefined),
        onEvent: (event) => {
          if (event.type === "preview") this.#tell(event);
        },
      });
      result.dispose();
    } catch (caught) {
      if (caught instanceof EngineError) caught.partial?.dispose();
      error = caught instanceof Error ? caught.message : String(caught);
      throw caught;
    } finally {
      this.#tell({ type: "sampled", zone, index, ...(error !== undefined && { error }) });
    }
  }

  #tell(event: LiveEvent): void {
    this.#options.onEvent?.(event);
  }
}
