import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { SAFE_LENGTH, linkTo } from "./link.ts";
import { panelStyles } from "./panel-styles.ts";
import { referencesOf } from "./references.ts";

/** Dialog that makes a link of the open graph, or a file. Fires `save-file`. */
export class LoomShare extends LitElement {
  static override properties = { document: { state: true }, link: { state: true }, copied: { state: true } };

  static override styles = [
    controls,
    panelStyles,
    css`
      .link {
        display: flex;
        gap: 8px;
      }

      .link input {
        flex: 1;
        height: 34px;
        font-family: var(--mono);
      }

      .link button {
        min-height: 34px;
        min-width: 108px;
      }
    `,
  ];

  declare document: GraphDocument | undefined;
  declare link: string;
  declare copied: boolean;

  constructor() {
    super();
    this.link = "";
    this.copied = false;
  }

  async open(document: GraphDocument): Promise<void> {
    this.document = document;
    this.link = linkTo(document, window.location.href);
    this.copied = false;
    await this.updateComplete;
    this.renderRoot.querySelector("dialog")?.showModal();
    this.renderRoot.querySelector<HTMLElement>(".copy")?.focus();
  }

  close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  protected override render(): TemplateResult {
    const { remote, files, bundled } = this.document
      ? referencesOf(this.document)
      : { remote: [], files: [], bundled: [] };
    const isLong = this.link.length > SAFE_LENGTH;
    return html`<dialog aria-labelledby="title">
      <header>
        <h2 id="title">Share this graph</h2>
        <button class="icon" aria-label="Close" @click=${(): void => this.close()}>${icons.close}</button>
      </header>
      <div class="body">
        <p>
          The link holds the whole graph. Nothing is uploaded: whoever opens it is asked first, and then runs
          it on their own machine.
        </p>
        <div class="link">
          <input
            readonly
            aria-label="Link to this graph"
            .value=${this.link}
            @focus=${(event: Event): void => (event.currentTarget as HTMLInputElement).select()}
          />
          <button class="primary copy" @click=${(): void => void this.#copy()}>
            ${this.copied ? "Copied" : html`${icons.copy}Copy link`}
          </button>
        </div>
        <p class="small" role="status">
          ${this.link.length.toLocaleString("en")} characters.
          ${isLong ? html`<b>Some chats and mail programs cut off links as long as this one: send the file.</b>` : nothing}
        </p>
        ${this.#list(
          "Models and data that they will be asked to download",
          remote.map(({ reference }) => reference),
        )}
        ${this.#list("Comes with the page", bundled)}
        ${
          files.length === 0
            ? nothing
            : html`<div class="warning">
                <b>Not in the link:</b> ${files.length === 1 ? "a file" : "files"} of your disk. They have to
                choose their own.
                <ul>
                  ${files.map((file) => html`<li>${file.slice("file:".length)}</li>`)}
                </ul>
              </div>`
        }
      </div>
      <footer>
        <span>A picture that you save carries its graph too: it can be dropped on the page.</span>
        <button
          class="outlined"
          @click=${(): void => {
            this.close();
            this.dispatchEvent(new CustomEvent("save-file"));
          }}
        >
          ${icons.download}Save as a file
        </button>
      </footer>
    </dialog>`;
  }

  #list(title: string, names: readonly string[]): TemplateResult | typeof nothing {
    if (names.length === 0) return nothing;
    return html`<div>
      <h3>${title}</h3>
      <ul>
        ${names.map((name) => html`<li>${name}</li>`)}
      </ul>
    </div>`;
  }

  async #copy(): Promise<void> {
    const field = this.renderRoot.querySelector<HTMLInputElement>(".link input");
    field?.select();
    try {
      await navigator.clipboard.writeText(this.link);
    } catch {
      // Without the permission the selected text is copied as by hand.
      this.copied = document.execCommand("copy");
      return;
    }
    this.copied = true;
  }
}
