import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { drawSketch } from "../library/draw-sketch.ts";
import { sketchOf } from "../library/sketch.ts";
import { count } from "../library/words.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";
import { linkStyles } from "./link-styles.ts";
import { panelStyles } from "./panel-styles.ts";
import { referencesOf } from "./references.ts";

export interface LinkAnswer {
  readonly document: GraphDocument;
  readonly run: boolean;
}

/** Dialog that asks about a graph that came by a link, before anything of it is opened or loaded. Fires `answer`. */
export class LoomLink extends LitElement {
  static override properties = { document: { state: true } };

  static override styles = [controls, panelStyles, linkStyles];

  declare document: GraphDocument | undefined;

  async ask(document: GraphDocument): Promise<void> {
    this.document = document;
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  protected override render(): TemplateResult {
    const graph = this.document;
    return html`<dialog aria-labelledby="title">${graph ? this.#question(graph) : nothing}</dialog>`;
  }

  #question(graph: GraphDocument): TemplateResult {
    const { remote, files } = referencesOf(graph);
    const hosts = [...new Set(remote.map(({ host }) => host))];
    return html`<header>
        <h2 id="title">${graph.name?.trim() || "A graph without a name"}</h2>
        <button class="icon" aria-label="Close" @click=${(): void => this.#close()}>${icons.close}</button>
      </header>
      <div class="body">
        <p>
          This link holds a graph of ${count(Object.keys(graph.nodes).length, "node")}. It is opened as a
          graph of its own; what you have open stays in your library.
        </p>
        <div class="picture">${drawSketch(sketchOf(graph))}</div>
        ${graph.description ? html`<p class="description">${graph.description}</p>` : nothing}
        ${
          remote.length === 0
            ? html`<p class="calm">
                ${icons.check}It downloads nothing: all that it needs comes with the page.
              </p>`
            : html`<div>
                <h3>A run downloads from ${hosts.join(", ")}</h3>
                <ul>
                  ${remote.map(({ reference }) => html`<li>${reference}</li>`)}
                </ul>
                <p class="small">
                  Nothing is downloaded yet: before a run you are asked once more, with the sizes.
                </p>
              </div>`
        }
        ${
          files.length === 0
            ? nothing
            : html`<p class="warning">
                It names ${files.length === 1 ? "a file" : "files"} of its maker's disk; you have to choose
                your own: ${files.map((file) => file.slice("file:".length)).join(", ")}
              </p>`
        }
      </div>
      <footer>
        <button @click=${(): void => this.#close()}>Not now</button>
        <button class="outlined" @click=${(): void => this.#answer(graph, false)}>Open only</button>
        <button class="primary" @click=${(): void => this.#answer(graph, true)}>
          ${icons.play}Open and run
        </button>
      </footer>`;
  }

  #close(): void {
    this.renderRoot.querySelector("dialog")?.close();
    this.document = undefined;
  }

  #answer(document: GraphDocument, run: boolean): void {
    this.#close();
    this.dispatchEvent(new CustomEvent<LinkAnswer>("answer", { detail: { document, run } }));
  }
}
