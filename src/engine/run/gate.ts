import type { GatePoint } from "./pass-gate.ts";

export type GateState = { readonly kind: "open" } | ({ readonly kind: "held" } & GatePoint);

/** What is done before an iteration begins, for example a picture drawn with the weights so far. */
export type BeforeIteration = (point: GatePoint) => Promise<void>;

/** A gate with a handle: holds a run up before an iteration, lets one iteration through, ends a loop early. */
export class RunGate {
  #wanted: "open" | "closed" = "open";
  #ending: string | undefined;
  #wake: (() => void) | undefined;
  #before: BeforeIteration | undefined;
  readonly #tell: (state: GateState) => void;

  /** @param tell hears when a run is held up, and when it goes on. */
  constructor(tell: (state: GateState) => void = () => undefined) {
    this.#tell = tell;
  }

  /** A new run begins: nothing is asked for any more. */
  reset(before?: BeforeIteration): void {
    this.#wanted = "open";
    this.#ending = undefined;
    this.#before = before;
    // A run that was cancelled while it was held up has left its wait behind.
    this.#wake = undefined;
  }

  /** Whether the run is held up, or will be before the next iteration. */
  get isClosed(): boolean {
    return this.#wanted === "closed";
  }

  /** Holds the run up before the next iteration. */
  pause(): void {
    this.#wanted = "closed";
  }

  /** Lets the run go on. */
  open(): void {
    this.#wanted = "open";
    this.#wake?.();
  }

  /** Lets one iteration through, and holds the run up again. */
  step(): void {
    this.#wanted = "closed";
    this.#wake?.();
  }

  /** Ends a loop before its next iteration; the run goes on with what was carried so far. */
  finish(zone: string): void {
    this.#ending = zone;
    this.open();
  }

  /** To be handed to a run as its `gate`. */
  readonly pass = async (point: GatePoint): Promise<"finish" | undefined> => {
    if (this.#isEnd(point)) return "finish";
    await this.#before?.(point);
    if (this.#isEnd(point)) return "finish";
    if (this.#wanted === "open") return undefined;
    this.#tell({ kind: "held", ...point });
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    this.#tell({ kind: "open" });
    return this.#isEnd(point) ? "finish" : undefined;
  };

  #isEnd({ zone }: GatePoint): boolean {
    if (this.#ending !== zone) return false;
    this.#ending = undefined;
    return true;
  }
}
