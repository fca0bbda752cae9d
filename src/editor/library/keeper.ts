import type { GraphDocument } from "../../engine/graph/document.ts";
import { rename } from "../graph/edits.ts";
import type { GraphStore, StoreChange } from "../store/graph-store.ts";
import { isFull } from "./key-values.ts";
import { SavedElsewhere, copyName, newId } from "./library.ts";
import type { Library } from "./library.ts";
import type { Held, TabLocks, TabTalk } from "./tab-locks.ts";

/** Edits within this time are written together; nothing waits longer than {@link LONGEST_PAUSE_MS} for its write to begin. */
const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 700;
const RETRY_MS = 5000;
const VERSION_MS = 5 * 60_000;
const ANSWER_MS = 1000;

export type SaveState = "saved" | "saving" | "failed" | "away";

export const EMPTY_GRAPH: GraphDocument = { format: 1, name: "New graph", nodes: {}, edges: [] };

/** A graph of the library as one tab has it. */
interface Entry {
  id: string;
  revision: number;
  draft: boolean;
  held: Held | undefined;
  /** Why this tab may not write it: another one had it when it was opened, or took it later. */
  away: "elsewhere" | "taken" | undefined;
  /** The document that is in the database. */
  saved: GraphDocument | undefined;
  versioned: GraphDocument | undefined;
  versionedAt: number;
  /** Deleted from the library while it was open here: undo brings it back. */
  deleted: boolean;
}

/** What a page opens on. */
export interface Opening {
  readonly id: string;
  readonly document: GraphDocument;
  /** 0 when it is in no database yet. */
  readonly revision: number;
  readonly draft: boolean;
  readonly held: Held | undefined;
}

export interface KeeperParts {
  readonly store: GraphStore;
  readonly library: Library;
  readonly locks: TabLocks;
  readonly talk: Pick<TabTalk, "askFor" | "tellChanged" | "onHandOver" | "onChanged">;
  /** Remembers, for a reload, which graph this tab has open. */
  readonly remember?: (id: string) => void;
  /** Why nothing is kept, where the browser refuses. */
  readonly denied?: string | undefined;
}

/**
 * Keeps the open graph in the library: each edit is written within a second, as one whole record in one transaction. Only
 * one tab writes a graph; opening another graph starts another record, and undo across it goes back to the former.
 */
export class Keeper {
  readonly library: Library;
  readonly denied: string | undefined;
  readonly #parts: KeeperParts;
  #entry: Entry;
  #arriving: Entry | undefined;
  /** The whole graph as it was when it was looked at last. */
  #root: GraphDocument;
  #state: SaveState = "saved";
  #trouble = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #cost = 0;
  /** Which record a document belonged to when it was replaced by another graph. */
  readonly #lineage = new WeakMap<GraphDocument, Entry>();
  readonly #listeners = new Set<() => void>();

