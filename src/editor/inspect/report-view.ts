import { html, nothing, svg } from "lit";
import type { TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import type {
  ArrayStatistics,
  Histogram,
  Making,
  PictureReport,
  ValueReport,
} from "../../nodes/live/reports.ts";
import { drawImage } from "../canvas/draw-preview.ts";
import { formatBytes, formatNumber } from "../run/run-model.ts";

const drawn = new WeakMap<HTMLCanvasElement, PictureReport>();

/** A picture, painted once it is on the page. */
export function pictureView(picture: PictureReport, label = picture.label): TemplateResult {
  const paint = (element: Element | undefined): void => {
    if (!(element instanceof HTMLCanvasElement) || drawn.get(element) === picture) return;
    drawn.set(element, picture);
    drawImage(element, { kind: "image", ...picture });
  };
  const isSmooth = picture.width >= 256;
  return html`<figure>
    <canvas role="img" aria-label=${label} class=${isSmooth ? "smooth" : ""} ${ref(paint)}></canvas>
    <figcaption>${label}</figcaption>
  </figure>`;
}

const WIDTH = 256;
const HEIGHT = 56;

/** Bars of how often values occur; what occurs at all is seen. */
export function histogramView({ from, to, counts }: Histogram): TemplateResult {
  const most = Math.max(1, ...counts);
  const width = WIDTH / counts.length;
  const label = `Histogram from ${formatNumber(from)} to ${formatNumber(to)}`;
  return html`<figure class="histogram">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${label}>
      ${counts.map((count, at) => {
        const height = count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT);
        return svg`<rect x=${at * width} y=${HEIGHT - height} width=${Math.max(0.5, width - 1)} height=${height}><title>${count}</title></rect>`;
      })}
    </svg>
    <figcaption><span>${formatNumber(from)}</span><span>${formatNumber(to)}</span></figcaption>
  </figure>`;
}

const row = (name: string, value: string | TemplateResult, bad = false): TemplateResult =>
  html`<dt>${name}</dt>
    <dd class=${bad ? "bad" : ""}>${value}</dd>`;

function statisticsRows({
  summary,
  nanCount,
  infinityCount,
  zeroCount,
  count,
}: ArrayStatistics): TemplateResult {
  return html`${
    summary
      ? html`${row("range", `${formatNumber(summary.min)} … ${formatNumber(summary.max)}`)}
        ${row("mean", formatNumber(summary.mean))}
        ${row("deviation", formatNumber(summary.standardDeviation))}`
      : nothing
  }
  ${row("values", count.toLocaleString("en"))}
  ${zeroCount > 0 ? row("zeros", zeroCount.toLocaleString("en")) : nothing}
  ${row("NaN", nanCount.toLocaleString("en"), nanCount > 0)}
  ${infinityCount > 0 ? row("infinite", infinityCount.toLocaleString("en"), true) : nothing}`;
}

/** All that is told of a value. */
export function valueView(value: ValueReport, shape: string | undefined): TemplateResult {
  const { statistics, pictures, dtype, remark } = value;
  const dims = value.shape ? `[${value.shape.join(", ")}]` : undefined;
  return html`${pictures.length === 0 ? nothing : html`<div class="pictures">${pictures.map((picture) => pictureView(picture))}</div>`}
    <dl>
      ${row("type", shape === undefined ? value.label : html`${value.label} <span class="quiet">${shape}</span>`)}
      ${dims === undefined ? nothing : row("shape", dims)}
      ${dtype === undefined ? nothing : row("dtype", dtype)}
      ${value.text === "" || value.text === `${dims?.replaceAll(" ", "") ?? ""} ${dtype ?? ""}` ? nothing : row("value", value.text)}
      ${value.arrays === undefined ? nothing : row("arrays", String(value.arrays))}
      ${value.bytes === 0 ? nothing : row("memory", formatBytes(value.bytes))}
      ${statistics ? statisticsRows(statistics) : nothing}
    </dl>
    ${statistics?.histogram ? histogramView(statistics.histogram) : nothing}
    ${remark === undefined ? nothing : html`<p class="quiet">${remark}</p>`}`;
}

/** Who made it, and when. */
export function makingWords({ at, cached, zone, iteration }: Making, title: string): string {
  const time = new Date(at).toLocaleTimeString();
  const step = zone === undefined || iteration === undefined ? "" : ` in step ${iteration + 1} of ${zone}`;
  return `Made by ${title} at ${time}${step}${cached ? "; the last run took it from the cache" : ""}.`;
}
