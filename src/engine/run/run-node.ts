import type { ErasedArguments, NodeDefinition, Ports, Preview } from "../node/define-node.ts";
import { checkParam } from "../node/param-check.ts";
import { PartialOutputsError } from "../node/partial-outputs.ts";
import { EngineError } from "./errors.ts";
import type { RunReason } from "./events.ts";
import { hold, letGo, type Held } from "./ownership.ts";
import { passGate, type Gate } from "./pass-gate.ts";
import type { NodeStep, Step } from "./plan-data.ts";
import { MemoryWatch, type MemoryOptions } from "./memory-watch.ts";
import { bytesIn, checkOutputs, isSound, readInput, storeOutputs } from "./ports.ts";
import type { RunState } from "./state.ts";

export interface NodeRunnerOptions {
  reasonOf(node: string): RunReason;
  /** Milliseconds between two previews of one node in a loop; left out for no previews at all. */
  readonly previewEveryMs?: () => number;
  readonly gate?: Gate | undefined;
  readonly memory?: MemoryOptions | undefined;
}

interface Ready {
  readonly args: ErasedArguments;
  /** Values that a conversion made, freed when the node is done. */
  readonly converted: Held[];
  close(): void;
}

/** Runs single nodes: collects inputs, calls the definition, checks and stores what it returns. */
export class NodeRunner {
  readonly #state: RunState;
  readonly #options: NodeRunnerOptions;
  /** Deferred steps that ran since their list began. */
  readonly #ran = new Set<NodeStep>();
  /** When each node last showed a preview, and how long that took. */
  readonly #previewed = new Map<string, { readonly at: number; readonly ms: number }>();
  readonly #memory: MemoryWatch;

  constructor(state: RunState, options: NodeRunnerOptions) {
    this.#state = state;
    this.#options = options;
    this.#memory = new MemoryWatch(state, options.memory);
  }

  /** Forgets which deferred steps of the list have run: a new iteration begins. */
  reset(list: readonly Step[]): void {
    for (const step of list) if (step.kind === "node" && step.deferred !== undefined) this.#ran.delete(step);
  }

  hasRun(step: NodeStep): boolean {
    return this.#ran.has(step);
  }

