import { html } from "lit";
import type { TemplateResult } from "lit";

/** The field in which a node gets its title. `done` is called with the text, or with undefined to keep the old one. */
export function titleField(title: string, done: (next: string | undefined) => void): TemplateResult {
  const finish = (event: Event, keep: boolean): void =>
    done(keep ? (event.currentTarget as HTMLInputElement).value.trim() : undefined);
  return html`<input
    class="title-edit"
    aria-label="Title of the node"
    .value=${title}
    @blur=${(event: Event): void => finish(event, true)}
    @keydown=${(event: KeyboardEvent): void => {
      event.stopPropagation();
      if (event.key === "Enter") finish(event, true);
      if (event.key === "Escape") finish(event, false);
    }}
  />`;
}
