import type { GraphDocument } from "../../engine/graph/document.ts";
import { disconnect, moveNodes, sequence } from "../graph/edits.ts";
import type { Point } from "../graph/edits.ts";
import { addFrame } from "../graph/frames.ts";
import { bridge, duplicate, fragmentOf, paste } from "../graph/fragment.ts";
import { removeWithZones } from "../graph/zones.ts";
import { usedBy } from "../graph/used-subgraphs.ts";
import { subgraphsAlong } from "./scope.ts";
import type { EditorSession } from "./session.ts";

const many = (count: number): string => (count === 1 ? "node" : `${count} nodes`);

/** Deletes what is selected. With `bridging` what fed the nodes is joined to what read them, where it fits. */
export function deleteSelected({ store, selection, catalog }: EditorSession, bridging = false): void {
  if (selection.edge !== undefined) {
    store.execute("Remove wire", disconnect([selection.edge]));
    return;
  }
  const { nodes } = selection;
  if (nodes.size === 0) return;
  const remove = removeWithZones(catalog, nodes);
  store.execute(`Delete ${many(nodes.size)}`, bridging ? sequence(bridge(catalog, nodes), remove) : remove);
}

/** What is selected, as a graph of its own; undefined when nothing is. */
export function copySelected({ document, catalog, selection }: EditorSession): GraphDocument | undefined {
  return selection.nodes.size === 0 ? undefined : fragmentOf(document, catalog, selection.nodes);
}

/** Puts a graph into the open one and selects it. @returns why not, or an empty text */
export function pasteInto(
  { store, selection }: EditorSession,
  fragment: GraphDocument,
  at: Point,
  zone?: string,
): string {
  const pasted = paste(store.document, fragment, at, zone);
  if (pasted.ids.length === 0) return "";
  const { nodes, subgraphs = {} } = pasted.edit(store.document);
  const added = Object.fromEntries(Object.entries(nodes).filter(([id]) => pasted.ids.includes(id)));
  const open = subgraphsAlong(store.root, store.path).find((id) => usedBy(added, subgraphs).has(id));
  if (open !== undefined) {
    const name = subgraphs[open]?.name ?? open;
    return `A subgraph cannot stand in itself: "${name}" is open here. Leave it, and paste outside.`;
  }
  store.execute(`Paste ${many(pasted.ids.length)}`, pasted.edit);
  selection.set(pasted.ids);
  return "";
}

export function duplicateSelected({ store, catalog, selection }: EditorSession): void {
  if (selection.nodes.size === 0) return;
  const copy = duplicate(store.document, catalog, selection.nodes, [40, 40]);
  store.execute(`Duplicate ${many(copy.ids.length)}`, copy.edit);
  selection.set(copy.ids);
}

/** Puts what is selected into a frame of its own. */
export function frameSelected({ store, selection }: EditorSession): void {
  if (selection.nodes.size > 0) store.execute("Add frame", addFrame(selection.nodes, "Frame"));
}

/** Moves what is selected a little. Presses in a row are one step of undo. */
export function nudgeSelected({ store, selection }: EditorSession, dx: number, dy: number): void {
  const positions = new Map<string, Point>();
  for (const id of selection.nodes) {
    const [x, y] = store.document.layout?.[id] ?? [0, 0];
    positions.set(id, [x + dx, y + dy]);
  }
  store.execute(`Move ${many(positions.size)}`, moveNodes(positions), `nudge ${[...selection.nodes].join()}`);
}

export type Alignment = "left" | "top";

/** Puts the selected nodes on one line. */
export function alignSelected({ store, selection }: EditorSession, alignment: Alignment): void {
  const places = [...selection.nodes].map((id): [string, Point] => [
    id,
    store.document.layout?.[id] ?? [0, 0],
  ]);
  if (places.length < 2) return;
  const axis = alignment === "left" ? 0 : 1;
  const line = Math.min(...places.map(([, place]) => place[axis]));
  const positions = new Map(
    places.map(([id, [x, y]]): [string, Point] => [id, axis === 0 ? [line, y] : [x, line]]),
  );
  store.execute(`Align ${many(places.length)}`, moveNodes(positions));
}
