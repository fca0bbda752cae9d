import { AreaPlugin, Zoom } from "rete-area-plugin";
import type { TypedSchemes } from "../rete/typed-node.ts";

const ZOOM = { least: 0.1, most: 2.5 } as const;

export const clampZoom = (zoom: number): number => Math.min(ZOOM.most, Math.max(ZOOM.least, zoom));

/** Rete's zoom with pinch as it is; the wheel follows the pointer, and a double click is the palette's, not a zoom. */
class LoomZoom extends Zoom {
  constructor(pan: (dx: number, dy: number) => void) {
    super(0.1);
    this.dblclick = () => undefined;
    this.wheel = (event) => {
      event.preventDefault();
      // A trackpad moves both axes in pixels; a pinch on it arrives with ctrlKey.
      if (event.shiftKey || (!event.ctrlKey && event.deltaMode === 0 && event.deltaX !== 0)) {
        pan(-event.deltaX || -event.deltaY, event.shiftKey ? 0 : -event.deltaY);
        return;
      }
      const lines = event.deltaMode === 1 ? event.deltaY : event.deltaY / (event.ctrlKey ? 8 : 40);
      const factor = Math.exp(-Math.max(-3, Math.min(3, lines)) * 0.06) - 1;
      const { left, top } = this.element.getBoundingClientRect();
      this.onzoom(factor, (left - event.clientX) * factor, (top - event.clientY) * factor, "wheel");
    };
  }
}

/**
 * Rete's area with our rules: nodes are dragged by the canvas's own gesture (a drag of several is one command), and
 * wires are drawn in one layer, so that no element is made per wire.
 */
export class LoomArea extends AreaPlugin<TypedSchemes> {
  constructor(container: HTMLElement) {
    super(container);
    this.area.setDragHandler(null);
    this.area.setZoomHandler(
      new LoomZoom(
        (dx, dy) => void this.area.translate(this.area.transform.x + dx, this.area.transform.y + dy),
      ),
    );
    this.addPipe((context) => {
      if (context.type === "zoom")
        return { ...context, data: { ...context.data, zoom: clampZoom(context.data.zoom) } };
      return context;
    });
    container.style.touchAction = "none";
  }

  override addNodeView(node: TypedSchemes["Node"]): ReturnType<AreaPlugin<TypedSchemes>["addNodeView"]> {
    const view = super.addNodeView(node);
    view.dragHandler.destroy();
    return view;
  }

  override addConnectionView(): ReturnType<AreaPlugin<TypedSchemes>["addConnectionView"]> {
    return { element: document.createElement("div") };
  }

  override removeConnectionView(): void {
    // There is no element to remove: see addConnectionView.
  }

  /** Moves a node at once, without Rete's round of signals: a drag of hundreds of nodes stays within a frame. */
  place(id: string, x: number, y: number): void {
    const view = this.nodeViews.get(id);
    if (!view) return;
    view.position = { x, y };
    view.element.style.transform = `translate(${x}px, ${y}px)`;
  }

  /** Sets scale and place of the whole canvas. */
  async show(x: number, y: number, zoom: number): Promise<void> {
    const k = clampZoom(zoom);
    this.area.transform.x = x;
    this.area.transform.y = y;
    if (this.area.transform.k === k) await this.area.translate(x, y);
    else await this.area.zoom(k, 0, 0);
  }
}
