/** Hands events from a running function to a generator, which hands them on one at a time. */
export class Channel<E> {
  #queue: E[] = [];
  #closed = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void)[] = [];

  push(event: E): void {
    if (this.#closed) return;
    this.#queue.push(event);
    this.#wakeReader?.();
  }

  /** Resolves when the reader has taken all events and asks for more: a slow reader slows the run, none stops it. */
  async drained(): Promise<void> {
    if (this.#closed || (this.#queue.length === 0 && this.#wakeReader !== undefined)) return;
    await new Promise<void>((resolve) => this.#wakeWriter.push(resolve));
  }

  /** No more events. The reader ends after those that are there; writers do not wait any more. */
  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
    this.#releaseWriters();
  }

  async *read(): AsyncGenerator<E, void, undefined> {
    for (;;) {
      const batch = this.#queue;
      this.#queue = [];
      for (const event of batch) yield event;
      if (this.#queue.length > 0) continue;
      if (this.#closed) return;
      const more = new Promise<void>((resolve) => (this.#wakeReader = resolve));
      this.#releaseWriters();
      await more;
      this.#wakeReader = undefined;
    }
  }

  #releaseWriters(): void {
    const waiting = this.#wakeWriter;
    this.#wakeWriter = [];
    for (const wake of waiting) wake();
  }
}
