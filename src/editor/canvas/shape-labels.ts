import type { EdgeRecord } from "../../engine/graph/document.ts";
import { edgeKey } from "../graph/edits.ts";
import { endpoint } from "../graph/ports.ts";
import type { EditorSession } from "../store/session.ts";
import { midOfWire } from "./geometry.ts";
import type { WireEnds, WireLayer } from "./wire-layer.ts";

const SVG = "http://www.w3.org/2000/svg";

/** With more nodes selected than these nobody reads the shapes, and there would be hundreds. */
const MANY = 20;

const place = (label: SVGTextElement, { from, to }: WireEnds): void => {
  const { x, y } = midOfWire(from, to);
  label.setAttribute("transform", `translate(${x} ${y - 7})`);
};

/** What the labels need of the canvas. */
interface LabelHost {
  readonly session: EditorSession;
  readonly wires: WireLayer;
}

/**
 * The shapes of what will travel on wires, over the nodes in the layer of the dragged wire: of the wire under the pointer, of
 * what is selected, and of all where that is wanted.
 */
export class ShapeLabels {
  readonly element = document.createElementNS(SVG, "g");
  readonly #host: LabelHost;
  readonly #labels = new Map<string, SVGTextElement>();
  #all = false;

  constructor(host: LabelHost) {
    this.#host = host;
    this.element.setAttribute("class", "labels");
  }

  /** Shows them on all wires, or no more. @returns whether they are shown on all now */
  toggle(): boolean {
    this.#all = !this.#all;
    this.draw();
    return this.#all;
  }

  draw(): void {
    const { session, wires } = this.#host;
    const seen = new Set<string>();
    for (const edge of session.document.edges) {
      const key = edgeKey(edge);
      const ends = this.#isWanted(edge, key) ? wires.endsOf(key) : undefined;
      const text = ends && session.shapeOn(edge);
      if (!ends || text === undefined) continue;
      seen.add(key);
      const label = this.#label(key);
      if (label.textContent !== text) label.textContent = text;
      place(label, ends);
    }
    for (const [key, label] of this.#labels) {
      if (seen.has(key)) continue;
      label.remove();
      this.#labels.delete(key);
    }
  }

  /** Moves the labels with their wires, which is all that changes while nodes are dragged. */
  follow(): void {
    for (const [key, label] of this.#labels) {
      const ends = this.#host.wires.endsOf(key);
      if (ends) place(label, ends);
    }
  }

  #isWanted({ from, to }: EdgeRecord, key: string): boolean {
    const { session, wires } = this.#host;
    const { nodes, edge } = session.selection;
    if (this.#all || key === edge || key === wires.hover) return true;
    return (
      nodes.size > 0 && nodes.size <= MANY && (nodes.has(endpoint(from).node) || nodes.has(endpoint(to).node))
    );
  }

  #label(key: string): SVGTextElement {
    const known = this.#labels.get(key);
    if (known) return known;
    const label = document.createElementNS(SVG, "text");
    label.dataset["label"] = key;
    this.#labels.set(key, label);
    this.element.append(label);
    return label;
  }
}
