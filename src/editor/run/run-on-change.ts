import type { EditorSession } from "../store/session.ts";
import type { StoreChange } from "../store/graph-store.ts";
import type { RunControl } from "./run-control.ts";

/** Edits within this time are run together. */
const PAUSE_MS = 350;

/**
 * Runs the graph anew whenever it changes, and cancels the run that a change has made pointless. Seeds stay as they are
 * meanwhile, so that what is seen changes only by what was changed.
 */
export class RunOnChange {
  readonly #session: EditorSession;
  readonly #control: RunControl;
  #isOn = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(session: EditorSession, control: RunControl) {
    this.#session = session;
    this.#control = control;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  set(on: boolean): void {
    if (on === this.#isOn) return;
    this.#isOn = on;
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
    this.#unsubscribe = on ? this.#session.store.subscribe((change) => this.#changed(change)) : undefined;
    if (on) this.#schedule();
  }

  #changed({ document, previous, cause }: StoreChange): void {
    // Another graph is somebody's own decision to run.
    if (cause === "replace" || cause === "scope") return;
    const isSame =
      document.nodes === previous.nodes &&
      document.edges === previous.edges &&
      document.zones === previous.zones &&
      document.subgraphs === previous.subgraphs;
    if (!isSame) this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), PAUSE_MS);
  }

  async #run(): Promise<void> {
    if (this.#session.problems().length > this.#session.runs.faults().length) return;
    const { root } = this.#session.store;
    await this.#control.cancel();
    await this.#control.idle();
    // A later change has its own turn.
    if (this.#isOn && root === this.#session.store.root) await this.#control.run({ keepSeeds: true });
  }
}
