import { LitElement, css, html, unsafeCSS } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import type UPlot from "uplot";
import chartCss from "uplot/dist/uPlot.min.css?inline";
import { formatNumber } from "../run/run-model.ts";
import type { Series } from "../run/run-series.ts";

/** Part of the old mean that a new value leaves, for the smooth curve. */
const SMOOTHING = 0.95;
/** Below this a curve needs no smooth one beside it. */
const ENOUGH_TO_SMOOTH = 30;

/** Curves over steps, drawn by uPlot; it is loaded when the first curve is shown. */
export class LoomChart extends LitElement {
  static override properties = {
    series: { attribute: false },
    length: { attribute: false },
    logarithmic: { attribute: false },
  };

  static override styles = [
    css`
      ${unsafeCSS(chartCss)}
    `,
    css`
      :host {
        display: block;
        min-width: 0;
        min-height: 190px;
        color: var(--text-2);
      }

      .u-legend {
        font: var(--text-s) / 1.4 var(--font);
        font-variant-numeric: tabular-nums;
        text-align: left;
      }

      .u-legend th,
      .u-legend td {
        padding: 0 4px;
      }
    `,
  ];

  declare series: Series | undefined;
  /** Entries of the series: it grows in place. */
  declare length: number;
  declare logarithmic: boolean;
  #chart: UPlot | undefined;
  #names = "";
  #isLoading = false;
  readonly #observer = new ResizeObserver(() => this.#resize());
  readonly #scheme = window.matchMedia("(prefers-color-scheme: dark)");
  readonly #rebuild = (): void => {
    this.#drop();
    this.requestUpdate();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
    this.#scheme.addEventListener("change", this.#rebuild);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    this.#scheme.removeEventListener("change", this.#rebuild);
    this.#drop();
  }

  protected override render(): TemplateResult {
    return html`<div class="plot"></div>`;
  }

  protected override updated(changed: PropertyValues): void {
    const { series } = this;
    if (!series) return;
    const names = `${[...series.values.keys()].join()}|${series.steps.length >= ENOUGH_TO_SMOOTH}`;
    if (changed.has("logarithmic") || names !== this.#names) this.#drop();
    this.#names = names;
    if (this.#chart) this.#chart.setData(dataOf(series));
    else void this.#make();
    this.setAttribute("role", "img");
    this.setAttribute("aria-label", wordsOf(series));
  }

  #drop(): void {
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  async #make(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const { default: Chart } = await import("uplot");
    this.#isLoading = false;
    const { series } = this;
    const place = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (!series || !place || this.#chart || !this.isConnected) return;
    const style = getComputedStyle(this);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis: UPlot.Axis = {
      stroke: color("--text-2"),
      font: `11px ${color("--font")}`,
      grid: { stroke: color("--line"), width: 1 },
      ticks: { stroke: color("--line"), width: 1 },
    };
    const curves: UPlot.Series[] = [];
    const hues = [color("--accent"), color("--good"), color("--warn"), color("--bad")];
    // Without a pointer on the chart the legend tells the newest step.
    const value = (chart: UPlot, number: number | null, at: number): string => {
      const shown = number ?? chart.data[at]?.at(-1);
      return shown === null || shown === undefined ? "" : formatNumber(shown);
    };
    const points = { show: series.steps.length < ENOUGH_TO_SMOOTH };
    const smooth = series.steps.length >= ENOUGH_TO_SMOOTH;
    [...series.values.keys()].forEach((name, at) => {
      const stroke = hues[at % hues.length] ?? color("--accent");
      curves.push({ label: name, stroke, width: smooth ? 1 : 2, alpha: smooth ? 0.4 : 1, value, points });
      if (smooth) curves.push({ label: `${name}, smooth`, stroke, width: 2, value, points });
    });
    this.#chart = new Chart(
      {
        ...this.#size(),
        series: [{ label: "step", value }, ...curves],
        axes: [
          axis,
          {
            ...axis,
            size: 60,
            values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : formatNumber(tick))),
          },
        ],
        scales: { x: { time: false }, y: { distr: this.logarithmic ? 3 : 1 } },
        cursor: { y: false },
      },
      dataOf(series),
      place,
    );
  }

  #size(): { width: number; height: number } {
    return {
      width: Math.max(200, this.clientWidth),
      height: Math.max(150, Math.min(220, this.clientHeight - 30)),
    };
  }

  #resize(): void {
    this.#chart?.setSize(this.#size());
  }
}

function dataOf({ steps, values }: Series): UPlot.AlignedData {
  const curves = [...values.values()].flatMap((curve) =>
    steps.length >= ENOUGH_TO_SMOOTH ? [curve, smoothed(curve)] : [curve],
  );
  return [steps, ...curves];
}

/** A mean that forgets, corrected for its beginning as Adam's is. */
function smoothed(curve: readonly (number | null)[]): (number | null)[] {
  let [mean, weight] = [0, 0];
  return curve.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    mean = SMOOTHING * mean + (1 - SMOOTHING) * value;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
    return mean / weight;
  });
}

function wordsOf({ steps, values }: Series): string {
  const last = [...values].map(([name, curve]) => `${name} ${formatNumber(curve.at(-1) ?? Number.NaN)}`);
  return `Curves over ${steps.length} steps; last: ${last.join(", ")}`;
}
