import { LitElement, css, html, nothing } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import type { WireReport } from "../../nodes/live/reports.ts";
import { endpoint, shapeOf } from "../graph/ports.ts";
import { formatBytes } from "../run/run-model.ts";
import type { RunControl } from "../run/run-control.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { socketColor } from "../theme/socket-style.ts";
import { makingWords, valueView } from "./report-view.ts";
import { reportStyles } from "./report-styles.ts";

/** While a run goes on, what is looked at is read back this often at most. */
const LIVE_MS = 500;

/** What is known of one output: asked of the engine anew after each run, and while one goes on. */
export class LoomWireReport extends LitElement {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    address: { attribute: false },
    report: { state: true },
    problem: { state: true },
  };

  static override styles = [
    controls,
    reportStyles,
    css`
      :host {
        display: block;
      }

      /* In a card the numbers count more than the picture. */
      :host([compact]) figure:not(.histogram) {
        flex: 0 0 132px;
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;
  /** `node.port`, the node by its path. */
  declare address: string;
  declare report: WireReport | undefined;
  declare problem: string;
  #unsubscribe: (() => void) | undefined;
  #asked = 0;
  #isAsking = false;

  constructor() {
    super();
    this.report = undefined;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = this.session.runs.subscribe((node) => this.#changed(node));
    if (this.hasUpdated) void this.#ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("address")) return;
    this.report = undefined;
    this.problem = "";
    void this.#ask();
  }

  protected override render(): TemplateResult {
    const { node, port } = endpoint(this.address);
    const { expanded, base: catalog } = this.session;
    const record = expanded.nodes[node];
    if (!record) return html`<p class="quiet">Its node was deleted, or does not run.</p>`;
    const info = shapeOf(expanded, catalog, node, record).outputs.find((output) => output.name === port);
    const type = catalog.socket(info?.type ?? "any");
    return html`<h4 title=${info?.doc ?? ""}>
        <i class="dot"></i><span>${port}</span><span class="quiet">${type.label}</span>
      </h4>
      ${this.problem === "" ? this.#report(type.shape) : html`<p class="bad" role="alert">${this.problem}</p>`}`;
  }

  protected override updated(): void {
    const { node, port } = endpoint(this.address);
    const { expanded, base } = this.session;
    const record = expanded.nodes[node];
    if (!record) return;
    const outputs = shapeOf(expanded, base, node, record).outputs;
    const dot = this.renderRoot.querySelector<HTMLElement>(".dot");
    const type = outputs.find((output) => output.name === port)?.type ?? "any";
    if (dot) dot.style.background = socketColor(type);
  }

  #report(shape: string | undefined): TemplateResult {
    const { report } = this;
    if (!report) return html`<p class="quiet">Asking the engine…</p>`;
    switch (report.kind) {
      case "unmade":
        return html`<p class="quiet">
          ${shape === undefined ? nothing : html`${shape}. `}No run has made it yet: run the graph to see it.
        </p>`;
      case "freed":
        return html`<p>
            Its value of ${formatBytes(report.bytes)} has been freed. ${report.why}
            ${makingWords(report.making, this.#title(report.making.node))}
          </p>
          <button
            class="outlined"
            ?disabled=${this.session.runs.phase !== "idle"}
            @click=${(): void => void this.control.run({ keep: [this.address], keepSeeds: true })}
          >
            Keep this wire and run again
          </button>`;
      case "kept":
        return html`${valueView(report.value, shape)}
          <p class="quiet">${makingWords(report.making, this.#title(report.making.node))}</p>`;
    }
  }

  #title(node: string): string {
    const record = this.session.expanded.nodes[node];
    return record?.title ?? this.session.base.node(record?.type ?? "")?.title ?? node;
  }

  #changed(node: string | undefined): void {
    const isMine = node === undefined || node === endpoint(this.address).node;
    if (isMine && performance.now() - this.#asked > LIVE_MS) void this.#ask();
    // The last word of a run is never skipped.
    else if (this.session.runs.phase === "idle" && isMine) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#asked = performance.now();
    try {
      for (let asked = ""; asked !== this.address;) {
        asked = this.address;
        const report = await this.control.client.inspect(asked);
        if (asked === this.address) this.report = report;
      }
      this.problem = "";
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isAsking = false;
    }
  }
}
