import type { LoomCanvas, SourceRequest } from "../canvas/loom-canvas.ts";
import type { PaletteRequest } from "../canvas/gestures/gesture.ts";
import { setParam } from "../graph/edits.ts";
import type { Offer } from "../run/missing.ts";
import { deleteSelected } from "../store/commands.ts";

interface Ways {
  pick(request: SourceRequest): void;
  palette(request: PaletteRequest): void;
}

/** Does what was offered beside a problem, in the part of the graph where the node is. */
export async function takeOffer(offer: Offer, canvas: LoomCanvas, { pick, palette }: Ways): Promise<void> {
  if (offer.kind === "link") return;
  await canvas.reveal(offer.node);
  const { session } = canvas;
  const node = session.here(offer.node);
  if (node === undefined) return;
  switch (offer.kind) {
    case "pick-file": {
      const record = session.document.nodes[node];
      const params = session.catalog.node(record?.type ?? "")?.params ?? [];
      const spec = params.find(({ name }) => name === offer.name)?.spec;
      if (spec?.kind === "source") pick({ node, name: offer.name, holds: spec.holds });
      return;
    }
    case "set-source":
      session.store.execute(`Set ${offer.name}`, setParam(node, offer.name, offer.value));
      return;
    case "delete-node":
      session.selection.set([node]);
      deleteSelected(session, true);
      return;
    case "find-node": {
      const rect = canvas.rect(node);
      palette({ x: rect?.x ?? 0, y: (rect?.y ?? 0) + (rect?.height ?? 0) + 20 });
    }
  }
}
