import { css } from "lit";

/** The look of a small dialog with words and a few buttons. */
export const panelStyles = css`
  dialog {
    width: min(560px, calc(100vw - 32px));
  }

  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 10px;
    padding: 14px 14px 6px 22px;
  }

  h2 {
    margin: 0;
    font: 600 var(--text-xl) / 1.35 var(--font);
    overflow-wrap: anywhere;
  }

  h3 {
    margin: 0;
    font: 600 var(--text-m) / 1.4 var(--font);
  }

  .body {
    display: grid;
    gap: 14px;
    padding: 2px 22px 18px;
    line-height: 1.5;
  }

  p {
    margin: 0;
    color: var(--text-2);
  }

  .small {
    font-size: var(--text-m);
  }

  ul {
    max-height: 26vh;
    margin: 4px 0 0;
    padding: 0;
    overflow-y: auto;
    list-style: none;
    font-family: var(--mono);
    overflow-wrap: anywhere;
  }

  .warning {
    padding: 10px 14px;
    border-radius: var(--radius-m);
    background: var(--warn-soft);
    color: var(--warn);
  }

  footer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 10px;
    padding: 12px 22px 16px;
    border-top: 1px solid var(--line);
    color: var(--text-2);
  }

  footer > span {
    flex: 1 1 220px;
  }
`;
