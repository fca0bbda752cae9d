import { startDragNodes } from "./gestures/drag-nodes.ts";
import { startWire } from "./gestures/drag-wire.ts";
import type { Gesture } from "./gestures/gesture.ts";
import { startMarquee } from "./gestures/marquee.ts";
import { startPan } from "./gestures/pan.ts";
import { edgeKey } from "../graph/edits.ts";
import { insertInto } from "../graph/insert.ts";
import { framesOf } from "../graph/frames.ts";
import { frameOf } from "./frame-layer.ts";
import { REROUTE } from "./geometry.ts";
import type { PortPlace } from "./geometry.ts";
import type { LoomCanvas } from "./loom-canvas.ts";

/** Pixels that a pointer may tremble before a press becomes a drag. */
const TREMBLE = 4;
const LONG_PRESS_MS = 550;

/** Decides which gesture a press begins, and feeds it. Presses on fields and buttons are left alone. */
export class PointerRouter {
  readonly #canvas: LoomCanvas;
  readonly #container: HTMLElement;
  readonly #abort = new AbortController();
  #gesture: Gesture | undefined;
  /** What becomes the gesture once the pointer has moved. */
  #pending:
    { readonly start: PointerEvent; readonly make: () => Gesture; readonly click: () => void } | undefined;
  readonly #pointers = new Set<number>();
  #longPress = 0;
  /** Where the pointer was last over the canvas, in canvas pixels. */
  pointer: PortPlace | undefined;

  constructor(canvas: LoomCanvas, container: HTMLElement) {
    this.#canvas = canvas;
    this.#container = container;
    const { signal } = this.#abort;
    container.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    container.addEventListener("dblclick", (event) => this.#doubleClick(event), { signal });
    container.addEventListener("pointermove", (event) => this.#hover(event), { signal });
    container.addEventListener("pointerleave", () => (this.pointer = undefined), { signal });
    window.addEventListener("pointermove", (event) => this.#move(event), { signal });
    window.addEventListener("pointerup", (event) => this.#up(event), { signal });
    window.addEventListener("pointercancel", (event) => this.#lost(event), { signal });
  }

  destroy(): void {
    this.#abort.abort();
  }

  /** Ends a gesture without a change; false when there is none. */
  cancel(): boolean {
    const had = this.#gesture !== undefined || this.#pending !== undefined;
    this.#gesture?.cancel();
    this.#stop();
    return had;
  }

  #stop(): void {
    this.#gesture = undefined;
    this.#pending = undefined;
    window.clearTimeout(this.#longPress);
    this.#container.classList.remove("panning");
  }

  #down(event: PointerEvent): void {
    this.#pointers.add(event.pointerId);
    if (this.#pointers.size > 1) {
      this.cancel();
      return;
    }
    if (isControl(event)) return;
    if (event.pointerType === "touch") this.#waitForLongPress(event);
    const canvas = this.#canvas;
    const { selection } = canvas.session;
    const socket = event.button === 0 ? canvas.socketAt(event) : undefined;
    const id = canvas.nodeIdAt(event);
    const frame = frameOf(event);
    const add = event.shiftKey || event.ctrlKey || event.metaKey;
    const nothing = (): void => undefined;
    if (event.button === 1) {
      event.preventDefault();
      this.#pending = { start: event, make: () => this.#pan(event), click: nothing };
    } else if (event.button !== 0) {
      return;
    } else if (socket) {
      this.#pending = { start: event, make: () => startWire(canvas, event, socket), click: nothing };
    } else if (id !== undefined) {
      if (add) selection.toggle(id);
      else if (!selection.nodes.has(id)) selection.set([id]);
      const make = (): Gesture => {
        if (!selection.nodes.has(id)) selection.set([id]);
        return startDragNodes(canvas, event, id, selection.nodes);
      };
      this.#pending = { start: event, make, click: () => (add ? undefined : selection.set([id])) };
    } else if (frame !== undefined) {
      this.#pressFrame(event, frame);
    } else {
      const make = (): Gesture => (add ? startMarquee(canvas, event, event.shiftKey) : this.#pan(event));
      this.#pending = { start: event, make, click: () => this.#clickCanvas(event) };
    }
  }

  /** A finger that stays where it is asks what can be done there; on the empty canvas, for a node. */
  #waitForLongPress(event: PointerEvent): void {
    // An event knows its path only while it is on its way.
    const canvas = this.#canvas;
    const [target] = event.composedPath();
    const at = canvas.toCanvas(event);
    const isEmpty =
      canvas.nodeIdAt(event) === undefined && frameOf(event) === undefined && !canvas.wireAt(at.x, at.y);
    this.#longPress = window.setTimeout(() => {
      this.#stop();
      if (isEmpty) return canvas.openPalette(at);
      const { clientX, clientY } = event;
      const init = { clientX, clientY, bubbles: true, composed: true, cancelable: true };
      target?.dispatchEvent(new MouseEvent("contextmenu", init));
    }, LONG_PRESS_MS);
  }

  /** A frame's title stands for all nodes in the frame. */
  #pressFrame(event: PointerEvent, frame: string): void {
    const canvas = this.#canvas;
    const nodes = framesOf(canvas.session.document)[frame]?.nodes ?? [];
    const [grip] = nodes;
    if (grip === undefined) return;
    canvas.session.selection.set(nodes);
    const make = (): Gesture => startDragNodes(canvas, event, grip, new Set(nodes));
    this.#pending = { start: event, make, click: () => undefined };
  }

  #pan(event: PointerEvent): Gesture {
    this.#container.classList.add("panning");
    return startPan(this.#canvas, event);
  }

  #clickCanvas(event: PointerEvent): void {
    const { x, y } = this.#canvas.toCanvas(event);
    const wire = this.#canvas.wireAt(x, y);
    this.#canvas.session.selection.set([], wire?.key);
    this.#container.focus({ preventScroll: true });
  }

