import type { EdgeRecord, GraphDocument, NodeRecord } from "../../engine/graph/document.ts";
import { boundaryNode, isBoundary, subgraphOf } from "../../engine/graph/subgraphs.ts";
import { lookUp } from "../../engine/node/description.ts";
import { removeNodes } from "./edits.ts";
import type { Edit } from "./edits.ts";
import { paste } from "./fragment.ts";
import { setMode } from "./modes.ts";
import { address, endpoint } from "./ports.ts";
import { refuse } from "./subgraphs.ts";
import type { Outcome } from "./subgraphs.ts";

/** Puts what is in a subgraph in the place of one use of it. Values stored at the node go to the parameters that they set. */
export function unpackSubgraph(document: GraphDocument, id: string): Outcome {
  const record = document.nodes[id];
  const subgraph = record && lookUp(document.subgraphs, subgraphOf(record.type) ?? "");
  if (!record || !subgraph) return refuse("Select a subgraph to unpack it.");
  if (record.mode === "bypass")
    return refuse("This subgraph is bypassed as a whole. Take that away first, then unpack it.");
  const [inputs, outputs] = [boundaryNode(subgraph, "inputs"), boundaryNode(subgraph, "outputs")];
  const body = Object.fromEntries(Object.entries(subgraph.nodes).filter(([, { type }]) => !isBoundary(type)));
  const inside = subgraph.edges.filter(({ from, to }) =>
    [from, to].every((end) => Object.hasOwn(body, endpoint(end).node)),
  );
  const fragment: GraphDocument = {
    format: 1,
    nodes: body,
    edges: inside,
    ...(subgraph.zones ? { zones: subgraph.zones } : {}),
    layout: subgraph.layout ?? {},
  };
  const without = removeNodes([id])(document);
  const pasted = paste(without, fragment, document.layout?.[id] ?? [0, 0], record.zone);
  const freshOf = new Map(Object.keys(body).map((node, index) => [node, pasted.ids[index] ?? node]));
  const fresh = (end: string): string => address(freshOf.get(endpoint(end).node) ?? "", endpoint(end).port);
  const given = (port: string): string | undefined =>
    document.edges.find(({ to }) => to === address(id, port))?.from;

  const edges: EdgeRecord[] = [];
  const values: {
    readonly node: string;
    readonly port: string;
    readonly value: string | number | boolean;
  }[] = [];
  for (const { from, to } of subgraph.edges) {
    if (endpoint(from).node === inputs && Object.hasOwn(body, endpoint(to).node)) {
      const source = given(endpoint(from).port);
      const value = lookUp(record.params, endpoint(from).port);
      const { node, port } = endpoint(fresh(to));
      if (source !== undefined) edges.push({ from: source, to: fresh(to) });
      else if (value !== undefined) values.push({ node, port, value });
    } else if (endpoint(to).node === outputs) {
      const source = endpoint(from).node === inputs ? given(endpoint(from).port) : fresh(from);
      const readers = document.edges.filter((edge) => edge.from === address(id, endpoint(to).port));
      if (source !== undefined) for (const edge of readers) edges.push({ from: source, to: edge.to });
    }
  }
  const edit: Edit = (before) => {
    const opened = pasted.edit(removeNodes([id])(before));
    const nodes: Record<string, NodeRecord> = { ...opened.nodes };
    for (const { node, port, value } of values) {
      const at = nodes[node];
      if (at) nodes[node] = { ...at, params: { ...at.params, [port]: value } };
    }
    const muted = record.mode === "mute" ? setMode(pasted.ids, "mute") : (same: GraphDocument) => same;
    return muted({ ...opened, nodes, edges: [...opened.edges, ...edges] });
  };
  return { ok: true, edit, ids: pasted.ids };
}
