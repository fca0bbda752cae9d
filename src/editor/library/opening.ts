import { get } from "idb-keyval";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { parseDocument } from "../../engine/graph/parse.ts";
import type { Opening } from "./keeper.ts";
import { newId } from "./library.ts";
import type { Library } from "./library.ts";
import type { TabLocks } from "./tab-locks.ts";
import { unpackVersion } from "./versions.ts";

const TAB_KEY = "latent-loom/graph";

/** The graph that this tab had open before a reload. A browser that keeps nothing knows none. */
export function rememberedGraph(): string | undefined {
  try {
    return sessionStorage.getItem(TAB_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export function rememberGraph(id: string): void {
  try {
    sessionStorage.setItem(TAB_KEY, id);
  } catch {
    // A reload then opens the graph that was saved last.
  }
}

/** What the page kept before there was a library. */
async function formerGraph(): Promise<GraphDocument | undefined> {
  try {
    const saved = await get<{ readonly document?: unknown }>("latent-loom/open-graph");
    const parsed = parseDocument(saved?.document);
    return parsed.ok ? parsed.document : undefined;
  } catch {
    return undefined;
  }
}

export interface Start {
  readonly opening: Opening;
  /** What the person should know about it. */
  readonly notice?: string;
}

/**
 * What the page opens on: the graph of this tab, else the one that was open last, else a template. A graph that cannot be
 * read any more gives way to its last version.
 */
export async function openingGraph(
  library: Library,
  locks: TabLocks,
  firstTemplate: () => Promise<GraphDocument>,
): Promise<Start> {
  try {
    return await find(library, locks, firstTemplate);
  } catch (error) {
    const start = await begin(locks, await firstTemplate(), true);
    const reason = error instanceof Error ? error.message : String(error);
    return { ...start, notice: `The library could not be read (${reason}). Nothing in it was changed.` };
  }
}

async function find(
  library: Library,
  locks: TabLocks,
  firstTemplate: () => Promise<GraphDocument>,
): Promise<Start> {
  const last = await library.last();
  const ids = [...new Set([rememberedGraph(), last].filter((id) => id !== undefined))];
  for (const id of ids) {
    const stored = await library.load(id);
    if (!stored || stored.meta.deletedAt !== undefined) continue;
    const { document, meta } = stored;
    const held = await locks.acquire(id);
    return { opening: { id, document, revision: meta.revision, draft: meta.draft, held } };
  }
  for (const id of ids) {
    const version = await lastVersion(library, id);
    if (!version) continue;
    const start = await begin(locks, version, false);
    return {
      ...start,
      notice: "The graph could not be read. This is its last version, as a graph of its own.",
    };
  }
  const former = ids.length === 0 ? await formerGraph() : undefined;
  return begin(locks, former ?? (await firstTemplate()), former === undefined);
}

async function begin(locks: TabLocks, document: GraphDocument, draft: boolean): Promise<Start> {
  const id = newId();
  return { opening: { id, document, revision: 0, draft, held: await locks.acquire(id) } };
}

async function lastVersion(library: Library, id: string): Promise<GraphDocument | undefined> {
  if ((await library.list("deleted")).some((meta) => meta.id === id)) return undefined;
  for (const record of await library.versions(id)) {
    try {
      return unpackVersion(record);
    } catch {
      continue;
    }
  }
  return undefined;
}
