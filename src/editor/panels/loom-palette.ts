import { LitElement, css, html, nothing } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import type { Catalog } from "../graph/catalog.ts";
import type { LooseEnd } from "../graph/insert.ts";
import { paletteEntries, search } from "../graph/search.ts";
import type { PaletteEntry, PaletteExtras } from "../graph/search.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";

/** Search box that adds nodes. Fires `choose` with the entry, and `close`. */
export class LoomPalette extends LitElement {
  static override properties = {
    catalog: { attribute: false },
    end: { attribute: false },
    extras: { attribute: false },
    query: { state: true },
    active: { state: true },
  };

  static override styles = [
    controls,
    css`
      :host {
        position: absolute;
        display: flex;
        flex-direction: column;
        width: min(400px, calc(100vw - 16px));
        max-height: min(440px, calc(100vh - 16px));
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
        box-shadow: var(--shadow-2);
        overflow: hidden;
        z-index: 10;
      }

      .box {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 10px 14px;
        border-bottom: 1px solid var(--line);
        color: var(--text-3);
      }

      .box input {
        flex: 1;
        height: 26px;
        padding: 0;
        border: 0;
        outline: 0;
        background: none;
        font-size: var(--text-l);
      }

      .fits {
        padding: 7px 14px;
        background: var(--accent-soft);
        color: var(--text);
        font-size: var(--text-s);
      }

      [role="listbox"] {
        flex: 1;
        min-height: 0;
        padding: 6px;
        overflow-y: auto;
      }

      [role="option"] {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 1px 10px;
        padding: 7px 10px;
        border-radius: var(--radius-s);
        cursor: pointer;
      }

      [role="option"][aria-selected="true"] {
        background: var(--accent-soft);
      }

      .title {
        font-weight: 600;
      }

      .type {
        color: var(--text-2);
        font: var(--text-s) / 1.6 var(--mono);
      }

      .doc {
        grid-column: 1 / -1;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        color: var(--text-2);
        font-size: var(--text-s);
      }

      [aria-selected="true"] .doc {
        white-space: normal;
      }

      .none {
        padding: 20px;
        color: var(--text-2);
        text-align: center;
      }
    `,
  ];

  declare catalog: Catalog;
  declare end: LooseEnd | undefined;
  declare extras: PaletteExtras;
  declare query: string;
  declare active: number;
  #entries: readonly PaletteEntry[] = [];
  #found: readonly PaletteEntry[] = [];

  constructor() {
    super();
    this.query = "";
    this.active = 0;
    this.end = undefined;
    this.extras = {};
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("catalog") || changed.has("end") || changed.has("extras"))
      this.#entries = paletteEntries(this.catalog, this.end, this.extras);
    this.#found = search(this.#entries, this.query);
    this.active = Math.max(0, Math.min(this.active, this.#found.length - 1));
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("input")?.focus();
  }

  protected override updated(): void {
    this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  protected override render(): TemplateResult {
    const { end } = this;
    return html`<div class="box">
        ${icons.search}
        <input
          role="combobox"
          aria-label="Search nodes"
          aria-controls="found"
          aria-expanded="true"
          aria-activedescendant=${this.#found.length > 0 ? `option-${this.active}` : nothing}
          placeholder="Search nodes by name, type or help"
          autocomplete="off"
          spellcheck="false"
          .value=${this.query}
          @input=${(event: Event): void => {
            this.query = (event.currentTarget as HTMLInputElement).value;
            this.active = 0;
            // Now, not with the next frame: Enter may follow at once.
            this.#found = search(this.#entries, this.query);
          }}
          @keydown=${this.#key}
          @blur=${(): void => this.#close()}
        />
        <kbd>Esc</kbd>
      </div>
      ${
        end
          ? html`<div class="fits">
              Only nodes that ${end.side === "output" ? "take" : "give"}
              ${this.catalog.socket(end.type).label}
            </div>`
          : nothing
      }
      <div role="listbox" id="found" aria-label="Nodes">
        ${this.#found.map(
          (entry, index) =>
            html`<div
              role="option"
              id="option-${index}"
              aria-selected=${index === this.active}
              @pointermove=${(): void => {
                this.active = index;
              }}
              @pointerdown=${(event: Event): void => {
                event.preventDefault();
                this.#choose(entry);
              }}
            >
              <span class="title">${entry.title}</span
              ><span class="type"
                >${entry.kind === "node" ? entry.id : entry.kind === "own" ? "your own" : "zone"}</span
              >
              <span class="doc">${entry.doc}</span>
            </div>`,
        )}
        ${
          this.#found.length === 0
            ? html`<div class="none">Nothing ${end ? "that fits " : ""}matches “${this.query}”.</div>`
            : nothing
        }
      </div>`;
  }

  #key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const count = this.#found.length;
    const entry = this.#found[this.active];
    if (event.key === "Escape") this.#close();
    else if (event.key === "Enter" && entry) this.#choose(entry);
    else if (event.key === "ArrowDown" && count > 0) this.active = (this.active + 1) % count;
    else if (event.key === "ArrowUp" && count > 0) this.active = (this.active + count - 1) % count;
    else return;
    event.preventDefault();
  };

  #choose(entry: PaletteEntry): void {
    this.dispatchEvent(new CustomEvent<PaletteEntry>("choose", { detail: entry }));
  }

  #close(): void {
    this.dispatchEvent(new CustomEvent("close"));
  }
}
