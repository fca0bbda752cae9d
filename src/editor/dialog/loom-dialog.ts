import { LitElement, css, html, nothing } from "lit";
import type { CSSResultGroup, TemplateResult } from "lit";
import { controls } from "../theme/controls.ts";
import { icons } from "../theme/icons.ts";

const frame = css`
  /* The way out stays in sight where a small window scrolls the dialog. */
  header {
    position: sticky;
    z-index: 1;
    top: 0;
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 12px;
    padding: 12px 12px 8px 20px;
    background: inherit;
  }

  h2 {
    margin: 0;
    overflow-wrap: anywhere;
    font: 600 var(--text-xl) / 1.3 var(--font);
  }

  footer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 6px;
    padding: 12px 20px;
    border-top: 1px solid var(--line);
  }
`;

const prose = css`
  .body {
    display: grid;
    gap: 14px;
    padding: 0 20px 20px;
  }

  p {
    margin: 0;
    color: var(--text-2);
    font: var(--text-m) / 1.5 var(--font);
  }
`;

/**
 * What all dialogs are made of: the browser's own modal `<dialog>` (it keeps the focus in, closes on Escape and gives the
 * focus back), with a heading, a button that closes it, the content and, where there is one, a row of buttons below. A
 * dialog of the editor extends this class, gives `heading` and `content`, and is opened with `show`.
 */
export abstract class LoomDialog extends LitElement {
  /** Styles of the frame; a dialog lists them before its own. */
  static readonly frame: CSSResultGroup = [controls, frame];
  /** Styles of a content that is text and lists, in a column; between the frame's and a dialog's own. */
  static readonly prose: CSSResultGroup = prose;

  /** What the button in the corner is called. */
  protected readonly closeLabel: string = "Close";

  protected abstract heading(): string | TemplateResult;

  protected abstract content(): TemplateResult | typeof nothing;

  /** Buttons below the content. */
  protected footer(): TemplateResult | typeof nothing {
    return nothing;
  }

  /** Called when the dialog has been closed, in whichever way. */
  protected closed(): void {
    // Nothing to put away here.
  }

  get isOpen(): boolean {
    return this.dialog?.open === true;
  }

  protected get dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  /** Shows the dialog over the page, once what it shows has been drawn. */
  async show(): Promise<void> {
    await this.updateComplete;
    if (!this.isOpen) this.dialog?.showModal();
  }

  close = (): void => {
    this.dialog?.close();
  };

  /** Where nothing had the focus before, a field of the closed dialog keeps it, and takes the keys that are shortcuts. */
  #letGo(): void {
    const focused = this.shadowRoot?.activeElement;
    if (focused instanceof HTMLElement) focused.blur();
  }

  protected override render(): TemplateResult {
    const footer = this.footer();
    return html`<dialog
      aria-labelledby="title"
      @close=${(): void => {
        this.closed();
        this.#letGo();
        this.requestUpdate();
      }}
    >
      <header>
        <h2 id="title">${this.heading()}</h2>
        <button class="icon" aria-label=${this.closeLabel} title=${this.closeLabel} @click=${this.close}>
          ${icons.close}
        </button>
      </header>
      ${this.content()} ${footer === nothing ? nothing : html`<footer>${footer}</footer>`}
    </dialog>`;
  }
}
