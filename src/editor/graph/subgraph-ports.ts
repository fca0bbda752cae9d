import type { EdgeRecord, GraphDocument, SubgraphPort, SubgraphRecord } from "../../engine/graph/document.ts";
import { boundaryNode, subgraphType } from "../../engine/graph/subgraphs.ts";
import { lookUp } from "../../engine/node/description.ts";
import { freeName, omit } from "./edits.ts";
import type { Edit } from "./edits.ts";
import { endpoint } from "./ports.ts";

export type PortSide = "inputs" | "outputs";

/** These edits are about the whole graph: a port has wires inside the subgraph and at every use of it. */
const changeSubgraph =
  (id: string, change: (subgraph: SubgraphRecord) => SubgraphRecord): Edit =>
  (root) => {
    const subgraph = lookUp(root.subgraphs, id);
    return subgraph ? { ...root, subgraphs: { ...root.subgraphs, [id]: change(subgraph) } } : root;
  };

export const renameSubgraph = (id: string, name: string): Edit =>
  changeSubgraph(id, (subgraph) => ({ ...subgraph, name }));

/** Why a port cannot be called so; undefined if it can. */
export function portRefusal(subgraph: SubgraphRecord, side: PortSide, name: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) return "A name is letters and digits, and begins with a letter.";
  return subgraph[side].some((port) => port.name === name) ? `There is a port "${name}" already.` : undefined;
}

export const addPort = (id: string, side: PortSide, port: SubgraphPort): Edit =>
  changeSubgraph(id, (subgraph) => ({ ...subgraph, [side]: [...subgraph[side], port] }));

/** A free name for a port like `wanted`. */
export const freePort = (subgraph: Pick<SubgraphRecord, PortSide>, side: PortSide, wanted: string): string =>
  freeName(Object.fromEntries(subgraph[side].map((port) => [port.name, true])), wanted);

/** Renames a port; its wires, inside and at every use, and the values stored at the uses stay. */
export const renamePort =
  (id: string, side: PortSide, name: string, next: string): Edit =>
  (root) =>
    withPort(root, id, side, name, next);

/** Removes a port with its wires, inside and at every use. */
export const removePort =
  (id: string, side: PortSide, name: string): Edit =>
  (root) =>
    withPort(root, id, side, name, undefined);

function withPort(
  root: GraphDocument,
  id: string,
  side: PortSide,
  name: string,
  next: string | undefined,
): GraphDocument {
  const type = subgraphType(id);
  const uses = <G extends Pick<GraphDocument, "nodes" | "edges">>(graph: G): G => {
    const isUse = (node: string): boolean => lookUp(graph.nodes, node)?.type === type;
    const end = side === "inputs" ? "to" : "from";
    if (!Object.keys(graph.nodes).some(isUse)) return graph;
    const nodes = Object.fromEntries(
      Object.entries(graph.nodes).map(([node, record]) => {
        const value = side === "inputs" && isUse(node) ? lookUp(record.params, name) : undefined;
        if (value === undefined) return [node, record];
        const rest = omit(record.params, name);
        return [node, { ...record, params: next === undefined ? rest : { ...rest, [next]: value } }];
      }),
    );
    return { ...graph, nodes, edges: moved(graph.edges, end, isUse, name, next) };
  };
  const subgraphs = Object.entries(root.subgraphs ?? {}).map(([key, subgraph]): [string, SubgraphRecord] => {
    const used = uses(subgraph);
    if (key !== id) return [key, used];
    const node = boundaryNode(used, side);
    const ports = used[side].flatMap((port) =>
      port.name !== name ? [port] : next === undefined ? [] : [{ ...port, name: next }],
    );
    const end = side === "inputs" ? "from" : "to";
    return [
      key,
      { ...used, [side]: ports, edges: moved(used.edges, end, (one) => one === node, name, next) },
    ];
  });
  return { ...uses(root), subgraphs: Object.fromEntries(subgraphs) };
}

/** Wires whose end at such a node's port gets another name, or that go with it. */
function moved(
  edges: readonly EdgeRecord[],
  end: "from" | "to",
  isNode: (node: string) => boolean,
  name: string,
  next: string | undefined,
): EdgeRecord[] {
  return edges.flatMap((edge) => {
    const { node, port } = endpoint(edge[end]);
    if (port !== name || !isNode(node)) return [edge];
    return next === undefined ? [] : [{ ...edge, [end]: `${node}.${next}` }];
  });
}
