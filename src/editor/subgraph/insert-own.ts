import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "../graph/catalog.ts";
import { sequence } from "../graph/edits.ts";
import type { Point } from "../graph/edits.ts";
import { paste } from "../graph/fragment.ts";
import { portFor, scopeOf, wireTo } from "../graph/insert.ts";
import type { Insertion, LooseEnd } from "../graph/insert.ts";
import { infoOf } from "./own-nodes.ts";
import type { OwnNode } from "./own-nodes.ts";

/** Adds a node of one's own with the subgraphs that it needs, wired to a loose end if there is one. */
export function insertOwn(
  document: GraphDocument,
  catalog: Catalog,
  own: OwnNode,
  at: Point,
  options: { readonly end?: LooseEnd | undefined; readonly zone?: string | undefined } = {},
): Insertion {
  const { end } = options;
  const zone = end ? scopeOf(document, catalog, end) : options.zone;
  const { edit, ids } = paste(document, own.graph, at, zone);
  const [id] = ids;
  const info = infoOf(catalog.description, own);
  const port = end && info ? portFor(catalog, info, end) : undefined;
  if (!end || id === undefined || port === undefined) return { edit, ids };
  return { edit: sequence(edit, wireTo(end, id, port)), ids };
}
