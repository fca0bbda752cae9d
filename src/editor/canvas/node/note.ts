import { html } from "lit";
import type { TemplateResult } from "lit";
import { live } from "lit/directives/live.js";

export interface NoteFace {
  readonly text: string;
  readonly editing: boolean;
  /** A new text, while it is typed. */
  change(text: string): void;
  start(): void;
  done(): void;
}

/** What a note says, or the field in which it is written. The text is put in by {@link showNote}, made safe. */
export function noteBody({ text, editing, change, start, done }: NoteFace): TemplateResult {
  if (!editing)
    return html`<div class="note" title="Double-click to edit" @dblclick=${start}>
      ${text === "" ? html`<p class="hint">Double-click to write. Markdown works.</p>` : html`<div class="text"></div>`}
    </div>`;
  return html`<div class="note">
    <textarea
      aria-label="text: what the note says, in Markdown"
      .value=${live(text)}
      @input=${(event: Event): void => change((event.currentTarget as HTMLTextAreaElement).value)}
      @blur=${done}
      @keydown=${(event: KeyboardEvent): void => {
        event.stopPropagation();
        if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) done();
      }}
    ></textarea>
  </div>`;
}

const shown = new WeakMap<Element, string>();

/** Puts a note's Markdown into its place. The library is loaded with the first note. */
export async function showNote(box: Element, text: string): Promise<void> {
  if (text === "" || shown.get(box) === text) return;
  shown.set(box, text);
  const { renderMarkdown } = await import("../../notes/render-markdown.ts");
  if (shown.get(box) === text) box.replaceChildren(renderMarkdown(text));
}
