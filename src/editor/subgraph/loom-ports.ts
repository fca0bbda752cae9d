import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { SubgraphRecord } from "../../engine/graph/document.ts";
import { lookUp } from "../../engine/node/description.ts";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { addPort, portRefusal, removePort, renamePort } from "../graph/subgraph-ports.ts";
import type { PortSide } from "../graph/subgraph-ports.ts";
import { subgraphsAlong } from "../store/scope.ts";
import type { EditorSession } from "../store/session.ts";
import { icons } from "../theme/icons.ts";

/** Dialog for the ports of the open subgraph: add, name, remove. */
export class LoomPorts extends LoomDialog {
  static override properties = {
    session: { attribute: false },
    refusal: { state: true },
  };

  static override styles = [
    LoomDialog.frame,
    css`
      dialog {
        width: min(520px, calc(100vw - 24px));
      }

      section {
        padding: 0 20px 16px;
      }

      h3 {
        margin: 6px 0 4px;
        font: 600 var(--text-l) / 1.3 var(--font);
      }

      p {
        margin: 0;
        padding: 0 20px 8px;
        color: var(--text-2);
      }

      p.bad {
        color: var(--bad);
      }

      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }

      li,
      form {
        display: flex;
        align-items: center;
        gap: 6px;
        padding: 3px 0;
      }

      input {
        flex: 1;
        height: 30px;
      }

      select,
      .type {
        flex: 0 0 130px;
        height: 30px;
        overflow: hidden;
        text-overflow: ellipsis;
        color: var(--text-2);
        line-height: 30px;
        white-space: nowrap;
      }
    `,
  ];

  declare session: EditorSession;
  declare refusal: string;
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
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

  async open(): Promise<void> {
    this.refusal = "";
    await this.show();
  }

  get #open(): { readonly id: string; readonly subgraph: SubgraphRecord } | undefined {
    const { root, path } = this.session.store;
    const id = subgraphsAlong(root, path).at(-1);
    const subgraph = id === undefined ? undefined : lookUp(root.subgraphs, id);
    return id === undefined || subgraph === undefined ? undefined : { id, subgraph };
  }

  protected override heading(): string {
    return `Ports of ${this.#open?.subgraph.name ?? "the subgraph"}`;
  }

  protected override content(): TemplateResult | typeof nothing {
    const open = this.#open;
    if (!open) return nothing;
    return html`<p>They are sockets of every node that is this subgraph.</p>
      ${this.#side(open, "inputs", "Inputs")} ${this.#side(open, "outputs", "Outputs")}
      ${this.refusal === "" ? nothing : html`<p class="bad" role="alert">${this.refusal}</p>`}`;
  }

  #side(
    { id, subgraph }: { readonly id: string; readonly subgraph: SubgraphRecord },
    side: PortSide,
    title: string,
  ): TemplateResult {
    const { store, catalog } = this.session;
    const one = title.slice(0, -1).toLowerCase();
    const types = Object.values(catalog.description.types);
    return html`<section aria-label=${title}>
      <h3>${title}</h3>
      <ul>
        ${subgraph[side].map(
          ({ name, type }) =>
            html`<li>
              <input
                aria-label="Name of ${one} ${name}"
                .value=${name}
                @change=${(event: Event): void => this.#rename(side, name, event.currentTarget as HTMLInputElement)}
              />
              <span class="type" title=${type}>${catalog.socket(type).label}</span>
              <button
                class="icon"
                aria-label="Remove ${one} ${name}"
                @click=${(): void => store.executeRoot(`Remove ${one} ${name}`, removePort(id, side, name))}
              >
                ${icons.trash}
              </button>
            </li>`,
        )}
      </ul>
      <form @submit=${(event: Event): void => this.#add(event, side)}>
        <input
          name="name"
          aria-label="Name of a new ${one}"
          placeholder="Name of a new ${one}"
          autocomplete="off"
        />
        <select aria-label="Type of the new ${one}">
          ${types.map((type) => html`<option value=${type.id} ?selected=${type.id === "any"}>${type.label}</option>`)}
        </select>
        <button class="outlined">Add</button>
      </form>
    </section>`;
  }

  #add(event: Event, side: PortSide): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const [field, choice] = [form.querySelector("input"), form.querySelector("select")];
    const open = this.#open;
    if (!open || !field || !choice) return;
    const name = field.value.trim();
    this.refusal = portRefusal(open.subgraph, side, name) ?? "";
    if (this.refusal !== "") return;
    this.session.store.executeRoot(`Add port ${name}`, addPort(open.id, side, { name, type: choice.value }));
    field.value = "";
  }

  #rename(side: PortSide, name: string, field: HTMLInputElement): void {
    const open = this.#open;
    const next = field.value.trim();
    if (!open || next === name) return;
    this.refusal = portRefusal(open.subgraph, side, next) ?? "";
    if (this.refusal === "")
      this.session.store.executeRoot(`Rename port ${name}`, renamePort(open.id, side, name, next));
    else field.value = name;
  }
}
