import type { NodeMode } from "../../engine/graph/document.ts";
import { freeName, setTitle } from "../graph/edits.ts";
import { renameSubgraph } from "../graph/subgraph-ports.ts";
import { setMode } from "../graph/modes.ts";
import { makeSubgraph } from "../graph/subgraphs.ts";
import { unpackSubgraph } from "../graph/unpack-subgraph.ts";
import type { Outcome } from "../graph/subgraphs.ts";
import { usedBy } from "../graph/used-subgraphs.ts";
import { subgraphsAlong } from "./scope.ts";
import type { EditorSession } from "./session.ts";

/** Does it and selects what it made; else says why not. */
function carryOut({ store, selection }: EditorSession, label: string, outcome: Outcome): string {
  if (!outcome.ok) return outcome.reason;
  store.execute(label, outcome.edit);
  selection.set(outcome.ids);
  return "";
}

/** A name that no subgraph of the graph has. */
function freeTitle({ store }: EditorSession): string {
  const taken = Object.values(store.root.subgraphs ?? {}).map(({ name }) => [name ?? "", true] as const);
  return freeName(Object.fromEntries(taken), "Subgraph");
}

/** Makes one node of what is selected. @returns why not, or an empty text */
export function subgraphSelected(session: EditorSession): string {
  const { catalog, document, selection } = session;
  const outcome = makeSubgraph(catalog.description, document, selection.nodes, freeTitle(session));
  return carryOut(session, "Make a subgraph", outcome);
}

/** Puts what is in the selected subgraph in its place. @returns why not, or an empty text */
export function unpackSelected(session: EditorSession): string {
  const [id = ""] = session.selection.nodes;
  return carryOut(session, "Unpack the subgraph", unpackSubgraph(session.document, id));
}

/** Opens the one subgraph that is selected. */
export function openSelected({ store, catalog, selection, document }: EditorSession): void {
  const [id, ...more] = selection.nodes;
  if (id === undefined || more.length > 0) return;
  if (catalog.node(document.nodes[id]?.type ?? "")?.subgraph !== undefined)
    store.openScope([...store.path, id]);
}

/** Mutes or bypasses what is selected; where all of it is so already, takes it away again. */
export function toggleMode({ store, selection }: EditorSession, mode: NodeMode): void {
  const ids = [...selection.nodes];
  if (ids.length === 0) return;
  const all = ids.every((id) => store.document.nodes[id]?.mode === mode);
  const what = ids.length === 1 ? "node" : `${ids.length} nodes`;
  const done = mode === "mute" ? "Mute" : "Bypass";
  store.execute(all ? `${done} ${what} no more` : `${done} ${what}`, setMode(ids, all ? undefined : mode));
}

/** Gives a node a title; an empty one takes it away. A subgraph's title is that of all its uses. */
export function renameNode({ store, catalog, document }: EditorSession, id: string, title: string): void {
  const subgraph = catalog.node(document.nodes[id]?.type ?? "")?.subgraph;
  if (subgraph === undefined) store.execute("Rename node", setTitle(id, title));
  else if (title !== "") store.executeRoot("Rename subgraph", renameSubgraph(subgraph, title));
}

/** Ids of the subgraphs that cannot stand in the open part: they are open, or hold one that is. */
export function closedSubgraphs({ store }: EditorSession): Set<string> {
  const { root, path } = store;
  const open = new Set(subgraphsAlong(root, path));
  const all = Object.entries(root.subgraphs ?? {});
  const holds = ([id, { nodes }]: (typeof all)[number]): boolean =>
    open.has(id) || [...usedBy(nodes, root.subgraphs ?? {})].some((used) => open.has(used));
  return new Set(all.filter(holds).map(([id]) => id));
}
