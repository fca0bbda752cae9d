import { css } from "lit";

/** Buttons, fields, menus and dialogs: one look wherever they stand. */
export const controls = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }

  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: 30px;
    padding: 0 10px;
    border: 1px solid transparent;
    border-radius: var(--radius-s);
    background: transparent;
    color: var(--text);
    font: 500 var(--text-m) / 1 var(--font);
    white-space: nowrap;
    cursor: pointer;
    transition: background var(--fast);
  }

  button:hover:not(:disabled) {
    background: var(--surface-3);
  }

  button:disabled {
    opacity: 0.45;
    cursor: default;
  }

  button.primary {
    background: var(--accent);
    color: var(--on-accent);
  }

  button.primary:hover:not(:disabled) {
    background: var(--accent-strong);
  }

  button.outlined {
    border-color: var(--line);
    background: var(--surface);
  }

  button.danger {
    color: var(--bad);
    border-color: currentcolor;
  }

  button.icon {
    width: 30px;
    padding: 0;
  }

  svg.icon {
    width: 16px;
    height: 16px;
    flex: none;
    fill: none;
    stroke: currentcolor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }

  input,
  select,
  textarea {
    min-width: 0;
    height: 24px;
    padding: 0 6px;
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: var(--surface-2);
    color: var(--text);
    font: var(--text-m) / 1.3 var(--font);
  }

  input:hover,
  select:hover,
  textarea:hover {
    border-color: var(--line-strong);
  }

  input::placeholder {
    color: var(--text-3);
    opacity: 1;
  }

  .mask-field {
    display: flex;
    align-items: center;
    justify-content: flex-end;
    gap: 4px;
    min-width: 0;
  }

  .mask-field img {
    width: 24px;
    height: 24px;
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: #000;
    object-fit: contain;
  }

  .mask-field button {
    min-height: 24px;
  }

  .mask-field button.icon {
    width: 24px;
    color: var(--text-3);
  }

  kbd {
    display: inline-block;
    min-width: 20px;
    padding: 1px 5px;
    border: 1px solid var(--line);
    border-bottom-width: 2px;
    border-radius: 4px;
    background: var(--surface-2);
    color: var(--text-2);
    font: var(--text-s) / 1.4 var(--font);
    text-align: center;
  }

  dialog {
    max-width: min(720px, calc(100vw - 24px));
    max-height: calc(100vh - 48px);
    padding: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    background: var(--surface);
    color: var(--text);
    box-shadow: var(--shadow-2);
  }

  dialog::backdrop {
    background: rgb(10 12 18 / 0.45);
  }

  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
      animation: none !important;
    }
  }
`;
