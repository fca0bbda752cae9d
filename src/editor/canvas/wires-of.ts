import type { NodeEditor } from "rete";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { edgeKey } from "../graph/edits.ts";
import { endpoint } from "../graph/ports.ts";
import type { TypedSchemes } from "../rete/typed-node.ts";
import type { Wire } from "./wire-layer.ts";

/** The wires of a document, each with the type that its output has now. */
export function wiresOf(document: GraphDocument, editor: NodeEditor<TypedSchemes>): Wire[] {
  return document.edges.map((edge) => {
    const [from, to] = [endpoint(edge.from), endpoint(edge.to)];
    const port = editor.getNode(from.node)?.outputs[from.port];
    return {
      key: edgeKey(edge),
      source: from.node,
      sourcePort: from.port,
      target: to.node,
      targetPort: to.port,
      type: port?.socket.name ?? "any",
    };
  });
}
