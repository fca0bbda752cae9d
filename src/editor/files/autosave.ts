import { get, set } from "idb-keyval";
import type { GraphDocument } from "../../engine/graph/document.ts";
import type { GraphStore } from "../store/graph-store.ts";

const KEY = "latent-loom/open-graph";
/** Edits within this time are written together. */
const PAUSE_MS = 250;

interface Saved {
  readonly document: GraphDocument;
  readonly savedAt: number;
}

export type SaveState = "saved" | "saving" | "failed";

/** The graph that was open last; undefined when there is none or the browser keeps nothing. */
export async function restore(): Promise<GraphDocument | undefined> {
  try {
    return (await get<Saved>(KEY))?.document;
  } catch {
    return undefined;
  }
}

/**
 * Writes the document to the browser's database after each edit. One record in one transaction: what is read later is
 * one whole state, never half of one.
 */
export class Autosave {
  readonly #store: GraphStore;
  readonly #tell: (state: SaveState) => void;
  #timer = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: GraphStore, tell: (state: SaveState) => void) {
    this.#store = store;
    this.#tell = tell;
    store.subscribe(() => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.flush(), PAUSE_MS);
      this.#tell("saving");
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.flush();
    });
    window.addEventListener("pagehide", () => void this.flush());
  }

  /** Writes what is there now. Writes wait for each other, so that the last state is what stays. */
  async flush(): Promise<void> {
    window.clearTimeout(this.#timer);
    const document = this.#store.root;
    this.#writing = this.#writing
      .then(() => set(KEY, { document, savedAt: Date.now() } satisfies Saved))
      .then(
        () => this.#tell("saved"),
        () => this.#tell("failed"),
      );
    await this.#writing;
  }
}
