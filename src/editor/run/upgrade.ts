import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "../graph/catalog.ts";
import type { EditorSession } from "../store/session.ts";
import type { EngineClient } from "../worker/engine-client.ts";

/** Whether a graph holds nodes that were saved by an older version of themselves. */
export const isOutdated = (document: GraphDocument, catalog: Catalog): boolean =>
  [document, ...Object.values(document.subgraphs ?? {})]
    .flatMap(({ nodes }) => Object.values(nodes))
    .some((record) => (catalog.node(record.type)?.version ?? 0) > record.version);

/**
 * Brings the parameters of outdated nodes up to date. The worker does it: migrations are code of the nodes, which the page
 * does not load. It is one step of undo; a graph that was changed or replaced meanwhile is left alone.
 */
export async function bringUpToDate(
  session: EditorSession,
  client: Pick<EngineClient, "upgrade">,
): Promise<void> {
  const { base, store } = session;
  const { root } = store;
  if (!isOutdated(root, base)) return;
  const upgraded = await client.upgrade(root);
  if (store.root === root) store.executeRoot("Bring nodes up to date", () => upgraded);
}
