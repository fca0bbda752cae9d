import { css, html } from "lit";
import type { TemplateResult } from "lit";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { loadTemplates } from "../files/templates.ts";
import type { Template } from "../files/templates.ts";

/** Dialog with the graphs that come with the project. Fires `choose` with the template. */
export class LoomTemplates extends LoomDialog {
  static override properties = { templates: { state: true } };

  static override styles = [
    LoomDialog.frame,
    css`
      dialog {
        width: min(680px, calc(100vw - 24px));
      }

      h3 {
        margin: 0;
        padding: 4px 20px 0;
        font: 600 var(--text-l) / 1.3 var(--font);
      }

      p {
        margin: 0;
        padding: 0 20px 10px;
        color: var(--text-2);
      }

      .list {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(240px, 1fr));
        gap: 10px;
        padding: 4px 20px 20px;
      }

      .list button {
        display: flex;
        flex-direction: column;
        align-items: flex-start;
        justify-content: flex-start;
        gap: 6px;
        padding: 12px 14px;
        border-color: var(--line);
        border-radius: var(--radius-m);
        background: var(--surface-2);
        text-align: left;
        white-space: normal;
      }

      .list button:hover {
        border-color: var(--accent);
      }

      .name {
        font: 600 var(--text-l) / 1.3 var(--font);
      }

      .lesson {
        color: var(--text-2);
        font: 400 var(--text-m) / 1.45 var(--font);
      }
    `,
  ];

  declare templates: readonly Template[];

  constructor() {
    super();
    this.templates = [];
  }

  async open(): Promise<void> {
    this.templates = await loadTemplates();
    await this.show();
  }

  protected override heading(): string {
    return "Templates";
  }

  protected override content(): TemplateResult {
    return html`${this.#group("Run at once", "With models that come with the page.", false)}
    ${this.#group("With a model of yours", "A run loads the model that the graph names, from the Hub or your disk.", true)} `;
  }

  #group(heading: string, lesson: string, loads: boolean): TemplateResult {
    return html`<section>
      <h3>${heading}</h3>
      <p>${lesson}</p>
      <div class="list">
        ${this.templates
          .filter((template) => template.loads === loads)
          .map(
            (template) =>
              html`<button data-template=${template.id} @click=${(): void => this.#choose(template)}>
                <span class="name">${template.name}</span><span class="lesson">${template.description}</span>
              </button>`,
          )}
      </div>
    </section>`;
  }

  #choose(template: Template): void {
    this.close();
    this.dispatchEvent(new CustomEvent<Template>("choose", { detail: template }));
  }
}
