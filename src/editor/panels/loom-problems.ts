import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { bottomPanel } from "../theme/panel-styles.ts";
import type { Offer } from "../run/missing.ts";
import type { Fault } from "../worker/engine-client.ts";

/** The list of problems. Each entry leads to its node: fires `reveal` with the node's id, `offer` with a way out, and `close`. */
export class LoomProblems extends LitElement {
  static override properties = { problems: { attribute: false }, offers: { attribute: false } };

  static override styles = [
    controls,
    bottomPanel,
    css`
      :host {
        max-height: min(38vh, 300px);
      }

      header {
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

      li > button {
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

      .offers {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
        padding: 0 8px 8px 34px;
      }

      .offers button {
        min-height: 26px;
      }

      a {
        color: var(--accent);
      }

      li > button svg {
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
  /** Ways out of a problem. */
  declare offers: (fault: Fault) => readonly Offer[];

  constructor() {
    super();
    this.problems = [];
    this.offers = () => [];
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
              ${this.#offers(fault)}
            </li>`,
        )}
      </ul>`;
  }

  #offers(fault: Fault): TemplateResult | typeof nothing {
    const offers = this.offers(fault);
    if (offers.length === 0) return nothing;
    return html`<div class="offers">
      ${offers.map((offer) =>
        offer.kind === "link"
          ? html`<a href=${offer.url} target="_blank" rel="noopener noreferrer">${offer.label}</a>`
          : html`<button
              class="outlined"
              @click=${(): boolean => this.dispatchEvent(new CustomEvent<Offer>("offer", { detail: offer }))}
            >
              ${offer.label}
            </button>`,
      )}
    </div>`;
  }

  #reveal(fault: Fault): void {
    this.dispatchEvent(new CustomEvent<string>("reveal", { detail: fault.node ?? "" }));
  }
}