  constructor(parts: KeeperParts, opening: Opening) {
    this.#parts = parts;
    this.library = parts.library;
    this.denied = parts.denied;
    const { id, document, revision, draft, held } = opening;
    this.#entry = {
      ...fresh(id, draft),
      revision,
      held,
      away: held ? undefined : "elsewhere",
      saved: revision > 0 ? document : undefined,
    };
    this.#root = document;
    this.#lineage.set(document, this.#entry);
    if (this.#entry.away) this.#state = "away";
    else this.#watch(this.#entry);
    parts.remember?.(id);
    parts.store.subscribe((change) => this.#follow(change));
    parts.talk.onHandOver = (graph) => this.#handOver(graph);
    parts.talk.onChanged = () => this.library.changed();
    if (revision === 0) this.#schedule();
  }

  get state(): SaveState {
    return this.#state;
  }

  /** What the status bar says of saving, with the reason where it failed. */
  get words(): { readonly short: string; readonly long: string } {
    if (this.#state === "away") return { short: "Open in another tab", long: "Edits here are not kept." };
    if (this.denied !== undefined) return { short: "Not kept by this browser", long: this.denied };
    if (this.#state === "failed") return { short: "Not saved", long: this.#trouble };
    return {
      short: this.#state === "saved" ? "Saved" : "Saving",
      long: "Every edit is kept in this browser.",
    };
  }

  /** Id of the open graph in the library. */
  get id(): string {
    return this.#entry.id;
  }

  /** Why this tab may not write the open graph. */
  get away(): Entry["away"] {
    return this.#entry.away;
  }

  /** Whether leaving the page would lose something. */
  get unsaved(): boolean {
    const { saved, draft } = this.#entry;
    return (this.denied !== undefined || this.#state === "failed") && saved !== this.#document && !draft;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes what is there now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#write(this.#entry, this.#document);
  }

  /** Opens another graph as a record of its own. A draft is listed only once it is edited. */
  replace(document: GraphDocument, label: string, { draft = false } = {}): void {
    this.#arriving = fresh(newId(), draft);
    // One object would belong to two records when it is opened twice.
    this.#parts.store.replace({ ...document }, label);
  }

  /**
   * Opens a graph of the library.
   *
   * @throws with words if it cannot be read
   */
  async open(id: string): Promise<void> {
    if (id === this.#entry.id) return;
    const stored = await this.library.load(id);
    if (!stored)
      throw new Error("This graph cannot be read any more. An older version of it may be in the library.");
    const held = await this.#parts.locks.acquire(id);
    const entry: Entry = {
      ...fresh(id, false),
      revision: stored.meta.revision,
      held,
      away: held ? undefined : "elsewhere",
      saved: stored.document,
    };
    if (held) this.#watch(entry);
    this.#arriving = entry;
    this.#parts.store.replace(stored.document, `Open ${stored.meta.name}`);
    await this.library.open(id);
  }

  /** Renames a graph of the library; the open one through its log, so that undo covers it. */
  async rename(id: string, name: string): Promise<void> {
    if (id !== this.#entry.id) return this.library.rename(id, name);
    this.#parts.store.executeRoot("Rename graph", rename(name));
    await this.flush();
  }

  /** Deletes a graph of the library. The open one gives way to an empty graph; its undo step brings it back here. */
  async delete(id: string): Promise<void> {
    if (id === this.#entry.id) {
      await this.flush();
      this.#entry.deleted = true;
      this.replace(EMPTY_GRAPH, "Delete the graph", { draft: true });
      await this.flush();
    }
    await this.library.delete(id);
  }

  /** Puts a kept state in place of the open graph; what was there is kept as a version first. */
  async restore(time: number): Promise<void> {
    const entry = this.#entry;
    const document = await this.library.version(entry.id, time);
    await this.library.keepVersion(entry.id, this.#document, "");
    this.#arriving = entry;
    this.#parts.store.replace(document, "Restore a version");
  }

  /** Keeps the open graph as it is now under a label. */
  async keepVersion(label: string): Promise<void> {
    await this.flush();
    await this.library.keepVersion(this.#entry.id, this.#document, label);
    this.#entry.versioned = this.#document;
  }

  /** Takes the graph from the tab that has it. What that tab had is saved first, where it still answers. */
  async takeOver(): Promise<void> {
    const entry = this.#entry;
    const { talk, locks, store } = this.#parts;
    const handed = await talk.askFor(entry.id, ANSWER_MS);
    entry.held = (handed ? await locks.acquire(entry.id) : undefined) ?? (await locks.steal(entry.id));
    const stored = await this.library.load(entry.id);
    entry.away = undefined;
    this.#watch(entry);
    if (stored) {
      entry.revision = stored.meta.revision;
      entry.saved = stored.document;
      this.#arriving = entry;
      store.replace(stored.document, "Take over from another tab");
    } else {
      entry.revision = 0;
      this.#schedule();
    }
  }

  /** Goes on with a copy of what this tab shows, and leaves the graph to the other tab. */
  async copy(): Promise<void> {
    const entry = this.#entry;
    entry.id = newId();
    entry.revision = 0;
    entry.draft = false;
    entry.saved = undefined;
    entry.held = await this.#parts.locks.acquire(entry.id);
    entry.away = undefined;
    this.#watch(entry);
    this.#parts.remember?.(entry.id);
    this.#parts.store.executeRoot(
      "Work on a copy",
      rename(copyName(this.#document.name ?? "Untitled graph")),
    );
    await this.flush();
  }

  get #document(): GraphDocument {
    return this.#parts.store.root;
  }

  #follow({ cause }: StoreChange): void {
    const previous = this.#root;
    const document = this.#document;
    this.#root = document;
    const left = this.#entry;
    let entry = left;
    if (cause === "replace") {
      entry = this.#arriving ?? fresh(newId(), true);
      this.#arriving = undefined;
      this.#lineage.set(previous, left);
      this.#lineage.set(document, entry);
    } else {
      // Another part of the same graph was opened.
      if (document === previous) return;
      entry = this.#lineage.get(document) ?? left;
      if (entry === left) entry.draft = false;
    }
    if (entry !== left) {
      void this.#leave(left, previous);
      this.#entry = entry;
      this.#enter(entry);
    }
    this.#schedule();
  }

  async #leave(entry: Entry, document: GraphDocument): Promise<void> {
    const { held } = entry;
    entry.held = undefined;
    if (!entry.away) {
      await this.#write(entry, document);
      if (entry.draft) {
        await this.library.purge(entry.id).catch(() => undefined);
        entry.revision = 0;
        entry.saved = undefined;
      }
    }
    entry.away = undefined;
    held?.release();
  }

  #enter(entry: Entry): void {
    this.#parts.remember?.(entry.id);
    if (entry.deleted) void this.library.undelete(entry.id).catch(() => undefined);
    entry.deleted = false;
    if (entry.held ?? entry.away) {
      this.#set(entry.away ? "away" : "saving");
      return;
    }
    void this.#parts.locks.acquire(entry.id).then((held) => {
      if (this.#entry !== entry) {
        held?.release();
        return;
      }
      entry.held = held;
      if (held) this.#watch(entry);
      else this.#lose(entry, "elsewhere");
    });
  }

  #watch(entry: Entry): void {
    const { held } = entry;
    void held?.stolen.then(() => {
      if (entry.held === held) this.#lose(entry, "taken");
    });
  }

  #lose(entry: Entry, away: Entry["away"]): void {
    entry.held = undefined;
    entry.away = away;
    if (entry === this.#entry) this.#set("away");
  }

  async #handOver(graph: string): Promise<boolean> {
    const entry = this.#entry;
    if (graph !== entry.id || !entry.held) return false;
    await this.flush();
    const { held } = entry;
    this.#lose(entry, "taken");
    held.release();
    return true;
  }

  /** The first edit after a save starts the clock; later ones do not put it off. */
  #schedule(): void {
    if (this.#entry.away) {
      this.#set("away");
      return;
    }
    this.#set("saving");
    const pause = Math.min(LONGEST_PAUSE_MS, Math.max(PAUSE_MS, 4 * this.#cost));
    this.#timer ??= setTimeout(() => void this.flush(), pause);
  }

  #write(entry: Entry, document: GraphDocument): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      if (entry.away) return;
      try {
        if (entry.saved !== document) await this.#save(entry, document);
        if (entry === this.#entry && this.#document === document) this.#set("saved");
      } catch (error) {
        this.#failed(entry, error);
      }
    });
    return this.#writing;
  }

