import type { NodeEditor } from "rete";
import type { EdgeRecord, GraphDocument, NodeRecord } from "../../engine/graph/document.ts";
import type { Catalog } from "../graph/catalog.ts";
import { edgeKey } from "../graph/edits.ts";
import { address, endpoint, shapeOf } from "../graph/ports.ts";
import { TypedNode } from "./typed-node.ts";
import type { TypedConnection, TypedSchemes } from "./typed-node.ts";

export function connectionOf(edge: EdgeRecord, id = edgeKey(edge)): TypedConnection {
  const from = endpoint(edge.from);
  const to = endpoint(edge.to);
  return { id, source: from.node, sourceOutput: from.port, target: to.node, targetInput: to.port };
}

export const edgeOf = (connection: TypedConnection): EdgeRecord => ({
  from: address(connection.source, connection.sourceOutput),
  to: address(connection.target, connection.targetInput),
});

/** Everything that the live graph does not hold: zones, layout, view, name. */
export type DocumentFrame = Omit<GraphDocument, "nodes" | "edges" | "format">;

/** The plain document of a live graph. Nodes and wires come from Rete, all else from `frame`. */
export function documentOf(editor: NodeEditor<TypedSchemes>, frame: DocumentFrame = {}): GraphDocument {
  const nodes: Record<string, NodeRecord> = {};
  for (const node of editor.getNodes()) nodes[node.id] = node.record;
  return { format: 1, ...frame, nodes, edges: editor.getConnections().map(edgeOf) };
}

/** What a call of {@link syncEditor} did, for views that draw beside Rete. */
export interface SyncReport {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Nodes whose record or ports changed. */
  readonly updated: readonly string[];
  readonly wiresChanged: boolean;
}

/**
 * Makes the live graph equal to the document in one batch: wires that are gone, nodes that are gone, new nodes, new
 * wires; what stays is not touched. Rete leaves a removed node's wires behind, hence that order.
 */
export async function syncEditor(
  editor: NodeEditor<TypedSchemes>,
  document: GraphDocument,
  catalog: Catalog,
): Promise<SyncReport> {
  const wanted = wantedConnections(document);
  const connections = new Set(editor.getConnections().map((connection) => connection.id));
  const goneWires = [...connections].filter((id) => !wanted.has(id));
  await Promise.all(goneWires.map((id) => editor.removeConnection(id)));

  const removed = editor.getNodes().filter((node) => !Object.hasOwn(document.nodes, node.id));
  await Promise.all(removed.map((node) => editor.removeNode(node.id)));

  const added: string[] = [];
  const updated: string[] = [];
  const adding: Promise<boolean>[] = [];
  const live = new Map(editor.getNodes().map((node) => [node.id, node]));
  for (const [id, record] of Object.entries(document.nodes)) {
    const node = live.get(id);
    const shape = shapeOf(document, catalog, id, record);
    if (!node) {
      added.push(id);
      adding.push(editor.addNode(new TypedNode(id, record, shape)));
    } else if (node.record !== record || portsDiffer(node, shape)) {
      updated.push(id);
      node.update(record, shape);
    }
  }
  await Promise.all(adding);

  const newWires = [...wanted.values()].filter((connection) => !connections.has(connection.id));
  await Promise.all(newWires.map((connection) => editor.addConnection(connection)));
  return {
    added,
    removed: removed.map((node) => node.id),
    updated,
    wiresChanged: goneWires.length + newWires.length > 0,
  };
}

/** A file may hold the same wire twice, a fault that validation names: the copies get ids of their own. */
function wantedConnections(document: GraphDocument): Map<string, TypedConnection> {
  const wanted = new Map<string, TypedConnection>();
  for (const edge of document.edges) {
    let id = edgeKey(edge);
    for (let copy = 2; wanted.has(id); copy++) id = `${edgeKey(edge)}#${copy}`;
    wanted.set(id, connectionOf(edge, id));
  }
  return wanted;
}

const signature = (shape: TypedNode["shape"]): string =>
  [
    ...shape.inputs.map((port) => `<${port.name}:${port.type}`),
    ...shape.outputs.map((port) => `>${port.name}:${port.type}`),
  ].join();

/** The fields of a subgraph's node change with what is inside; those of all others never. */
const fields = ({ params }: TypedNode["shape"]): string =>
  params.map(({ name, spec }) => `${name}:${spec.kind}:${String(spec.default)}`).join();

const portsDiffer = (node: TypedNode, shape: TypedNode["shape"]): boolean =>
  node.shape.title !== shape.title ||
  (node.shape !== shape && signature(node.shape) !== signature(shape)) ||
  (node.shape.info !== shape.info && fields(node.shape) !== fields(shape));
