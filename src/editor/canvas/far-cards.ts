import type { Preview } from "../../engine/node/define-node.ts";
import type { EditorSession } from "../store/session.ts";
import { familyColor } from "../theme/family-color.ts";
import { drawImage } from "./draw-preview.ts";
import type { FarCard } from "./far-layer.ts";
import type { Rect } from "./geometry.ts";
import type { NodeViews } from "./node-views.ts";

const pictures = new WeakMap<Preview, HTMLCanvasElement>();

function pictureOf(preview: Preview | undefined): HTMLCanvasElement | undefined {
  if (preview?.kind !== "image") return undefined;
  const known = pictures.get(preview);
  if (known) return known;
  const picture = document.createElement("canvas");
  drawImage(picture, preview);
  pictures.set(preview, picture);
  return picture;
}

/** All nodes as they look from far away. One that has an element, because the focus is in it, draws itself. */
export function* farCards(
  session: EditorSession,
  views: NodeViews,
  rectOf: (node: string) => Rect | undefined,
): Iterable<FarCard> {
  for (const id of Object.keys(session.document.nodes)) {
    const rect = views.isShown(id) ? undefined : rectOf(id);
    const node = views.node(id);
    if (!rect || !node) continue;
    const run = session.runOf(id);
    const bad = run.error !== undefined || views.faults(id).length > 0;
    yield {
      rect,
      title: node.shape.title,
      color: familyColor(node.record.type),
      state: session.selection.nodes.has(id)
        ? "selected"
        : run.status === "running"
          ? "running"
          : bad
            ? "bad"
            : "",
      picture: pictureOf(run.preview),
    };
  }
}
