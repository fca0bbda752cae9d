import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "../graph/catalog.ts";
import { omit, sequence, setParam, setView } from "../graph/edits.ts";
import type { Edit } from "../graph/edits.ts";
import { edgeInto } from "../graph/ports.ts";

/** What becomes of a seed before a run is started. Never after it: the seed that is shown is the one that was used. */
export type SeedMode = "fixed" | "increment" | "random";

export type SeedValue = number | string;

export interface SeedRef {
  /** `node.param`. */
  readonly address: string;
  readonly node: string;
  readonly name: string;
  readonly title: string;
  readonly value: SeedValue;
  readonly mode: SeedMode;
}

const VIEW_KEY = "seedModes";

const modesOf = (document: GraphDocument): Readonly<Record<string, unknown>> => {
  const modes = document.view?.[VIEW_KEY];
  return typeof modes === "object" && modes !== null ? (modes as Record<string, unknown>) : {};
};

/** The seeds of a graph that no wire sets. */
export function seedsOf(document: GraphDocument, catalog: Catalog): SeedRef[] {
  const modes = modesOf(document);
  return Object.entries(document.nodes).flatMap(([node, record]) => {
    const info = catalog.node(record.type);
    return (info?.params ?? []).flatMap(({ name, spec }): SeedRef[] => {
      if (spec.kind !== "seed" || edgeInto(document, node, name)) return [];
      const address = `${node}.${name}`;
      const mode = modes[address];
      const value = record.params[name] ?? spec.default;
      return [
        {
          address,
          node,
          name,
          title: record.title ?? info?.title ?? node,
          value: typeof value === "string" ? value : Number(value),
          mode: mode === "increment" || mode === "random" ? mode : "fixed",
        },
      ];
    });
  });
}

export const setSeedMode =
  (address: string, mode: SeedMode): Edit =>
  (document) => {
    const modes = modesOf(document);
    const next =
      mode === "fixed" ? omit({ ...modes, [address]: mode }, address) : { ...modes, [address]: mode };
    return setView(VIEW_KEY, next)(document);
  };

export type Seeds = Readonly<Record<string, SeedValue>>;

/** The seeds as a record of a run holds them. */
export const seedValues = (document: GraphDocument, catalog: Catalog): Seeds =>
  Object.fromEntries(seedsOf(document, catalog).map(({ address, value }) => [address, value]));

/**
 * The seeds of the next run. A seed that has not been run yet is run first: what a person typed counts, and only then is it
 * counted on.
 *
 * @param used the seeds of the last run, if there was one.
 */
export function nextSeeds(
  document: GraphDocument,
  catalog: Catalog,
  used: Seeds | undefined,
  draw: () => number = drawSeed,
): Edit {
  const changes = seedsOf(document, catalog).flatMap(({ address, node, name, value, mode }) => {
    if (mode === "random") return [setParam(node, name, draw())];
    if (mode === "increment" && used !== undefined && String(used[address]) === String(value))
      return [setParam(node, name, increment(value))];
    return [];
  });
  return changes.length === 0 ? (same) => same : sequence(...changes);
}

/** Puts seeds into a graph, where it still has them. */
export const withSeeds =
  (catalog: Catalog, seeds: Seeds): Edit =>
  (document) => {
    const changes = seedsOf(document, catalog).flatMap(({ address, node, name }) => {
      const value = seeds[address];
      return value === undefined ? [] : [setParam(node, name, value)];
    });
    return changes.length === 0 ? document : sequence(...changes)(document);
  };

const LARGEST = 2n ** 64n;

/** Seeds of up to 64 bits are text where a number would round them. */
function increment(value: SeedValue): SeedValue {
  const next = (BigInt(value) + 1n) % LARGEST;
  return next <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(next) : next.toString();
}

function drawSeed(): number {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return seed;
}
