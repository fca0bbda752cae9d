import { midOfWire } from "./geometry.ts";
import type { WireEnds } from "./wire-layer.ts";

const SVG = "http://www.w3.org/2000/svg";

export interface WireLabel {
  readonly key: string;
  readonly text: string;
  readonly ends: WireEnds;
}

/** Words on wires: the shapes of what will travel on them. Over the nodes, in the layer of the dragged wire. */
export class WireLabels {
  readonly element = document.createElementNS(SVG, "g");
  readonly #labels = new Map<string, SVGTextElement>();

  constructor() {
    this.element.setAttribute("class", "labels");
  }

  /** Makes exactly these labels be seen. */
  set(labels: readonly WireLabel[]): void {
    const keys = new Set(labels.map(({ key }) => key));
    for (const [key, label] of this.#labels) {
      if (keys.has(key)) continue;
      label.remove();
      this.#labels.delete(key);
    }
    for (const { key, text, ends } of labels) {
      let label = this.#labels.get(key);
      if (!label) {
        label = document.createElementNS(SVG, "text");
        label.dataset["label"] = key;
        this.#labels.set(key, label);
        this.element.append(label);
      }
      if (label.textContent !== text) label.textContent = text;
      const { x, y } = midOfWire(ends.from, ends.to);
      label.setAttribute("transform", `translate(${x} ${y - 7})`);
    }
  }
}
