import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { loadTemplates } from "../files/templates.ts";
import type { Template } from "../files/templates.ts";
import { drawSketch } from "../library/draw-sketch.ts";
import { sheetStyles } from "../library/sheet-styles.ts";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";

/** Dialog with the graphs that come with the project, each with its picture and its lesson. Fires `choose` with the template. */
export class LoomTemplates extends LitElement {
  static override properties = { templates: { state: true }, query: { state: true } };

  static override styles = [
    controls,
    sheetStyles,
    css`
      section + section {
        margin-top: 26px;
      }

      h3 {
        margin: 0;
        font: 600 var(--text-l) / 1.3 var(--font);
      }

      section > p {
        margin: 2px 0 12px;
        color: var(--text-2);
      }

      .card .open {
        height: 100%;
        display: grid;
        grid-template: auto 1fr / minmax(0, 1fr);
        align-items: start;
        justify-items: stretch;
      }

      .lesson {
        display: block;
        margin-top: 3px;
        color: var(--text-2);
        font: 400 var(--text-m) / 1.45 var(--font);
        text-wrap: pretty;
      }
    `,
  ];

  declare templates: readonly Template[];
  declare query: string;

  constructor() {
    super();
    this.templates = [];
    this.query = "";
  }

  async open(): Promise<void> {
    this.query = "";
    this.templates = await loadTemplates();
    await this.updateComplete;
    this.renderRoot.querySelector("dialog")?.showModal();
  }

  close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  protected override render(): TemplateResult {
    const query = this.query.trim().toLowerCase();
    const shown = this.templates.filter(({ name, lesson, description }) =>
      `${name} ${lesson} ${description}`.toLowerCase().includes(query),
    );
    return html`<dialog aria-labelledby="title">
      <header>
        <h2 id="title">Templates</h2>
        <input
          type="search"
          aria-label="Search templates"
          placeholder="Search"
          .value=${this.query}
          @input=${(event: Event): void => {
            this.query = (event.currentTarget as HTMLInputElement).value;
          }}
        />
        <button class="icon" aria-label="Close" @click=${(): void => this.close()}>${icons.close}</button>
      </header>
      <div class="body">
        ${this.#group(
          "Run at once",
          "With models that come with the page.",
          shown.filter(({ loads }) => !loads),
        )}
        ${this.#group(
          "With a model of yours",
          "A run loads the model that the graph names, from the Hub or your disk, and asks first.",
          shown.filter(({ loads }) => loads),
        )}
        ${
          shown.length === 0
            ? html`<div class="empty">${icons.search}<span>No template has this in its words.</span></div>`
            : nothing
        }
      </div>
    </dialog>`;
  }

  #group(heading: string, words: string, templates: readonly Template[]): TemplateResult | typeof nothing {
    if (templates.length === 0) return nothing;
    return html`<section>
      <h3>${heading}</h3>
      <p>${words}</p>
      <ul class="cards">
        ${templates.map(
          (template) =>
            html`<li class="card">
              <button
                class="open"
                data-template=${template.id}
                title=${template.description}
                @click=${(): void => this.#choose(template)}
              >
                <span class="frame"
                  >${
                    template.picture === undefined
                      ? drawSketch(template.sketch)
                      : html`<img src=${template.picture} alt="" loading="lazy" class="fine" />`
                  }</span
                >
                <span class="words"
                  ><span class="title" title=${template.name}>${template.name}</span
                  ><span class="lesson">${template.lesson}</span></span
                >
              </button>
            </li>`,
        )}
      </ul>
    </section>`;
  }

  #choose(template: Template): void {
    this.close();
    this.dispatchEvent(new CustomEvent<Template>("choose", { detail: template }));
  }
}
