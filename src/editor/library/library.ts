import type { GraphDocument } from "../../engine/graph/document.ts";
import { parseDocument } from "../../engine/graph/parse.ts";
import type { Change, KeyValues } from "./key-values.ts";
import { sketchOf } from "./sketch.ts";
import type { Sketch } from "./sketch.ts";
import { packVersion, thinned, unpackVersion } from "./versions.ts";
import type { Version, VersionRecord } from "./versions.ts";

/** What is known of a graph of the library without reading it. */
export interface GraphMeta {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly savedAt: number;
  /** Counts the saves: a tab that does not know the last one must not write over it. */
  readonly revision: number;
  readonly nodes: number;
  /** Opened and not changed yet: it is not listed, and makes room for the next. */
  readonly draft: boolean;
  readonly sketch: Sketch;
  /** PNG of the last picture that the graph made, small. */
  readonly picture?: Uint8Array;
  readonly deletedAt?: number;
}

export interface StoredGraph {
  readonly meta: GraphMeta;
  readonly document: GraphDocument;
}

/** Another tab has saved the graph meanwhile. */
export class SavedElsewhere extends Error {
  override readonly name = "SavedElsewhere";
  constructor() {
    super("This graph was saved in another tab meanwhile.");
  }
}

/** Deleted graphs can be brought back for so long. */
export const KEPT_DELETED_MS = 30 * 24 * 3_600_000;
const LAST = "last";
const metaKey = (id: string): string => `meta/${id}`;
const documentKey = (id: string): string => `graph/${id}`;
const versionKey = (id: string, time: number): string => `version/${id}/${String(time).padStart(15, "0")}`;

export const newId = (): string => crypto.randomUUID();
const titleOf = (document: GraphDocument): string => document.name?.trim() || "Untitled graph";

/** A person's own graphs with their versions, in the browser's database. Each change is whole or does not happen. */
export class Library {
  readonly #records: KeyValues;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();

