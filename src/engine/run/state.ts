import type { Conversion, Registry } from "../node/registry.ts";
import type { Preview, RunContext } from "../node/define-node.ts";
import type { SocketType } from "../node/socket-type.ts";
import type { Channel } from "./channel.ts";
import { EngineError, RunCancelledError, type ErrorPlace } from "./errors.ts";
import type { RunEvent } from "./events.ts";
import type { Host } from "./host.ts";
import type { OutputWatch } from "./observer.ts";
import { hold, letGo, type Held } from "./ownership.ts";
import type { PlannedNode } from "./plan-data.ts";
import { portNamed } from "./port-named.ts";

/** How long the executor runs before it lets the event loop have its turn. */
const SLICE_MS = 16;

const nextMacrotask: () => Promise<void> =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            port1.close();
            resolve();
          };
          port2.postMessage(null);
        });

/** What is asked of a step to say where it failed. */
type FailedNode = Pick<PlannedNode, "node" | "title" | "type" | "params">;

export interface RunStateOptions {
  readonly registry: Registry;
  readonly host: Host;
  readonly channel: Channel<RunEvent>;
  readonly signal: AbortSignal;
  readonly services: Readonly<Record<string, unknown>>;
  readonly slots: number;
  /** Slots whose values outlive the run. */
  readonly kept: ReadonlySet<number>;
}

/** Values, their owners and the ways out of one run. */
export class RunState {
  readonly registry: Registry;
  readonly host: Host;
  readonly channel: Channel<RunEvent>;
  readonly signal: AbortSignal;
  /** Values of kept slots whose last reader is done; of a zone's body the last iteration's. */
  readonly keptValues = new Map<number, Held>();
  readonly previews = new Map<string, Preview>();
  /** The zones that run now, innermost last. */
  readonly zones: { readonly zone: string; iteration: number }[] = [];
  /** Told of all that is filled in, where somebody looks on. */
  watch: OutputWatch | undefined;
  /** A zone was ended before its time: what comes of it is not what its keys say. */
  isCutShort = false;
  readonly #services: Readonly<Record<string, unknown>>;
  readonly #kept: ReadonlySet<number>;
  readonly #slots: (Held | undefined)[];
  readonly #conversions = new Map<string, Conversion>();
  #sliceStart = performance.now();

  constructor(options: RunStateOptions) {
    this.registry = options.registry;
    this.host = options.host;
    this.channel = options.channel;
    this.signal = options.signal;
    this.#services = options.services;
    this.#kept = options.kept;
    this.#slots = new Array<Held | undefined>(options.slots).fill(undefined);
    for (const one of options.registry.conversions) this.#conversions.set(`${one.from.id}>${one.to.id}`, one);
  }

  type(id: string): SocketType | undefined {
    return this.registry.types.get(id);
  }

  conversion(from: string, to: string): Conversion | undefined {
    return this.#conversions.get(`${from}>${to}`);
  }

  /** @param cached whether the value comes from the cache. */
  fill(slot: number, value: unknown, type: SocketType | undefined, cached = false): void {
    const old = this.#slots[slot];
    this.#slots[slot] = hold(value, type);
    if (old !== undefined) letGo(old);
    this.watch?.filled(slot, value, type, cached, this.zones.at(-1));
  }

  isFilled(slot: number): boolean {
    return this.#slots[slot] !== undefined;
  }

  held(slot: number): Held | undefined {
    return this.#slots[slot];
  }

  /** Empties slots: the last reader is done. */
  clear(slots: Iterable<number>): void {
    for (const slot of slots) {
      const held = this.#slots[slot];
      if (held === undefined) continue;
      this.#slots[slot] = undefined;
      if (this.#kept.has(slot)) this.keep(slot, held);
      else letGo(held);
    }
  }

  /** Takes over one reference to what a kept slot held. */
  keep(slot: number, held: Held): void {
    const old = this.keptValues.get(slot);
    this.keptValues.set(slot, held);
    if (old !== undefined) letGo(old);
  }

  isKept(slot: number): boolean {
    return this.#kept.has(slot);
  }

  /** After a failure: lets go of everything. */
  discard(): void {
    for (const [slot, held] of this.#slots.entries()) {
      this.#slots[slot] = undefined;
      if (held !== undefined) letGo(held);
    }
    for (const held of this.keptValues.values()) letGo(held);
    this.keptValues.clear();
  }

  emit(event: RunEvent): void {
    this.channel.push(event);
  }

  place(node?: { readonly node: string; readonly title: string }, port?: string): ErrorPlace {
    const zone = this.zones.at(-1);
    return {
      ...(node !== undefined ? { node: node.node, title: node.title } : {}),
      ...(port !== undefined ? { port } : {}),
      ...(zone !== undefined ? { zone: zone.zone, iteration: zone.iteration } : {}),
    };
  }

  /** Gives any error its place. One that has a place already keeps it. */
  locate(error: unknown, node: FailedNode): EngineError {
    if (error instanceof EngineError) return error;
    if (this.signal.aborted) return new RunCancelledError(this.place(node));
    const reason = error instanceof Error ? error.message : String(error);
    const port = portNamed(reason, this.registry.nodes.get(node.type), node.params);
    return new EngineError(reason, this.place(node, port), { cause: error });
  }

  checkCancelled(): void {
    if (this.signal.aborted) throw new RunCancelledError(this.place());
  }

  /** Hands over the events so far and, now and then, lets timers and messages through. */
  async breathe(): Promise<void> {
    await this.channel.drained();
    if (performance.now() - this.#sliceStart > SLICE_MS) {
      await nextMacrotask();
      this.#sliceStart = performance.now();
    }
    this.checkCancelled();
  }

  context(node: string): RunContext {
    return {
      signal: this.signal,
      services: this.#services,
      progress: (done, total, note, scalars) => {
        this.emit({
          type: "progress",
          node,
          done,
          total,
          ...(note !== undefined ? { note } : {}),
          ...(scalars !== undefined ? { scalars } : {}),
        });
      },
      warn: (message) => this.emit({ type: "warning", node, message }),
    };
  }
}
