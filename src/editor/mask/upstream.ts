import type { Preview } from "../../engine/node/define-node.ts";
import { isRerouteType } from "../canvas/geometry.ts";
import { edgeInto, endpoint } from "../graph/ports.ts";
import type { EditorSession } from "../store/session.ts";

export type Picture = Extract<Preview, { kind: "image" }>;

/** The picture that a node's input was fed in the last run, if the node that made it shows one. */
export function pictureInto(session: EditorSession, node: string, input: string): Picture | undefined {
  const { document } = session;
  let edge = edgeInto(document, node, input);
  // Reroutes show nothing themselves. A graph under edit may hold a ring of them.
  for (const seen = new Set<string>(); edge && !seen.has(edge.from);) {
    seen.add(edge.from);
    const source = endpoint(edge.from).node;
    const record = document.nodes[source];
    const [onward] =
      record && isRerouteType(record.type)
        ? document.edges.filter((next) => endpoint(next.to).node === source)
        : [];
    if (!onward) {
      const { preview } = session.runOf(source);
      return preview?.kind === "image" ? preview : undefined;
    }
    edge = onward;
  }
  return undefined;
}