  async #save(entry: Entry, document: GraphDocument): Promise<void> {
    const former = entry.saved;
    const began = performance.now();
    entry.revision = await this.library.save(entry.id, document, entry.revision, entry.draft);
    this.#cost = performance.now() - began;
    entry.saved = document;
    this.#parts.talk.tellChanged();
    if (entry.draft || performance.now() - entry.versionedAt < VERSION_MS) return;
    // What was there before the first edit is what a person wants back.
    const state = entry.versioned === undefined ? (former ?? document) : document;
    entry.versioned = state;
    entry.versionedAt = performance.now();
    await this.library.keepVersion(entry.id, state);
  }

  #failed(entry: Entry, error: unknown): void {
    if (error instanceof SavedElsewhere) {
      const { held } = entry;
      this.#lose(entry, "taken");
      held?.release();
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    this.#trouble = isFull(error)
      ? "The browser has no room left for this page. Delete pictures from the history or graphs from the library, or save this graph as a file."
      : `The browser did not save the graph (${reason}). Save it as a file.`;
    this.#set("failed");
    this.#timer ??= setTimeout(() => void this.flush(), RETRY_MS);
  }

  #set(state: SaveState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

const fresh = (id: string, draft: boolean): Entry => ({
  id,
  revision: 0,
  draft,
  held: undefined,
  away: undefined,
  saved: undefined,
  versioned: undefined,
  versionedAt: -Infinity,
  deleted: false,
});
