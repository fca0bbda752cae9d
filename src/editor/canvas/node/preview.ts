import { html } from "lit";
import type { TemplateResult } from "lit";
import type { Preview } from "../../../engine/node/define-node.ts";
import { drawChart, drawImage } from "../draw-preview.ts";

/** The place of a node's picture, curve or text; a canvas is painted by `drawPreview` once it is on the page. */
export function previewOf(preview: Preview): TemplateResult {
  if (preview.kind === "text")
    return html`<div class="preview"><pre data-control>${preview.text}</pre></div>`;
  const smooth = preview.kind === "chart" || preview.width >= 256;
  const label =
    preview.kind === "chart" ? `Curve of ${preview.label}` : `Picture, ${preview.width} by ${preview.height}`;
  return html`<div class="preview">
    <canvas role="img" aria-label=${label} class=${smooth ? "smooth" : ""}></canvas>
  </div>`;
}

export function drawPreview(canvas: HTMLCanvasElement, preview: Preview): void {
  if (preview.kind === "image") drawImage(canvas, preview);
  else if (preview.kind === "chart") drawChart(canvas, preview);
}
