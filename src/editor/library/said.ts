import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { icons } from "../theme/icons.ts";

/** What was done, with a way to take it back. */
export interface Announcement {
  readonly text: string;
  readonly undo?: () => Promise<void>;
  /** Something else that can be done about it. */
  readonly action?: { readonly label: string; readonly act: () => void };
}

export const saidStyles = css`
  .said {
    position: fixed;
    bottom: 44px;
    left: 50%;
    display: flex;
    align-items: center;
    gap: 6px;
    width: max-content;
    max-width: calc(100vw - 32px);
    padding: 6px 6px 6px 16px;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-m);
    background: var(--surface);
    color: var(--text);
    box-shadow: var(--shadow-2);
    transform: translateX(-50%);
    white-space: pre-line;
    z-index: 10;
  }

  .said button.undo {
    color: var(--accent);
    font-weight: 600;
  }
`;

/**
 * The line that says it. While a dialog is open it has to stand inside that dialog: all else is inert.
 *
 * @param done is called when it has served
 */
export function saidView(
  { text, undo, action }: Announcement,
  done: (failure?: unknown) => void,
): TemplateResult {
  return html`<div class="said" role="status">
    <span>${text}</span>
    ${
      undo
        ? html`<button
            type="button"
            class="undo"
            @click=${(): void => {
              done();
              undo().catch((error: unknown) => done(error));
            }}
          >
            Undo
          </button>`
        : nothing
    }
    ${action ? html`<button type="button" class="undo" @click=${action.act}>${action.label}</button>` : nothing}
    <button type="button" class="icon" aria-label="Close the message" @click=${(): void => done()}>
      ${icons.close}
    </button>
  </div>`;
}
