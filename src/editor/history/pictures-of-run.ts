import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Preview } from "../../engine/node/define-node.ts";
import type { Catalog } from "../graph/catalog.ts";
import { endpoint } from "../graph/ports.ts";
import type { NodeRun } from "../run/run-model.ts";

export type Picture = Extract<Preview, { kind: "image" }>;

/** A picture that a run has made. */
export interface RunPicture {
  readonly node: string;
  readonly picture: Picture;
  /** Every seed that it depends on, as the graph has it. */
  readonly seeds: readonly string[];
}

/**
 * The results among the pictures that nodes show: outside the zones, made by this run out of something, and not handed on to
 * another node that shows a picture too.
 */
export function picturesOfRun(
  document: GraphDocument,
  catalog: Catalog,
  runOf: (node: string) => NodeRun,
): RunPicture[] {
  const shown = new Map<string, Picture>();
  for (const [id, { zone }] of Object.entries(document.nodes)) {
    const { preview, status } = runOf(id);
    if (zone === undefined && status === "done" && preview?.kind === "image") shown.set(id, preview);
  }
  const wired = new Set(document.edges.map(({ to }) => endpoint(to).node));
  const handedOn = new Set(
    document.edges.filter(({ to }) => shown.has(endpoint(to).node)).map(({ from }) => endpoint(from).node),
  );
  return [...shown].flatMap(([node, picture]) =>
    wired.has(node) && !handedOn.has(node)
      ? [{ node, picture, seeds: seedsAbove(document, catalog, node) }]
      : [],
  );
}

/** Seeds of the node and of all that it depends on, the nearest first. */
function seedsAbove(document: GraphDocument, catalog: Catalog, start: string): string[] {
  const sources = new Map<string, string[]>();
  for (const { from, to } of document.edges) {
    const node = endpoint(to).node;
    sources.set(node, [...(sources.get(node) ?? []), endpoint(from).node]);
  }
  // What a zone's end hands out is made by the nodes in the zone.
  for (const [id, { zone }] of Object.entries(document.nodes)) {
    if (zone === undefined) continue;
    const end = Object.entries(document.nodes).find(
      ([, record]) => record.zone === zone && catalog.node(record.type)?.zoneEnd?.side === "end",
    );
    if (end && end[0] !== id) sources.set(end[0], [...(sources.get(end[0]) ?? []), id]);
  }
  const seen = new Set([start]);
  const seeds = new Set<string>();
  for (const id of seen) {
    const record = document.nodes[id];
    for (const { name, spec } of catalog.node(record?.type ?? "")?.params ?? []) {
      if (spec.kind === "seed") seeds.add(String(record?.params[name] ?? spec.default));
    }
    for (const source of sources.get(id) ?? []) seen.add(source);
  }
  return [...seeds];
}
