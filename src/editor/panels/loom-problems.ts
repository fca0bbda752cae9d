import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import type { Fault } from "../worker/engine-client.ts";

/** The list of problems. Each entry leads to its node: fires `reveal` with the node's id, and `close`. */
export class LoomProblems extends LitElement {
  static override properties = { problems: { attribute: false } };

  static override styles = [
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        max-height: min(38vh, 300px);
        border-top: 1px solid var(--line);
        background: var(--surface);
      }

      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: 4px 8px 4px 14px;
        font-weight: 600;
      }

      ul {
        margin: 0;
        padding: 0 8px 8px;
        overflow-y: auto;
        list-style: none;
      }

      li button {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        justify-items: start;
        gap: 10px;
        width: 100%;
        min-height: 34px;
        padding: 7px 8px;
        white-space: normal;
        text-align: left;
        line-height: 1.4;
        font-weight: 400;
      }

      li svg {
        color: var(--bad);
      }

      p {
        margin: 0;
        padding: 4px 14px 16px;
        color: var(--text-2);
      }
    `,
  ];

  declare problems: readonly Fault[];

  constructor() {
    super();
    this.problems = [];
  }

  protected override render(): TemplateResult {
    const { problems } = this;
    return html`<header>
        <span>${problems.length === 1 ? "1 problem" : `${problems.length} problems`}</span>
        <button
          class="icon"
          aria-label="Close the list of problems"
          @click=${(): boolean => this.dispatchEvent(new CustomEvent("close"))}
        >
          ${icons.close}
        </button>
      </header>
      ${problems.length === 0 ? html`<p>Nothing stands in the way of a run.</p>` : nothing}
      <ul>
        ${problems.map(
          (fault) =>
            html`<li>
              <button ?disabled=${fault.node === undefined} @click=${(): void => this.#reveal(fault)}>
                ${icons.warning}<span>${fault.message}</span>
              </button>
            </li>`,
        )}
      </ul>`;
  }

  #reveal(fault: Fault): void {
    this.dispatchEvent(new CustomEvent<string>("reveal", { detail: fault.node ?? "" }));
  }
}
