import type { GraphDocument } from "../../engine/graph/document.ts";
import { framesOf } from "../graph/frames.ts";
import { boundsOf, grow } from "./geometry.ts";
import type { Rect } from "./geometry.ts";

const PADDING = 18;
const TITLE = 30;

/** Titled frames, behind the nodes and before the zones. A title can be taken hold of: its nodes move with it. */
export class FrameLayer {
  readonly element = document.createElement("div");
  readonly #frames = new Map<string, HTMLElement>();
  readonly #rectOf: (node: string) => Rect | undefined;

  constructor(rectOf: (node: string) => Rect | undefined) {
    this.#rectOf = rectOf;
    this.element.className = "frames";
  }

  set(graph: GraphDocument): void {
    const frames = framesOf(graph);
    for (const [id, element] of this.#frames) {
      if (Object.hasOwn(frames, id)) continue;
      element.remove();
      this.#frames.delete(id);
    }
    for (const [id, frame] of Object.entries(frames)) {
      const bounds = boundsOf(frame.nodes.flatMap((node) => this.#rectOf(node) ?? []));
      if (!bounds) continue;
      const { x, y, width, height } = grow(bounds, PADDING);
      const element = this.#frames.get(id) ?? this.#make(id);
      const title = element.firstElementChild;
      if (title && title.textContent !== frame.title) title.textContent = frame.title;
      element.style.transform = `translate(${x}px, ${y - TITLE}px)`;
      element.style.width = `${width}px`;
      element.style.height = `${height + TITLE}px`;
    }
  }

  #make(id: string): HTMLElement {
    const element = document.createElement("div");
    element.className = "frame";
    const title = document.createElement("span");
    title.dataset["frame"] = id;
    element.append(title);
    this.#frames.set(id, element);
    this.element.append(element);
    return element;
  }
}

/** The frame on whose title an event happened. */
export function frameOf(event: Event): string | undefined {
  const title = event
    .composedPath()
    .find((target) => target instanceof HTMLElement && target.dataset["frame"] !== undefined);
  return title instanceof HTMLElement ? title.dataset["frame"] : undefined;
}
