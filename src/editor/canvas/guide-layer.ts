import type { Guide } from "./gestures/snapping.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Lines through what a dragged node is in line with. */
export class GuideLayer {
  readonly element = document.createElementNS(SVG, "g");

  constructor() {
    this.element.setAttribute("class", "guides");
  }

  show(guides: readonly Guide[]): void {
    while (this.element.childElementCount > guides.length) this.element.lastElementChild?.remove();
    for (const [index, { from, to }] of guides.entries()) {
      const line =
        this.element.children[index] ?? this.element.appendChild(document.createElementNS(SVG, "line"));
      for (const [name, value] of [
        ["x1", from.x],
        ["y1", from.y],
        ["x2", to.x],
        ["y2", to.y],
      ] as const)
        line.setAttribute(name, String(value));
    }
  }
}
