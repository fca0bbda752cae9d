import type { Catalog, NodeInfo } from "./catalog.ts";
import { portFor } from "./insert.ts";
import type { LooseEnd } from "./insert.ts";

/** Something that the palette can add. */
export interface PaletteEntry {
  readonly kind: "node" | "zone" | "own";
  /** Node type, zone kind, or name of a node of one's own. */
  readonly id: string;
  readonly title: string;
  readonly doc: string;
  readonly keywords: readonly string[];
}

/** What the palette offers beside the nodes of the registry. */
export interface PaletteExtras {
  /** Nodes of one's own. */
  readonly own?: readonly { readonly name: string; readonly info: NodeInfo }[];
  /** Ids of subgraphs that cannot stand where something is added. */
  readonly closed?: ReadonlySet<string>;
}

/** Everything that can be added; with a loose end only what takes it. */
export function paletteEntries(
  catalog: Catalog,
  end?: LooseEnd,
  { own = [], closed = new Set() }: PaletteExtras = {},
): PaletteEntry[] {
  const takes = (info: NodeInfo): boolean => !end || portFor(catalog, info, end) !== undefined;
  const kept = own
    .filter(({ info }) => takes(info))
    .map(({ name, info }): PaletteEntry => ({
      kind: "own",
      id: name,
      title: name,
      doc: info.doc,
      keywords: ["own", "subgraph", ...info.keywords],
    }));
  const nodes = catalog.nodes
    .filter((info) => !info.zoneEnd && !info.boundary && !closed.has(info.subgraph ?? "") && takes(info))
    .map((info): PaletteEntry => ({
      kind: "node",
      id: info.type,
      title: info.title,
      doc: info.doc,
      keywords: info.keywords,
    }));
  if (end?.side === "input") return [...nodes, ...kept];
  const zones = catalog.zones.map((zone): PaletteEntry => ({
    kind: "zone",
    id: zone.kind,
    title: zone.title,
    doc: zone.doc,
    keywords: ["zone", "loop"],
  }));
  return [...nodes, ...zones, ...kept];
}

/** Entries that hold every word of the query, best first. An empty query keeps the order. */
export function search(entries: readonly PaletteEntry[], query: string): PaletteEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...entries];
  return entries
    .map((entry) => ({ entry, score: total(entry, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.entry.title.localeCompare(b.entry.title))
    .map(({ entry }) => entry);
}

/** 0 when one word is nowhere. */
function total(entry: PaletteEntry, words: readonly string[]): number {
  let sum = 0;
  for (const word of words) {
    const score = scoreOf(entry, word);
    if (score === 0) return 0;
    sum += score;
  }
  return sum;
}

/** How well one word meets an entry: its title before its type, then keywords, then the help text. */
function scoreOf(entry: PaletteEntry, word: string): number {
  const title = entry.title.toLowerCase();
  if (title === word) return 100;
  if (title.startsWith(word)) return 80;
  if (title.split(/[^a-z0-9]+/).some((part) => part.startsWith(word))) return 60;
  if (title.includes(word)) return 45;
  if (entry.id.toLowerCase().includes(word)) return 35;
  if (entry.keywords.some((keyword) => keyword.toLowerCase().startsWith(word))) return 30;
  if (entry.doc.toLowerCase().includes(word)) return 10;
  return initials(entry.title).startsWith(word) ? 20 : 0;
}

const initials = (title: string): string =>
  title
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.slice(0, 1).toLowerCase())
    .join("");
