import { lookUp } from "../node/description.ts";
import type { GraphDocument } from "./document.ts";
import { subgraphOf, subgraphType } from "./subgraphs.ts";

/** A copy of the document in which the use of a subgraph at a path has a subgraph of its own, so that it alone can be changed. */
export function specialise(document: GraphDocument, path: readonly string[]): GraphDocument {
  let subgraphs = document.subgraphs ?? {};
  const own = (nodes: GraphDocument["nodes"], at: number): GraphDocument["nodes"] => {
    const id = path[at];
    const record = id === undefined ? undefined : lookUp(nodes, id);
    const name = record && subgraphOf(record.type);
    const subgraph = name === undefined ? undefined : lookUp(subgraphs, name);
    if (id === undefined || record === undefined || name === undefined || subgraph === undefined)
      return nodes;
    let fresh = `${name}@${path.slice(0, at + 1).join("/")}`;
    while (Object.hasOwn(subgraphs, fresh)) fresh += "'";
    const inner = { ...subgraph, nodes: own(subgraph.nodes, at + 1) };
    subgraphs = { ...subgraphs, [fresh]: inner };
    return { ...nodes, [id]: { ...record, type: subgraphType(fresh) } };
  };
  const nodes = own(document.nodes, 0);
  return { ...document, nodes, subgraphs };
}
