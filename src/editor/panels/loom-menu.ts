import { LitElement, css, html } from "lit";
import type { TemplateResult } from "lit";
import { SHORTCUTS, showKeys } from "../shortcuts.ts";
import type { ActionId } from "../shortcuts.ts";
import { controls } from "../theme/controls.ts";

export interface MenuEntry {
  readonly label: string;
  /** The shortcut that is shown beside it; without `run` also what is done. */
  readonly action?: ActionId;
  readonly run?: () => void;
}

/** A menu at the pointer. Fires `choose` with the entry, and `close`. */
export class LoomMenu extends LitElement {
  static override properties = { entries: { attribute: false } };

  static override styles = [
    controls,
    css`
      :host {
        position: absolute;
        min-width: 220px;
        max-height: calc(100% - 16px);
        overflow-y: auto;
        padding: 5px;
        border: 1px solid var(--line);
        border-radius: var(--radius-m);
        background: var(--surface);
        box-shadow: var(--shadow-2);
        z-index: 9;
      }

      button {
        display: flex;
        justify-content: space-between;
        gap: 20px;
        width: 100%;
        font-weight: 400;
      }

      button:focus-visible {
        outline-offset: -2px;
        background: var(--surface-3);
      }

      .keys {
        color: var(--text-2);
        font-size: var(--text-s);
      }
    `,
  ];

  declare entries: readonly MenuEntry[];

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("button")?.focus();
  }

  protected override render(): TemplateResult {
    const mac = navigator.platform.startsWith("Mac");
    return html`<div
      role="menu"
      aria-label="What can be done here"
      @keydown=${this.#key}
      @focusout=${this.#blur}
    >
      ${this.entries.map((entry) => {
        const keys = SHORTCUTS.find((shortcut) => shortcut.action === entry.action)?.keys[0];
        return html`<button
          role="menuitem"
          tabindex="-1"
          @click=${(): void => {
            this.dispatchEvent(new CustomEvent<MenuEntry>("choose", { detail: entry }));
          }}
        >
          <span>${entry.label}</span
          ><span class="keys">${keys === undefined ? "" : showKeys(keys, mac).join(" ")}</span>
        </button>`;
      })}
    </div>`;
  }

  #key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const buttons = [...this.renderRoot.querySelectorAll("button")];
    const at = buttons.findIndex((button) => button === this.shadowRoot?.activeElement);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Escape") this.#close();
    else if (step !== 0) buttons[(at + step + buttons.length) % buttons.length]?.focus();
    else return;
    event.preventDefault();
  };

  #blur = (event: FocusEvent): void => {
    const next = event.relatedTarget;
    if (!(next instanceof Node) || !this.renderRoot.contains(next)) this.#close();
  };

  #close(): void {
    this.dispatchEvent(new CustomEvent("close"));
  }
}
