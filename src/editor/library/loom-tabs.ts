import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { panelStyles } from "../share/panel-styles.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import type { Keeper } from "./keeper.ts";

/** Says that the graph is open in another tab, which keeps it, and asks what to do. Fires `other` for another graph. */
export class LoomTabs extends LitElement {
  static override properties = {
    keeper: { attribute: false },
    busy: { state: true },
    trouble: { state: true },
  };

  static override styles = [controls, panelStyles];

  declare keeper: Keeper;
  declare busy: boolean;
  declare trouble: string;
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
    this.busy = false;
    this.trouble = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = this.keeper.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
  }

  protected override render(): TemplateResult {
    const taken = this.keeper.away === "taken";
    return html`<dialog aria-labelledby="title" @cancel=${(event: Event): void => event.preventDefault()}>
      <header>
        <h2 id="title">
          ${taken ? "Another tab has taken this graph" : "This graph is open in another tab"}
        </h2>
      </header>
      <div class="body">
        <p>
          Only one tab can keep it, so that none writes over the other.
          ${
            taken
              ? "What you see here is as it was when the other tab took it."
              : "Taking over saves there first, and that tab is told."
          }
        </p>
        ${this.trouble === "" ? nothing : html`<p class="warning" role="alert">${this.trouble}</p>`}
      </div>
      <footer>
        <button ?disabled=${this.busy} @click=${(): boolean => this.dispatchEvent(new CustomEvent("other"))}>
          Another graph…
        </button>
        <button
          class="outlined"
          ?disabled=${this.busy}
          @click=${(): void => void this.#do(() => this.keeper.copy())}
        >
          ${icons.copy}Work on a copy
        </button>
        <button
          class="primary"
          ?disabled=${this.busy}
          @click=${(): void => void this.#do(() => this.keeper.takeOver())}
        >
          ${icons.tabs}${taken ? "Take it back" : "Take over here"}
        </button>
      </footer>
    </dialog>`;
  }

  protected override updated(): void {
    const dialog = this.renderRoot.querySelector("dialog");
    if (!dialog) return;
    if (this.keeper.away !== undefined && !dialog.open) dialog.showModal();
    if (this.keeper.away === undefined && dialog.open) dialog.close();
  }

  async #do(act: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.trouble = "";
    try {
      await act();
    } catch (error) {
      this.trouble = `That did not work: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      this.busy = false;
    }
  }
}
