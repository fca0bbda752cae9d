import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { addCarry, carryRefusal, removeCarry, renameCarry } from "../graph/zones.ts";
import type { EditorSession } from "../store/session.ts";
import { icons } from "../theme/icons.ts";

/** Dialog for the values that a zone carries from one iteration to the next: add, name, remove. */
export class LoomCarry extends LoomDialog {
  static override properties = {
    session: { attribute: false },
    zone: { state: true },
    refusal: { state: true },
  };

  static override styles = [
    LoomDialog.frame,
    css`
      dialog {
        width: min(400px, calc(100vw - 24px));
      }

      p {
        margin: 0;
        padding: 4px 20px 10px;
        color: var(--text-2);
      }

      p.bad {
        color: var(--bad);
      }

      ul {
        margin: 0;
        padding: 0 20px;
        list-style: none;
      }

      li,
      form {
        display: flex;
        gap: 6px;
        padding: 3px 0;
      }

      form {
        padding: 3px 20px 18px;
      }

      input {
        flex: 1;
        height: 30px;
      }
    `,
  ];

  declare session: EditorSession;
  declare zone: string;
  declare refusal: string;
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
    this.zone = "";
    this.refusal = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = this.session.store.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
  }

  async open(zone: string): Promise<void> {
    this.zone = zone;
    this.refusal = "";
    await this.show();
  }

  protected override heading(): string {
    return `Carried values of ${this.zone}`;
  }

  protected override content(): TemplateResult {
    const { store, catalog } = this.session;
    const carry = store.document.zones?.[this.zone]?.carry ?? [];
    return html`<p>
        What reaches the end under a name is what the begin hands out under it in the next iteration.
      </p>
      <ul>
        ${carry.map(
          (name) =>
            html`<li>
              <input
                aria-label="Name of ${name}"
                .value=${name}
                @change=${(event: Event): void => this.#rename(name, event.currentTarget as HTMLInputElement)}
              />
              <button
                class="icon"
                aria-label="Remove ${name}"
                @click=${(): void => store.execute(`Carry ${name} no more`, removeCarry(catalog, this.zone, name))}
              >
                ${icons.trash}
              </button>
            </li>`,
        )}
      </ul>
      ${this.refusal === "" ? nothing : html`<p class="bad" role="alert">${this.refusal}</p>`}
      <form @submit=${this.#add}>
        <input
          name="name"
          aria-label="Name of a new value"
          placeholder="Name of a new value"
          autocomplete="off"
        />
        <button class="outlined">Add</button>
      </form> `;
  }

  #add = (event: Event): void => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).querySelector("input");
    const name = field?.value.trim() ?? "";
    const { store, catalog } = this.session;
    this.refusal = carryRefusal(store.document, catalog, this.zone, name) ?? "";
    if (this.refusal !== "" || !field) return;
    store.execute(`Carry ${name}`, addCarry(this.zone, name));
    field.value = "";
  };

  #rename(name: string, field: HTMLInputElement): void {
    const { store, catalog } = this.session;
    const next = field.value.trim();
    this.refusal = next === name ? "" : (carryRefusal(store.document, catalog, this.zone, next) ?? "");
    if (this.refusal === "") store.execute(`Rename ${name}`, renameCarry(catalog, this.zone, name, next));
    else field.value = name;
  }
}
