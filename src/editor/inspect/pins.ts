import { html } from "lit";
import type { TemplateResult } from "lit";
import { icons } from "../theme/icons.ts";

/** Wires that are kept in view, by the output that they come from (`node.port`). */
export class Pins {
  #addresses: readonly string[] = [];
  readonly #listeners = new Set<() => void>();

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  has(address: string): boolean {
    return this.#addresses.includes(address);
  }

  toggle(address: string): void {
    this.#addresses = this.has(address)
      ? this.#addresses.filter((one) => one !== address)
      : [...this.#addresses, address];
    for (const listener of this.#listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The button that keeps a wire in view, or lets it go. */
export const pinButton = (address: string, isPinned: boolean, act: () => void): TemplateResult =>
  html`<button
    class="icon pin"
    aria-label=${isPinned ? `Unpin ${address}` : `Pin ${address}`}
    title=${isPinned ? "Unpin" : "Keep in view"}
    aria-pressed=${isPinned}
    @click=${act}
  >
    ${icons.pin}
  </button>`;