  #move(event: PointerEvent): void {
    const pending = this.#pending;
    if (pending && event.pointerId === pending.start.pointerId) {
      const far =
        Math.hypot(event.clientX - pending.start.clientX, event.clientY - pending.start.clientY) > TREMBLE;
      if (!far) return;
      this.#stop();
      this.#gesture = pending.make();
    }
    this.#gesture?.move(event);
  }

  #up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    const gesture = this.#gesture;
    const pending = this.#pending;
    this.#stop();
    if (gesture) gesture.end(event);
    else pending?.click();
  }

  #lost(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    this.cancel();
  }

  #hover(event: PointerEvent): void {
    this.pointer = this.#canvas.toCanvas(event);
    if (this.#gesture || event.pointerType === "touch") return;
    const over = this.#canvas.nodeIdAt(event) !== undefined;
    const { x, y } = this.#canvas.toCanvas(event);
    this.#canvas.wires.mark("hover", over ? undefined : this.#canvas.wireAt(x, y)?.key);
  }

  #doubleClick(event: MouseEvent): void {
    if (isControl(event) || this.#canvas.nodeIdAt(event) !== undefined) return;
    const frame = frameOf(event);
    if (frame !== undefined) return this.#canvas.renameFrame(frame);
    const at = this.#canvas.toCanvas(event);
    const wire = this.#canvas.wireAt(at.x, at.y);
    if (wire) this.#reroute(wire.key, at);
    else this.#canvas.openPalette(at);
  }

  /** A double click on a wire puts a corner there. */
  #reroute(key: string, { x, y }: PortPlace): void {
    const { store, catalog, selection } = this.#canvas.session;
    const edge = store.document.edges.find((candidate) => edgeKey(candidate) === key);
    const place = [Math.round(x - REROUTE.width / 2), Math.round(y - REROUTE.height / 2)] as const;
    const inserted = edge && insertInto(store.document, catalog, REROUTE.type, edge, place);
    if (!inserted) return;
    store.execute("Add reroute", inserted.edit);
    selection.set(inserted.ids);
  }
}

/** Whether an event came from a field, a button or text that can be selected. */
function isControl(event: Event): boolean {
  return event
    .composedPath()
    .some(
      (target) =>
        target instanceof HTMLElement && target.matches("input, select, textarea, button, a, [data-control]"),
    );
}
