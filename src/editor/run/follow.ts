import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Something that tells of its changes: a store, a selection, a run. */
export interface Told {
  subscribe(listener: () => void): () => void;
}

/** Draws an element anew when what it shows has changed, once in a frame at most. */
export class Follow implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  /** Asked once the element is on the page: its properties are set then. */
  readonly #sources: () => readonly Told[];
  readonly #changed: () => void;
  #unsubscribe: (() => void)[] = [];
  #frame = 0;

  /** @param changed called at every change, before the frame */
  constructor(
    host: ReactiveControllerHost,
    sources: () => readonly Told[],
    changed: () => void = () => undefined,
  ) {
    this.#host = host;
    this.#sources = sources;
    this.#changed = changed;
    host.addController(this);
  }

  hostConnected(): void {
    const refresh = (): void => {
      this.#changed();
      this.#frame ||= requestAnimationFrame(() => {
        this.#frame = 0;
        this.#host.requestUpdate();
      });
    };
    this.#unsubscribe = this.#sources().map((source) => source.subscribe(refresh));
  }

  hostDisconnected(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
