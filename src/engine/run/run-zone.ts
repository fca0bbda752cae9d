import type { IterationScalars, ZoneDriver } from "../node/define-zone.ts";
import { checkParam } from "../node/param-check.ts";
import { EngineError, type PartialResult } from "./errors.ts";
import type { RunReason } from "./events.ts";
import { borrow, hold, letGo, type Held } from "./ownership.ts";
import type { Step, ZoneStep } from "./plan-data.ts";
import { passGate, type Gate } from "./pass-gate.ts";
import { bytesIn, checkOutputs, readInput, storeOutputs } from "./ports.ts";
import type { NodeRunner } from "./run-node.ts";
import type { Recorder } from "./recorder.ts";
import type { RunState } from "./state.ts";

/** Where to take up a zone again: its iteration `fromIteration` begins with the carried values `carry`. */
export interface ResumePoint {
  /** A zone at top level. */
  readonly zone: string;
  readonly fromIteration: number;
  /** Every carried value by name. They stay the caller's. */
  readonly carry: Readonly<Record<string, unknown>>;
}

export interface ZoneRunnerOptions {
  reasonOf(node: string): RunReason;
  readonly gate: Gate | undefined;
  readonly recorder: Recorder | undefined;
  readonly resume: ResumePoint | undefined;
}

const nothing: Held = { value: undefined, type: undefined };

/** Runs lists of steps, and zones as loops over such lists. */
export class ZoneRunner {
  readonly #state: RunState;
  readonly #nodes: NodeRunner;
  readonly #options: ZoneRunnerOptions;

  constructor(state: RunState, nodes: NodeRunner, options: ZoneRunnerOptions) {
    this.#state = state;
    this.#nodes = nodes;
    this.#options = options;
  }

  async runStep(step: Step, list: readonly Step[], last = false): Promise<void> {
    if (step.kind === "zone") return this.runZone(step);
    if (step.deferred !== undefined && (this.#nodes.hasRun(step) || !step.deferred.alsoEager)) return;
    await this.#state.breathe();
    this.#nodes.announce(step);
    await this.#state.channel.drained();
    this.#state.checkCancelled();
    await this.#nodes.run(step, list, last);
  }

  async #runList(list: readonly Step[], last: boolean): Promise<void> {
    this.#nodes.reset(list);
    for (const step of list) {
      await this.runStep(step, list, last);
      this.#state.clear(step.release);
    }
  }

  async runZone(step: ZoneStep): Promise<void> {
    const state = this.#state;
    const { begin, end } = step;
    const reasonOf = (node: string): RunReason => this.#options.reasonOf(node);
    const started = performance.now();
    state.emit({ type: "nodeStarted", node: begin.node, reason: reasonOf(begin.node) });
    await state.breathe();
    const converted: Held[] = [];
    let driver: ZoneDriver | undefined;
    try {
      await this.#runList(step.before, false);
      driver = await this.#startDriver(step, converted);
      state.emit({
        type: "nodeFinished",
        node: begin.node,
        ms: performance.now() - started,
        bytes: 0,
        cached: false,
        reason: reasonOf(begin.node),
      });
      const carry = await this.#loop(step, driver);
      state.emit({ type: "nodeStarted", node: end.node, reason: reasonOf(end.node) });
      this.#finish(step, driver, carry);
      await state.host.afterNode?.();
    } catch (error) {
      throw state.locate(error, driver === undefined ? begin : end);
    } finally {
      driver?.dispose?.();
      for (const held of converted) letGo(held);
      state.clear(step.releaseAtExit);
    }
    state.emit({
      type: "nodeFinished",
      node: end.node,
      ms: performance.now() - started,
      bytes: bytesIn(state, [...end.outputs, ...step.carry.map(({ last }) => ({ slot: last }))]),
      cached: false,
      reason: reasonOf(end.node),
    });
  }

  async #startDriver(step: ZoneStep, converted: Held[]): Promise<ZoneDriver> {
    const state = this.#state;
    const { begin } = step;
    const definition = state.registry.zones.get(step.zoneKind);
    if (definition === undefined || definition.begin.version !== begin.version) {
      throw new EngineError(`its zone kind "${step.zoneKind}" is not in the registry.`, state.place(begin));
    }
    const inputs: Record<string, unknown> = {};
    const params: Record<string, unknown> = { ...begin.params };
    for (const name of Object.keys(definition.begin.inputs)) inputs[name] = undefined;
    for (const input of begin.inputs) {
      const value = readInput(state, begin, input, converted);
      if (input.param !== true) {
        inputs[input.port] = value;
        continue;
      }
      if (value === undefined) continue;
      const spec = definition.begin.params[input.port];
      const reason = spec === undefined ? undefined : checkParam(spec, value);
      if (reason !== undefined)
        throw new EngineError(`"${input.port}" ${reason}.`, state.place(begin, input.port));
      params[input.port] = value;
    }
    return definition.start({ inputs, params, context: state.context(begin.node) });
  }

