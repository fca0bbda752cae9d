import { LitElement, css, html } from "lit";
import type { TemplateResult } from "lit";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { bottomPanel } from "../theme/panel-styles.ts";
import type { RunControl } from "./run-control.ts";

export type DockPanel = "steps" | "training";

const TITLES: Readonly<Record<DockPanel, string>> = { steps: "Steps", training: "Curves" };

/** The panel below the canvas: the steps of a loop, or the curves of a training. Fires `choose` and `close`. */
export class LoomDock extends LitElement {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    panel: { attribute: false },
  };

  static override styles = [
    controls,
    bottomPanel,
    css`
      :host {
        max-height: min(46vh, 320px);
      }

      header {
        gap: 2px;
        padding: 4px 8px;
      }

      [role="tablist"] {
        display: flex;
        flex: 1;
        gap: 2px;
      }

      [role="tab"][aria-selected="true"] {
        background: var(--accent-soft);
        color: var(--text);
      }

      .panel {
        min-height: 0;
        overflow: auto;
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;
  declare panel: DockPanel;

  protected override render(): TemplateResult {
    const { session, control, panel } = this;
    const tab = (id: DockPanel): TemplateResult =>
      html`<button
        role="tab"
        id="tab-${id}"
        aria-selected=${id === panel}
        aria-controls="panel"
        tabindex=${id === panel ? 0 : -1}
        @click=${(): boolean => this.dispatchEvent(new CustomEvent<DockPanel>("choose", { detail: id }))}
      >
        ${TITLES[id]}
      </button>`;
    return html`<header>
        <div role="tablist" aria-label="Panels of the run" @keydown=${this.#arrow}>
          ${tab("steps")}${tab("training")}
        </div>
        <button
          class="icon"
          aria-label="Close the panel"
          title="Close the panel"
          @click=${(): boolean => this.dispatchEvent(new CustomEvent("close"))}
        >
          ${icons.close}
        </button>
      </header>
      <div class="panel" id="panel" role="tabpanel" aria-labelledby="tab-${panel}">
        ${
          panel === "steps"
            ? html`<loom-steps .session=${session} .control=${control}></loom-steps>`
            : html`<loom-training .session=${session} .control=${control}></loom-training>`
        }
      </div>`;
  }

  #arrow = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other: DockPanel = this.panel === "steps" ? "training" : "steps";
    this.dispatchEvent(new CustomEvent<DockPanel>("choose", { detail: other }));
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${other}`)?.focus());
    event.stopPropagation();
  };
}
