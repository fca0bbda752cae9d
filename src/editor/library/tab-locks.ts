/** A graph that this tab holds. */
export interface Held {
  release(): void;
  /** Resolves when another tab has taken the graph without asking. */
  readonly stolen: Promise<void>;
}

/** Who may write a graph: one tab at a time. */
export interface TabLocks {
  /** Undefined while another tab holds the graph. */
  acquire(id: string): Promise<Held | undefined>;
  /** Takes the graph from a tab that does not answer. */
  steal(id: string): Promise<Held>;
}

const nameOf = (id: string): string => `latent-loom/graph/${id}`;

/** Web Locks: the browser lets go of what a tab held when the tab dies. */
export function webLocks(locks: LockManager): TabLocks {
  const request = (id: string, options: LockOptions): Promise<Held | undefined> =>
    new Promise((resolve, reject) => {
      let tellStolen = (): void => undefined;
      const stolen = new Promise<void>((tell) => (tellStolen = tell));
      let held = false;
      const done: Promise<unknown> = locks.request(nameOf(id), options, (lock) => {
        if (!lock) {
          resolve(undefined);
          return;
        }
        held = true;
        return new Promise<void>((release) => resolve({ release: () => release(), stolen }));
      });
      // A stolen lock rejects what asked for it.
      done.catch((error: unknown) => (held ? tellStolen() : reject(error as Error)));
    });
  return {
    acquire: (id) => request(id, { ifAvailable: true }),
    steal: async (id) => {
      const held = await request(id, { steal: true });
      if (!held) throw new Error("The browser gave no lock.");
      return held;
    },
  };
}

/** Where there are no Web Locks (a page without HTTPS), nobody is kept out; the revision of each save still is checked. */
export const noLocks: TabLocks = {
  acquire: () => Promise.resolve({ release: () => undefined, stolen: new Promise<void>(() => undefined) }),
  steal: () => Promise.resolve({ release: () => undefined, stolen: new Promise<void>(() => undefined) }),
};

export const pageLocks = (): TabLocks =>
  typeof navigator !== "undefined" && "locks" in navigator ? webLocks(navigator.locks) : noLocks;

type Message =
  | { readonly kind: "hand-over"; readonly graph: string }
  | { readonly kind: "handed-over"; readonly graph: string }
  | { readonly kind: "changed" };

/** What the tabs of the page tell each other. */
export class TabTalk {
  readonly #channel = new BroadcastChannel("latent-loom/tabs");
  /** Asked by another tab to save and let go of a graph. */
  onHandOver: ((graph: string) => Promise<boolean>) | undefined;
  /** Another tab has changed the library. */
  onChanged: (() => void) | undefined;
  readonly #waiting = new Map<string, () => void>();

  constructor() {
    this.#channel.addEventListener("message", (event: MessageEvent<Message>) => void this.#take(event.data));
  }

  /** Asks the tab that holds a graph to save it and let go; false when none answers in time. */
  askFor(graph: string, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(graph);
        resolve(false);
      }, ms);
      this.#waiting.set(graph, () => {
        clearTimeout(timer);
        this.#waiting.delete(graph);
        resolve(true);
      });
      this.#send({ kind: "hand-over", graph });
    });
  }

  tellChanged(): void {
    this.#send({ kind: "changed" });
  }

  close(): void {
    this.#channel.close();
  }

  async #take(message: Message): Promise<void> {
    if (message.kind === "changed") this.onChanged?.();
    if (message.kind === "handed-over") this.#waiting.get(message.graph)?.();
    if (message.kind === "hand-over" && (await this.onHandOver?.(message.graph)))
      this.#send({ kind: "handed-over", graph: message.graph });
  }

  #send(message: Message): void {
    this.#channel.postMessage(message);
  }
}
