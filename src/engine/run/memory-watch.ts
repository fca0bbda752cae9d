import type { Resident } from "../node/resident.ts";
import { Residency } from "./residency.ts";
import type { NodeStep, PlannedInput, Step } from "./plan-data.ts";
import type { RunState } from "./state.ts";

export interface MemoryOptions {
  /** One of its own, without a limit, if absent. */
  readonly residency: Residency | undefined;
  readLater(): ReadonlySet<Resident>;
}

/** Sees to it that what a step reads is in memory. */
export class MemoryWatch {
  readonly #state: RunState;
  readonly #residency: Residency;
  readonly #readLater: () => ReadonlySet<Resident>;

  constructor(state: RunState, options: MemoryOptions | undefined) {
    this.#state = state;
    this.#residency = options?.residency ?? new Residency();
    this.#readLater = () => options?.readLater() ?? new Set<Resident>();
  }

  /** What a lazy input may run is seen to as well: once the step runs, nothing can wait. */
  acquire(step: NodeStep, list: readonly Step[]): Promise<void> | undefined {
    const residents = new Set<Resident>();
    this.#collect(step, list, residents);
    const workingBytes = this.#workingBytes(step);
    if (residents.size === 0 && workingBytes === 0) return undefined;
    const { node, title } = step;
    const loading = this.#residency.acquire(
      { node, title, residents: [...residents], workingBytes },
      {
        readLater: this.#readLater,
        context: this.#state.context(node),
        emit: (event) => {
          this.#state.emit(event);
        },
        trim: () => this.#state.host.trim?.(),
      },
    );
    return loading ?? undefined;
  }

  #collect(step: NodeStep, list: readonly Step[], found: Set<Resident>): void {
    const isReader = this.#state.registry.nodes.get(step.type)?.readsResidents !== false;
    for (const input of step.inputs) {
      // What takes anything (a reroute, a note) passes it on without looking into it.
      if (isReader && input.type !== "any") this.#collectFrom(input, found);
      for (const position of input.lazy ?? []) {
        const deferred = list[position];
        if (deferred?.kind === "node") this.#collect(deferred, list, found);
      }
    }
  }

  #collectFrom({ slot }: PlannedInput, found: Set<Resident>): void {
    const held = this.#state.held(slot);
    if (held?.value === undefined) return;
    for (const resident of held.type?.residents?.(held.value) ?? []) found.add(resident);
  }

  /** Only where there is a budget to keep to, and the definition can tell. A faulty input is the node's to complain about. */
  #workingBytes(step: NodeStep): number {
    const definition = this.#state.registry.nodes.get(step.type);
    if (this.#residency.budgetBytes === undefined || definition?.workingBytes === undefined) return 0;
    const inputs: Record<string, unknown> = {};
    const params: Record<string, unknown> = { ...step.params };
    for (const { port, slot, param, lazy } of step.inputs) {
      const value = this.#state.held(slot)?.value;
      if (lazy !== undefined || value === undefined) continue;
      if (param === true) params[port] = value;
      else inputs[port] = value;
    }
    try {
      return definition.workingBytes({ inputs, params });
    } catch {
      return 0;
    }
  }
}
