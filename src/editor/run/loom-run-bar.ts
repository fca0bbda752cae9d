import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { ActionId } from "../shortcuts.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { Follow } from "./follow.ts";
import { hasLoop, holdButton } from "./holding.ts";
import type { RunControl } from "./run-control.ts";

/** Starts, holds up, steps and cancels runs; fires `act` with the action. Its arrow opens the queue. */
export class LoomRunBar extends LitElement {
  static override properties = { session: { attribute: false }, control: { attribute: false } };

  static override styles = [
    controls,
    css`
      :host {
        display: flex;
        flex: none;
        align-items: center;
        gap: 4px;
        position: relative;
      }

      .split {
        display: flex;
        gap: 1px;
      }

      .split .run {
        min-width: 78px;
        border-radius: var(--radius-s) 0 0 var(--radius-s);
      }

      .split .more {
        width: 28px;
        padding: 0;
        border-radius: 0 var(--radius-s) var(--radius-s) 0;
      }

      button[aria-pressed="true"] {
        background: var(--accent-soft);
        color: var(--accent);
      }

      .count {
        min-width: 18px;
        padding: 2px 5px;
        border-radius: 9px;
        background: var(--accent-soft);
        color: var(--text);
        font-size: var(--text-s);
        font-variant-numeric: tabular-nums;
        text-align: center;
      }

      @media (max-width: 900px) {
        .optional {
          display: none;
        }
      }

      @media (max-width: 560px) {
        .split .run {
          min-width: 0;
        }

        .wide {
          display: none;
        }
      }

      /* No room for the word beside pause and step; for those who listen it stays. */
      @media (max-width: 400px) {
        .run.danger .label {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;

  constructor() {
    super();
    new Follow(this, () => {
      const { session, control } = this;
      return [session.runs, session.store, control, control.queue];
    });
  }

  protected override render(): TemplateResult {
    const { session, control } = this;
    const { runs } = session;
    const isIdle = runs.phase === "idle";
    const { waiting } = control.queue;
    return html`${
        waiting > 0
          ? html`<span class="count" title="${waiting === 1 ? "1 run waits" : `${waiting} runs wait`}"
              >${waiting}</span
            >`
          : nothing
      }
      ${isIdle ? this.#onChange() : this.#whileRunning()}
      <span class="split">
        ${
          isIdle
            ? html`<button class="run primary" title="Run the graph" @click=${(): void => this.#act("run")}>
                ${icons.play}<span>Run</span>
              </button>`
            : html`<button
                class="run outlined danger"
                ?disabled=${runs.phase === "cancelling"}
                @click=${(): void => this.#act("cancel")}
              >
                ${icons.stop}<span class="label"
                  >${runs.phase === "cancelling" ? "Cancelling" : "Cancel"}</span
                >
              </button>`
        }
        <button
          class="more ${isIdle ? "primary" : "outlined"}"
          aria-label="Queue, seeds and earlier runs"
          title="Queue, seeds and earlier runs"
          @click=${(): void => this.#act("queue")}
        >
          ${icons.chevron}
        </button>
      </span>`;
  }

  #onChange(): TemplateResult {
    const { onChange } = this.control;
    return html`<button
      class="icon optional"
      aria-label="Run on every change"
      title="Run on every change"
      aria-pressed=${onChange.isOn}
      @click=${(): void => {
        onChange.set(!onChange.isOn);
        this.requestUpdate();
      }}
    >
      ${icons.loop}
    </button>`;
  }

  /** Loops can be held up; a graph without one cannot. */
  #whileRunning(): TemplateResult | typeof nothing {
    if (!hasLoop(this.session)) return nothing;
    const { runs } = this.session;
    const { isHeld, icon } = holdButton(this.session, this.control);
    const pause = isHeld ? "Go on" : "Pause before the next step";
    return html`<button
        class="icon"
        aria-label=${pause}
        title=${pause}
        ?disabled=${runs.phase !== "running"}
        @click=${(): void => this.#act("pause")}
      >
        ${icon}
      </button>
      <button
        class="icon"
        aria-label="One step"
        title="One step of the loop"
        ?disabled=${runs.phase !== "running"}
        @click=${(): void => this.#act("step")}
      >
        ${icons.step}
      </button>`;
  }

  #act(action: ActionId): void {
    this.dispatchEvent(new CustomEvent<ActionId>("act", { detail: action }));
  }
}
