import { css } from "lit";

export const modelsStyles = css`
  dialog {
    width: min(640px, calc(100vw - 24px));
  }

  .empty {
    padding: 24px 12px;
    border: 1px dashed var(--line);
    border-radius: var(--radius-m);
    text-align: center;
    text-wrap: balance;
  }

  .usage {
    display: grid;
    gap: 4px;
  }

  meter {
    width: 100%;
    height: 10px;
  }

  ul {
    display: grid;
    gap: 10px;
    margin: 0;
    padding: 0;
    list-style: none;
  }

  li {
    display: grid;
    gap: 6px;
    padding: 12px 14px;
    border: 1px solid var(--line);
    border-radius: var(--radius-m);
    background: var(--surface-2);
  }

  .head {
    display: flex;
    gap: 12px;
    justify-content: space-between;
    font: 600 var(--text-l) / 1.4 var(--font);
  }

  .name {
    overflow-wrap: anywhere;
  }

  .size {
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }

  .facts,
  .work,
  .message {
    color: var(--text-2);
    font: var(--text-m) / 1.5 var(--font);
  }

  .partial {
    color: var(--warn);
  }

  .work {
    display: grid;
    gap: 4px;
    font-variant-numeric: tabular-nums;
  }

  progress {
    width: 100%;
    accent-color: var(--accent);
  }

  .acts {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }

  .acts label {
    display: flex;
    align-items: center;
    gap: 6px;
    color: var(--text-2);
    font: var(--text-m) / 1.4 var(--font);
  }

  .acts label input {
    height: auto;
  }

  .gap,
  .sure {
    flex: 1;
  }

  .sure {
    font: 600 var(--text-m) / 1.4 var(--font);
  }

  .fault {
    padding: 8px 12px;
    border-radius: var(--radius-m);
    background: var(--bad-soft);
    color: var(--bad);
    font: var(--text-m) / 1.5 var(--font);
  }

  button.link {
    display: inline;
    min-height: 0;
    padding: 0;
    color: var(--accent);
    text-decoration: underline;
  }
`;
