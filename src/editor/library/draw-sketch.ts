import { svg } from "lit";
import type { SVGTemplateResult, TemplateResult } from "lit";
import { html } from "lit";
import { BOX } from "./sketch.ts";
import type { Sketch } from "./sketch.ts";

/** Draws a graph small, in the colours of the page. */
export function drawSketch({ width, height, boxes, lines }: Sketch): TemplateResult {
  const stroke = Math.max(width / 200, 4);
  const line = ([from, to]: readonly [number, number]): SVGTemplateResult => {
    const [a, b] = [boxes[from], boxes[to]];
    if (!a || !b) return svg``;
    const [x1, y1, x2, y2] = [a[0] + BOX.width, a[1] + BOX.height / 2, b[0], b[1] + BOX.height / 2];
    const bend = Math.max(60, Math.abs(x2 - x1) / 2);
    return svg`<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" />`;
  };
  return html`<svg
    class="sketch"
    viewBox="0 0 ${width} ${height}"
    preserveAspectRatio="xMidYMid meet"
    aria-hidden="true"
  >
    <g fill="none" stroke="var(--line-strong)" stroke-width=${stroke}>${lines.map(line)}</g>
    ${boxes.map(
      ([x, y, zoned]) =>
        svg`<rect x=${x} y=${y} width=${BOX.width} height=${BOX.height} rx="24"
          fill=${zoned ? "var(--accent)" : "var(--text-3)"} />`,
    )}
  </svg>`;
}
