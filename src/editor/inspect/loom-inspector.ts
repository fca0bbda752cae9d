import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { edgeKey } from "../graph/edits.ts";
import { shapeOf } from "../graph/ports.ts";
import { formatBytes, formatDuration, reasonWords } from "../run/run-model.ts";
import { Follow } from "../run/follow.ts";
import { doneWords, leftWords } from "../run/progress-words.ts";
import type { NodeRun } from "../run/run-model.ts";
import type { RunControl } from "../run/run-control.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { sidePanel } from "../theme/panel-styles.ts";
import { pinButton, type Pins } from "./pins.ts";
import { reportStyles } from "./report-styles.ts";

const STATUS: Readonly<Record<NodeRun["status"], string>> = {
  idle: "has not run",
  waiting: "waits for its turn",
  running: "runs now",
  done: "has run",
  cached: "was taken from the cache",
  failed: "failed",
};

/** What the last run made of what is selected: state, time, memory, why it ran, and the value of every output. */
export class LoomInspector extends LitElement {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    pins: { attribute: false },
  };

  static override styles = [
    controls,
    reportStyles,
    sidePanel,
    css`
      :host {
        width: min(340px, 100%);
      }

      .scroll {
        flex: 1;
        min-height: 0;
        overflow-y: auto;
      }

      section {
        position: relative;
        padding: 12px 16px;
        border-bottom: 1px solid var(--line);
      }

      .pin {
        position: absolute;
        top: 6px;
        right: 8px;
        width: 26px;
        min-height: 26px;
      }

      .pin[aria-pressed="true"] {
        background: var(--accent-soft);
        color: var(--accent);
      }

      .from {
        margin: 0 30px 2px 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        color: var(--text-2);
        font: var(--text-s) / 1.4 var(--mono);
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;
  declare pins: Pins;

  constructor() {
    super();
    new Follow(this, () => {
      const { session, pins } = this;
      return [session.store, session.selection, session.runs, pins];
    });
  }

  protected override render(): TemplateResult {
    const { selection, document } = this.session;
    const [node] = selection.nodes;
    const wire = document.edges.find((edge) => edgeKey(edge) === selection.edge);
    const pinned = this.pins.addresses;
    const shown = node === undefined ? (wire ? [this.session.sourceOf(wire.from)] : []) : this.#outputs(node);
    return html`<header>
        <h2 id="heading">${node === undefined ? (wire ? "Wire" : "Inspector") : this.#title(node)}</h2>
        <button
          class="icon"
          aria-label="Close the inspector"
          @click=${(): boolean => this.dispatchEvent(new CustomEvent("close"))}
        >
          ${icons.close}
        </button>
      </header>
      <div class="scroll" role="region" aria-labelledby="heading" tabindex="0">
        ${
          node === undefined && !wire && pinned.length === 0
            ? html`<section class="quiet">
                Select a node or a wire to see what the last run made of it. A wire that is pinned stays here.
              </section>`
            : nothing
        }
        ${node === undefined ? nothing : this.#facts(node)}
        ${repeat(
          shown.filter((address) => !this.pins.has(address)),
          (address) => address,
          (address) => this.#report(address),
        )}
        ${repeat(
          pinned,
          (address) => address,
          (address) => this.#report(address),
        )}
      </div>`;
  }

  #title(node: string): string {
    const record = this.session.document.nodes[node];
    return record?.title ?? this.session.catalog.node(record?.type ?? "")?.title ?? node;
  }

  #outputs(node: string): string[] {
    const { document, catalog } = this.session;
    const record = document.nodes[node];
    if (!record) return [];
    return shapeOf(document, catalog, node, record).outputs.map(({ name }) =>
      this.session.sourceOf(`${node}.${name}`),
    );
  }

  #facts(node: string): TemplateResult {
    const run = this.session.runOf(node);
    const { status, ms, bytes, reason, progress, warnings, error } = run;
    return html`<section>
      <dl>
        <dt>state</dt>
        <dd>${STATUS[status]}</dd>
        ${
          progress
            ? html`<dt>progress</dt>
                <dd>
                  ${doneWords(progress, " of ")}${leftWords(progress.left, ", ")}${progress.note === undefined ? "" : html`<br />${progress.note}`}
                </dd>`
            : nothing
        }
        ${
          ms === undefined || status === "cached"
            ? nothing
            : html`<dt>time</dt>
                <dd>${formatDuration(ms)}</dd>`
        }
        ${
          bytes === undefined || bytes === 0
            ? nothing
            : html`<dt>memory</dt>
                <dd>${formatBytes(bytes)}</dd>`
        }
        ${
          reason
            ? html`<dt>why</dt>
                <dd>${reasonWords(reason)}</dd>`
            : nothing
        }
      </dl>
      ${error ? html`<p class="bad">${error.message}</p>` : nothing}
      ${warnings.map((message) => html`<p>${message}</p>`)}
    </section>`;
  }

  #report(address: string): TemplateResult {
    return html`<section data-wire=${address}>
      <p class="from" title=${address}>${address}</p>
      ${pinButton(address, this.pins.has(address), () => this.pins.toggle(address))}
      <loom-wire-report
        .session=${this.session}
        .control=${this.control}
        .address=${address}
      ></loom-wire-report>
    </section>`;
  }
}
