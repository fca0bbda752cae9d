import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { Told } from "../run/follow.ts";
import { icons } from "../theme/icons.ts";
import { saidView } from "./said.ts";
import type { Announcement } from "./said.ts";

/**
 * A large dialog with what the browser keeps: it opens at once, reads, and reads again when something else is kept. A refusal
 * of the database is said in it. Fires `announce` with what was done, `said-done` and `closed`.
 */
export abstract class LoomSheet extends LitElement {
  /** A sheet lists these among its own. */
  static readonly shared = {
    said: { attribute: false },
    trouble: { state: true },
    hasRead: { state: true },
  };

  /** What was done last, as long as it is shown. */
  declare said: Announcement | undefined;
  declare trouble: string;
  /** Before that nothing is known of what is kept. */
  declare hasRead: boolean;
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
    this.trouble = "";
    this.hasRead = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  /** What tells that something else is kept now. */
  protected abstract source(): Told;
  /** Reads what is shown. */
  protected abstract read(): Promise<void>;
  protected abstract content(): TemplateResult;
  /** Puts everything back as it is when the sheet is opened. */
  protected abstract reset(): void;

  /** Keys of its own, where it has some. */
  protected keys(): ((event: KeyboardEvent) => void) | undefined {
    return undefined;
  }

  async open(): Promise<void> {
    this.reset();
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
    this.#unsubscribe ??= this.source().subscribe(() => void this.readAgain());
    await this.readAgain();
  }

  get isOpen(): boolean {
    return this.renderRoot.querySelector("dialog")?.open === true;
  }

  close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  protected async readAgain(): Promise<void> {
    await this.attempt(() => this.read());
    this.hasRead = true;
  }

  protected override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="title"
      @close=${(): void => this.#stop()}
      @keydown=${(event: KeyboardEvent): void => this.keys()?.(event)}
    >
      ${this.content()} ${this.said ? saidView(this.said, (failure) => this.#saidDone(failure)) : nothing}
    </dialog>`;
  }

  protected closeButton(): TemplateResult {
    return html`<button class="icon" aria-label="Close" @click=${(): void => this.close()}>
      ${icons.close}
    </button>`;
  }

  /** @param denied why nothing is kept beyond this page */
  protected warnings(denied?: string): TemplateResult {
    return html`${denied === undefined ? nothing : html`<p class="warning">${denied}</p>`}
    ${this.trouble === "" ? nothing : html`<p class="warning" role="alert">${this.trouble}</p>`}`;
  }

  /** What stands in place of cards: nothing at all until it is known that there are none. */
  protected empty(icon: TemplateResult, words: string): TemplateResult | typeof nothing {
    return this.hasRead ? html`<div class="empty">${icon}<span>${words}</span></div>` : nothing;
  }

  /** Says here what goes wrong, and throws nothing. */
  protected async attempt(act: () => unknown): Promise<void> {
    try {
      this.trouble = "";
      await act();
    } catch (error) {
      this.#complain(error);
    }
  }

  protected announce(detail: Announcement): void {
    this.dispatchEvent(new CustomEvent<Announcement>("announce", { detail }));
  }

  #saidDone(failure: unknown): void {
    if (failure !== undefined) this.#complain(failure);
    this.dispatchEvent(new CustomEvent("said-done"));
  }

  #complain(error: unknown): void {
    this.trouble = error instanceof Error ? error.message : String(error);
  }

  #stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.dispatchEvent(new CustomEvent("closed"));
  }
}