  /** Iterates; returns the last carried values, each with a reference that the caller owns. */
  async #loop(step: ZoneStep, driver: ZoneDriver): Promise<Held[]> {
    const state = this.#state;
    const place = { zone: step.zone, iteration: 0 };
    state.zones.push(place);
    const { recorder, gate } = this.#options;
    const resume = this.#options.resume?.zone === step.zone ? this.#options.resume : undefined;
    const first = resume?.fromIteration ?? 0;
    let carry = resume === undefined ? this.#startValues(step) : this.#resumeValues(step, resume);
    let completed = 0;
    try {
      recorder?.begin(step.zone, first);
      for (let index = first; ; index++) {
        place.iteration = index;
        recorder?.add(
          step.zone,
          index,
          new Map(step.carry.map(({ name }, at) => [name, carry[at] ?? nothing])),
        );
        if ((await passGate(state, gate, { zone: step.zone, index })) === "finish") break;
        if (!this.#beginIteration(step, driver, index, carry)) break;
        await this.#runList(step.body, driver.total !== undefined && index === driver.total - 1);
        const { next, scalars } = await this.#endIteration(step, driver, index);
        for (const held of carry) letGo(held);
        carry = next;
        completed++;
        state.clear(step.releaseAtEnd);
        recorder?.endIteration(step.zone, index, scalars);
        state.emit({
          type: "iteration",
          zone: step.zone,
          index,
          ...(driver.total !== undefined ? { total: driver.total } : {}),
          scalars,
        });
      }
      return carry;
    } catch (error) {
      const located = state.locate(error, step.end);
      if (completed > 0) addPartial(located, step, carry);
      else for (const held of carry) letGo(held);
      throw located;
    } finally {
      state.zones.pop();
    }
  }

  #startValues({ begin, carry }: ZoneStep): Held[] {
    return carry.map(({ start, type }) =>
      hold(readInput(this.#state, begin, start, []), this.#state.type(type)),
    );
  }

  #resumeValues({ begin, carry }: ZoneStep, resume: ResumePoint): Held[] {
    for (const { name, type } of carry) {
      const value = resume.carry[name];
      const known = this.#state.type(type);
      if (known?.guard(value) === true) continue;
      const reason = `the value to go on with for "${name}" is ${value === undefined ? "missing" : `no ${known?.label ?? type}`}.`;
      throw new EngineError(reason, this.#state.place(begin, name));
    }
    return carry.map(({ name, type }) => {
      borrow(resume.carry[name], this.#state.type(type));
      return hold(resume.carry[name], this.#state.type(type));
    });
  }

  #beginIteration(step: ZoneStep, driver: ZoneDriver, index: number, carry: readonly Held[]): boolean {
    const state = this.#state;
    const { begin } = step;
    try {
      const outputs = state.host.scope(() => {
        const values = driver.next(index);
        if (values !== undefined) checkOutputs(state, begin, values);
        return values;
      });
      if (outputs === undefined) return false;
      storeOutputs(state, begin.outputs, outputs);
    } catch (error) {
      throw state.locate(error, begin);
    }
    for (const [at, { current }] of step.carry.entries()) {
      const held = carry[at];
      if (held !== undefined) state.fill(current, held.value, held.type);
    }
    state.clear(step.releaseAtBegin);
    return true;
  }

  async #endIteration(
    step: ZoneStep,
    driver: ZoneDriver,
    index: number,
  ): Promise<{ next: Held[]; scalars: IterationScalars }> {
    const state = this.#state;
    const { end } = step;
    const converted: Held[] = [];
    const next: Held[] = [];
    try {
      const inputs: Record<string, unknown> = {};
      const values: Record<string, unknown> = {};
      for (const input of end.inputs) inputs[input.port] = readInput(state, end, input, converted);
      for (const { name, next: input, type } of step.carry) {
        values[name] = readInput(state, end, input, converted);
        next.push(hold(values[name], state.type(type)));
      }
      const scalars = (await driver.afterIteration?.(index, { inputs, carry: values })) ?? {};
      return { next, scalars };
    } catch (error) {
      for (const held of next) letGo(held);
      throw state.locate(error, end);
    } finally {
      for (const held of converted) letGo(held);
    }
  }

  #finish(step: ZoneStep, driver: ZoneDriver, carry: readonly Held[]): void {
    const state = this.#state;
    try {
      const outputs = state.host.scope(() => {
        const values = driver.finish();
        checkOutputs(state, step.end, values);
        return values;
      });
      storeOutputs(state, step.end.outputs, outputs);
      for (const [at, { last }] of step.carry.entries()) {
        const held = carry[at];
        if (held !== undefined) state.fill(last, held.value, held.type);
      }
    } finally {
      for (const held of carry) letGo(held);
    }
  }
}

/** Hangs carried values on an error, beside those of zones further in. */
function addPartial(error: EngineError, step: ZoneStep, carry: readonly Held[]): void {
  const inner: PartialResult | undefined = error.partial;
  const values = Object.fromEntries(step.carry.map(({ name }, at) => [name, carry[at]?.value]));
  let disposed = false;
  error.partial = {
    outputs: { ...inner?.outputs, [step.end.node]: values },
    dispose: () => {
      if (disposed) return;
      disposed = true;
      for (const held of carry) letGo(held);
      inner?.dispose();
    },
  };
}
