import type { GraphDocument, SubgraphRecord } from "../../engine/graph/document.ts";
import { subgraphOf } from "../../engine/graph/subgraphs.ts";
import { lookUp } from "../../engine/node/description.ts";
import { omit } from "../graph/edits.ts";
import { pruneSubgraphs } from "../graph/used-subgraphs.ts";

/** Where a person looks: the ids of the subgraph nodes that were opened one in the other, from the outside in. */
export type ScopePath = readonly string[];

/** The ports of the open subgraph; undefined at the top. */
export interface ScopedDocument extends GraphDocument {
  readonly inputs?: SubgraphRecord["inputs"];
  readonly outputs?: SubgraphRecord["outputs"];
}

/** Ids of the subgraphs along a path, as far as it leads. */
export function subgraphsAlong(root: GraphDocument, path: ScopePath): string[] {
  const found: string[] = [];
  let { nodes } = root;
  for (const id of path) {
    const name = subgraphOf(lookUp(nodes, id)?.type ?? "");
    const subgraph = name === undefined ? undefined : lookUp(root.subgraphs, name);
    if (name === undefined || subgraph === undefined) break;
    found.push(name);
    nodes = subgraph.nodes;
  }
  return found;
}

/** The part of a path that still leads somewhere. */
export const livePath = (root: GraphDocument, path: ScopePath): ScopePath =>
  path.slice(0, subgraphsAlong(root, path).length);

const views = new WeakMap<GraphDocument, Map<string, ScopedDocument>>();

/** What is at the end of a path as a document of its own: everything in the editor edits that. Always the same object. */
export function scopedDocument(root: GraphDocument, path: ScopePath): ScopedDocument {
  const id = subgraphsAlong(root, path).at(-1);
  const subgraph = id === undefined ? undefined : lookUp(root.subgraphs, id);
  if (id === undefined || subgraph === undefined) return root;
  const known = views.get(root) ?? new Map<string, ScopedDocument>();
  views.set(root, known);
  const view = known.get(id) ?? { ...subgraph, format: root.format, subgraphs: root.subgraphs ?? {} };
  known.set(id, view);
  return view;
}

/** The whole document with an edited part put back; subgraphs that nothing uses any more go. */
export function putScoped(root: GraphDocument, path: ScopePath, scoped: GraphDocument): GraphDocument {
  const id = subgraphsAlong(root, path).at(-1);
  if (id === undefined) return pruneSubgraphs(scoped);
  const own = omit(omit(scoped as ScopedDocument, "format"), "subgraphs") as SubgraphRecord;
  return pruneSubgraphs({ ...root, subgraphs: { ...scoped.subgraphs, [id]: own } });
}
