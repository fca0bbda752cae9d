import type { SubgraphPort } from "../../../engine/graph/document.ts";
import { connect } from "../../graph/edits.ts";
import type { Edit } from "../../graph/edits.ts";
import { address } from "../../graph/ports.ts";
import { freePort } from "../../graph/subgraph-ports.ts";
import type { ScopedDocument } from "../../store/scope.ts";
import type { CanvasHost, PortRef } from "./gesture.ts";

/** A wire let go on the node of a subgraph's inputs or outputs makes a port of it. */
export function portInto(
  host: CanvasHost,
  event: PointerEvent,
  fixed: PortRef,
  type: string,
): Edit | undefined {
  const { store, catalog } = host.session;
  const { document } = store;
  const { x, y } = host.toCanvas(event);
  const node = host.nodeAt(x, y);
  const side = node === undefined ? undefined : catalog.node(document.nodes[node]?.type ?? "")?.boundary;
  const fits = side === "inputs" ? fixed.side === "input" : fixed.side === "output";
  if (node === undefined || node === fixed.node || side === undefined || !fits) return undefined;
  const { inputs = [], outputs = [] } = document;
  const name = freePort({ inputs, outputs }, side, fixed.port);
  const port: SubgraphPort = { name, type };
  const [own, other] = [address(node, name), address(fixed.node, fixed.port)];
  return (before) => {
    const open: ScopedDocument = before;
    const added: ScopedDocument = { ...open, [side]: [...(open[side] ?? []), port] };
    return (side === "inputs" ? connect(own, other) : connect(other, own))(added);
  };
}