  constructor(records: KeyValues, now: () => number = Date.now) {
    this.#records = records;
    this.#now = now;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Says that something may have changed, for example in another tab. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The graphs that were worked on, the last one first; or the deleted ones. */
  async list(which: "kept" | "deleted" = "kept"): Promise<GraphMeta[]> {
    const metas = await this.#metas();
    return metas
      .filter((meta) => !meta.draft && (meta.deletedAt !== undefined) === (which === "deleted"))
      .sort((a, b) => b.savedAt - a.savedAt);
  }

  /** Undefined if there is none, or what is stored is no graph any more. */
  async load(id: string): Promise<StoredGraph | undefined> {
    const [meta, stored] = await this.#records.getMany<unknown>([metaKey(id), documentKey(id)]);
    if (!isMeta(meta) || stored === undefined) return undefined;
    const parsed = parseDocument(stored);
    return parsed.ok ? { meta, document: parsed.document } : undefined;
  }

  /** The graph that was open last, in any tab. */
  async last(): Promise<string | undefined> {
    const id = await this.#records.get<unknown>(LAST);
    return typeof id === "string" ? id : undefined;
  }

  /**
   * Writes a graph over the revision that the caller knows; 0 for a graph that was never saved.
   *
   * @returns the new revision
   * @throws {SavedElsewhere} when another tab was faster, and what the database says when there is no room
   */
  async save(id: string, document: GraphDocument, known: number, draft = false): Promise<number> {
    let revision = 0;
    await this.#records.decide<GraphMeta>(metaKey(id), (old) => {
      if ((old?.revision ?? 0) !== known) throw new SavedElsewhere();
      revision = known + 1;
      const now = this.#now();
      const { picture } = old ?? {};
      // A graph that is edited in a tab is not deleted any more.
      const meta: GraphMeta = {
        ...(picture && { picture }),
        id,
        createdAt: old?.createdAt ?? now,
        name: titleOf(document),
        savedAt: now,
        revision,
        nodes: Object.keys(document.nodes).length,
        draft,
        sketch: sketchOf(document),
      };
      return {
        put: [
          [metaKey(id), meta],
          [documentKey(id), document],
          [LAST, id],
        ],
      };
    });
    this.changed();
    return revision;
  }

  /** Marks a graph as the one to be opened next time. */
  open(id: string): Promise<void> {
    return this.#records.write({ put: [[LAST, id]] });
  }

  /** Renames a graph that is not open. */
  async rename(id: string, name: string): Promise<void> {
    const stored = await this.load(id);
    if (stored) await this.save(id, { ...stored.document, name }, stored.meta.revision);
  }

  /** @returns the copy's id; undefined if there was nothing to copy */
  async duplicate(id: string): Promise<string | undefined> {
    const stored = await this.load(id);
    if (!stored) return undefined;
    const copy = newId();
    const last = await this.last();
    await this.save(copy, { ...stored.document, name: copyName(stored.meta.name) }, 0);
    if (stored.meta.picture) await this.setPicture(copy, stored.meta.picture);
    if (last !== undefined) await this.open(last);
    return copy;
  }

  /** The graph is not listed any more; {@link undelete} brings it back. */
  delete(id: string): Promise<void> {
    return this.#change(id, (meta) => ({ ...meta, deletedAt: this.#now() }));
  }

  undelete(id: string): Promise<void> {
    return this.#change(id, ({ deletedAt, ...meta }) => {
      void deletedAt;
      return meta;
    });
  }

  setPicture(id: string, picture: Uint8Array): Promise<void> {
    return this.#change(id, (meta) => ({ ...meta, picture }));
  }

  /** Takes a graph and all its versions out of the database for ever. */
  async purge(id: string): Promise<void> {
    const versions = (await this.#records.keys()).filter((key) => key.startsWith(`version/${id}/`));
    await this.#records.write({ remove: [metaKey(id), documentKey(id), ...versions] });
    this.changed();
  }

  /** Removes what was deleted long ago, and drafts that nobody has open. */
  async sweep(isFree: (id: string) => Promise<boolean>): Promise<void> {
    const now = this.#now();
    const last = await this.last();
    for (const meta of await this.#metas()) {
      const old = meta.deletedAt !== undefined && now - meta.deletedAt > KEPT_DELETED_MS;
      const stale = meta.draft && meta.id !== last && now - meta.savedAt > 24 * 3_600_000;
      if ((old || stale) && (await isFree(meta.id))) await this.purge(meta.id);
    }
  }

  /** Keeps a state of a graph. Old ones are thinned out: all of the last hour, then one an hour, then one a day. */
  async keepVersion(id: string, document: GraphDocument, label = ""): Promise<void> {
    const version = packVersion(document, this.#now(), label);
    const kept = [...(await this.versions(id)), version];
    const gone = thinned(kept, this.#now());
    await this.#records.write({
      put: [[versionKey(id, version.time), version]],
      remove: gone.map(({ time }) => versionKey(id, time)),
    });
    this.changed();
  }

  /** The kept states of a graph, the last one first. */
  async versions(id: string): Promise<VersionRecord[]> {
    const keys = (await this.#records.keys()).filter((key) => key.startsWith(`version/${id}/`));
    const records = await this.#records.getMany<VersionRecord>(keys);
    return records.filter((record) => record !== undefined).sort((a, b) => b.time - a.time);
  }

  /** @throws with words if the version is gone or cannot be read */
  async version(id: string, time: number): Promise<GraphDocument> {
    const record = await this.#records.get<VersionRecord>(versionKey(id, time));
    if (!record) throw new Error("This version is not there any more.");
    return unpackVersion(record);
  }

  async #metas(): Promise<GraphMeta[]> {
    const keys = (await this.#records.keys()).filter((key) => key.startsWith("meta/"));
    return (await this.#records.getMany<unknown>(keys)).filter(isMeta);
  }

  async #change(id: string, change: (meta: GraphMeta) => GraphMeta): Promise<void> {
    await this.#records.decide<GraphMeta>(metaKey(id), (meta): Change =>
      meta ? { put: [[metaKey(id), change(meta)]] } : {},
    );
    this.changed();
  }
}

export type { Version };

function isMeta(value: unknown): value is GraphMeta {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, savedAt, revision, sketch } = value as Partial<GraphMeta>;
  return (
    typeof id === "string" &&
    typeof name === "string" &&
    typeof savedAt === "number" &&
    typeof revision === "number" &&
    Array.isArray(sketch?.boxes)
  );
}

/** `Name copy`, then `Name copy 2`. */
export function copyName(name: string): string {
  const match = /^(.*) copy(?: (\d+))?$/.exec(name);
  return match ? `${match[1] ?? ""} copy ${String(Number(match[2] ?? "1") + 1)}` : `${name} copy`;
}
