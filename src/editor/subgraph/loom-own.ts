import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { fileNameOf, readGraph, writeGraph } from "../files/read-graph.ts";
import { download, pickFile } from "../files/transfer.ts";
import { icons } from "../theme/icons.ts";
import { loneSubgraph } from "./own-nodes.ts";
import type { OwnNode, OwnNodes } from "./own-nodes.ts";

/** Dialog with the nodes of one's own: take one from a file, rename, save as a file, remove. */
export class LoomOwn extends LoomDialog {
  static override properties = { own: { attribute: false }, note: { state: true } };

  static override styles = [
    LoomDialog.frame,
    css`
      dialog {
        width: min(520px, calc(100vw - 24px));
      }

      p {
        margin: 0;
        padding: 0 20px 10px;
        color: var(--text-2);
      }

      p.bad {
        color: var(--bad);
      }

      ul {
        margin: 0;
        padding: 0 20px 8px;
        list-style: none;
      }

      li {
        display: flex;
        gap: 6px;
        padding: 3px 0;
      }

      input {
        flex: 1;
        height: 30px;
      }
    `,
  ];

  declare own: OwnNodes;
  declare note: string;
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
    this.note = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = this.own.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
  }

  async open(): Promise<void> {
    this.note = "";
    await this.#try(() => this.own.load());
    await this.show();
  }

  protected override heading(): string {
    return "Nodes of your own";
  }

  protected override content(): TemplateResult {
    const { nodes } = this.own;
    return html`<p>Subgraphs that you kept. They stand in the palette of every graph in this browser.</p>
      ${
        nodes.length === 0
          ? html`<p>
              There are none yet: in the menu of a subgraph choose <b>Keep as a node of your own</b>.
            </p>`
          : html`<ul>
              ${nodes.map((node) => this.#row(node))}
            </ul>`
      }
      ${this.note === "" ? nothing : html`<p class="bad" role="alert">${this.note}</p>`}`;
  }

  protected override footer(): TemplateResult {
    return html`<button class="outlined" @click=${(): void => void this.#take()}>
      ${icons.upload} From a file…
    </button>`;
  }

  #row({ name, graph }: OwnNode): TemplateResult {
    return html`<li>
      <input
        aria-label="Name of ${name}"
        .value=${name}
        @change=${(event: Event): void => this.#rename(name, event.currentTarget as HTMLInputElement)}
      />
      <button
        class="icon"
        aria-label="Save ${name} as a file"
        title="Save as a file"
        @click=${(): void => download(fileNameOf({ ...graph, name }), writeGraph({ ...graph, name }))}
      >
        ${icons.download}
      </button>
      <button
        class="icon"
        aria-label="Remove ${name}"
        title="Remove"
        @click=${(): void => void this.#try(() => this.own.remove(name))}
      >
        ${icons.trash}
      </button>
    </li>`;
  }

  #rename(name: string, field: HTMLInputElement): void {
    const next = field.value.trim();
    if (next === name) return;
    this.note =
      next === ""
        ? "A node needs a name."
        : this.own.nodes.some((node) => node.name === next)
          ? `There is a node "${next}" already.`
          : "";
    if (this.note === "") void this.#try(() => this.own.rename(name, next));
    else field.value = name;
  }

  async #take(): Promise<void> {
    const file = await pickFile(".json,application/json");
    if (!file) return;
    await this.#try(async () => {
      const graph = readGraph(await file.text());
      if (loneSubgraph(graph) === undefined)
        throw new Error(
          `${file.name} is a graph, and not a single subgraph. Open it, make a subgraph of it and keep that.`,
        );
      await this.own.keep(graph.name ?? file.name.replace(/\.graph\.json$|\.json$/, ""), graph);
    });
  }

  async #try(action: () => Promise<void>): Promise<void> {
    this.note = "";
    try {
      await action();
    } catch (error) {
      this.note = error instanceof Error ? error.message : String(error);
    }
  }
}