  /** Runs one step of a list, which has been announced. Answers at once where nothing in it has to wait. */
  run(step: NodeStep, list: readonly Step[], last = false): void | Promise<void> {
    const loading = this.#acquire(step, list);
    return loading === undefined
      ? this.#runLoaded(step, list, last)
      : loading.then(() => this.#runLoaded(step, list, last));
  }

  /** Brings what the step reads into memory. */
  #acquire(step: NodeStep, list: readonly Step[]): Promise<void> | undefined {
    try {
      return this.#memory.acquire(step, list)?.catch((error: unknown) => {
        throw this.#state.locate(error, step);
      });
    } catch (error) {
      throw this.#state.locate(error, step);
    }
  }

  #runLoaded(step: NodeStep, list: readonly Step[], last: boolean): void | Promise<void> {
    const definition = this.#definition(step);
    if (definition.runAsync !== undefined) return this.#runAsync(step, definition, list, last);
    const ready = this.#runSync(step, definition, list, false);
    const { host } = this.#state;
    const check = host.afterNode?.();
    if (
      check !== undefined ||
      (definition.preview !== undefined && this.#options.previewEveryMs !== undefined)
    ) {
      return this.#after(step, definition, ready, check, last);
    }
    this.#finish(ready);
  }

  async #after(
    step: NodeStep,
    definition: NodeDefinition,
    ready: Ready,
    check: void | Promise<void>,
    last: boolean,
  ): Promise<void> {
    try {
      await check;
      await this.#preview(step, definition, ready, last);
    } catch (error) {
      throw this.#state.locate(error, step);
    } finally {
      this.#finish(ready);
    }
  }

  async #runAsync(
    step: NodeStep,
    definition: NodeDefinition,
    list: readonly Step[],
    last: boolean,
  ): Promise<void> {
    const started = this.#start(step);
    const ready = this.#prepare(step, definition, list, false);
    try {
      const outputs = (await definition.runAsync?.(ready.args)) ?? {};
      // Outside a scope nobody else frees what a faulty result holds, so its sound parts are taken over first.
      storeOutputs(
        this.#state,
        step.outputs.filter((output) => isSound(this.#state, output, outputs)),
        outputs,
      );
      checkOutputs(this.#state, step, outputs);
      await this.#state.host.afterNode?.();
      this.#finished(step, started);
      await this.#preview(step, definition, ready, last);
    } catch (error) {
      const located = this.#state.locate(error, step);
      if (error instanceof PartialOutputsError)
        keepPartial(located, step.node, definition.outputs, error.outputs);
      throw located;
    } finally {
      this.#finish(ready);
    }
  }

  #runSync(step: NodeStep, definition: NodeDefinition, list: readonly Step[], insideThunk: boolean): Ready {
    const { host } = this.#state;
    const started = this.#start(step);
    const ready = this.#prepare(step, definition, list, insideThunk);
    try {
      const call = (): Record<string, unknown> => {
        const outputs = definition.run?.(ready.args) ?? {};
        checkOutputs(this.#state, step, outputs);
        return outputs;
      };
      const outputs = insideThunk ? call() : host.scope(call);
      if (insideThunk) for (const { port } of step.outputs) host.keep(outputs[port]);
      storeOutputs(this.#state, step.outputs, outputs);
    } catch (error) {
      this.#finish(ready);
      throw this.#state.locate(error, step);
    }
    ready.close();
    this.#finished(step, started);
    return ready;
  }

  /** Tells that the step is about to run. Separate from {@link run}, so that readers hear of it before a long one. */
  announce(step: NodeStep): void {
    this.#state.emit({ type: "nodeStarted", node: step.node, reason: this.#options.reasonOf(step.node) });
  }

  #start(step: NodeStep): number {
    if (step.deferred !== undefined) this.#ran.add(step);
    return performance.now();
  }

  #finished(step: NodeStep, started: number): void {
    this.#state.emit({
      type: "nodeFinished",
      node: step.node,
      ms: performance.now() - started,
      bytes: bytesIn(this.#state, step.outputs),
      cached: false,
      reason: this.#options.reasonOf(step.node),
    });
  }

  #finish({ converted }: Ready): void {
    for (const held of converted.splice(0)) letGo(held);
  }

  #definition(step: NodeStep): NodeDefinition {
    const definition = this.#state.registry.nodes.get(step.type);
    if (definition === undefined || definition.version !== step.version) {
      throw new EngineError(
        `its type "${step.type}", version ${step.version}, is not in the registry.`,
        this.#state.place(step),
      );
    }
    return definition;
  }

  #prepare(step: NodeStep, definition: NodeDefinition, list: readonly Step[], insideThunk: boolean): Ready {
    const converted: Held[] = [];
    let open = true;
    const inputs: Record<string, unknown> = {};
    const params: Record<string, unknown> = { ...step.params };
    for (const name of Object.keys(definition.inputs)) inputs[name] = undefined;
    for (const input of step.inputs) {
      if (input.lazy !== undefined) {
        let answer: { readonly value: unknown } | undefined;
        inputs[input.port] = (): unknown => {
          if (!open) {
            const reason = `its lazy input "${input.port}" was asked for after it had run.`;
            throw new EngineError(reason, this.#state.place(step, input.port));
          }
          if (answer === undefined) {
            this.#evaluate(input.lazy ?? [], list);
            answer = { value: readInput(this.#state, step, input, converted, true) };
          }
          return answer.value;
        };
        continue;
      }
      const value = readInput(this.#state, step, input, converted, insideThunk);
      if (input.param !== true) inputs[input.port] = value;
      else if (value !== undefined)
        params[input.port] = this.#checkedParam(step, definition, input.port, value);
    }
    return {
      args: {
        inputs,
        params,
        context: {
          ...this.#state.context(step.node),
          preview: (make, last = false) => this.#showPreview(step.node, make, last),
          pass: (index) => passGate(this.#state, this.#options.gate, { zone: step.node, index }),
        },
      },
      converted,
      close: () => (open = false),
    };
  }

  #evaluate(positions: readonly number[], list: readonly Step[]): void {
    for (const position of positions) {
      const step = list[position];
      if (step?.kind !== "node" || this.#ran.has(step)) continue;
      this.announce(step);
      this.#finish(this.#runSync(step, this.#definition(step), list, true));
    }
  }

  #checkedParam(step: NodeStep, definition: NodeDefinition, name: string, value: unknown): unknown {
    const spec = definition.params[name];
    const reason = spec === undefined ? undefined : checkParam(spec, value);
    if (reason !== undefined) throw new EngineError(`"${name}" ${reason}.`, this.#state.place(step, name));
    return value;
  }

  async #preview(step: NodeStep, definition: NodeDefinition, { args }: Ready, last: boolean): Promise<void> {
    const outputs = (): Record<string, unknown> =>
      Object.fromEntries(step.outputs.map(({ port, slot }) => [port, this.#state.held(slot)?.value]));
    await this.#showPreview(
      step.node,
      () => definition.preview?.({ inputs: args.inputs, params: args.params, outputs: outputs() }),
      last,
    );
  }

  /** Shows a preview if one is due: spaced, and so that previews take a tenth of the time at most. */
  async #showPreview(
    node: string,
    make: () => Promise<Preview | undefined> | undefined,
    last: boolean,
  ): Promise<void> {
    const every = this.#options.previewEveryMs?.();
    if (every === undefined) return;
    const started = performance.now();
    const before = this.#previewed.get(node);
    // At 0 every one is wanted, whatever it costs.
    const pause = every === 0 || before === undefined ? 0 : Math.max(every, 9 * before.ms);
    if (before !== undefined && started - before.at < pause && !last) return;
    try {
      const preview = await make();
      const now = performance.now();
      this.#previewed.set(node, { at: now, ms: now - started });
      if (preview === undefined) return;
      this.#state.previews.set(node, preview);
      this.#state.emit({ type: "preview", node, preview });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#state.emit({ type: "warning", node, message: `No preview: ${reason}` });
    }
  }
}

/** Hangs what a broken node could save on its error. A run that was cancelled wants nothing of it, but frees it too. */
function keepPartial(
  error: EngineError,
  node: string,
  ports: Ports,
  outputs: Readonly<Record<string, unknown>>,
): void {
  const values = Object.entries(outputs).filter(([port, value]) => ports[port]?.type.guard(value) === true);
  const held = values.map(([port, value]) => hold(value, ports[port]?.type));
  error.partial = {
    outputs: { [node]: Object.fromEntries(values) },
    dispose: () => {
      for (const one of held.splice(0)) letGo(one);
    },
  };
}
