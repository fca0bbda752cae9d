import { css } from "lit";

export const memoryStyles = css`
  dialog {
    width: min(680px, calc(100vw - 24px));
  }

  .body {
    gap: 18px;
  }

  section {
    display: grid;
    gap: 8px;
  }

  h3 {
    margin: 0;
    font: 600 var(--text-l) / 1.3 var(--font);
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 14px;
  }

  .row label {
    display: flex;
    align-items: center;
    gap: 6px;
    font: var(--text-m) / 1.4 var(--font);
  }

  .row input[type="radio"] {
    height: auto;
    margin: 0;
  }

  .row input[type="number"] {
    width: 108px;
    height: 30px;
    text-align: right;
  }

  .verdict {
    padding: 8px 12px;
    border-radius: var(--radius-m);
    background: var(--surface-2);
    color: var(--text);
    font: var(--text-m) / 1.5 var(--font);
  }

  .verdict[data-verdict="too small"] {
    background: var(--warn-soft);
    color: var(--warn);
  }

  .scroll {
    overflow-x: auto;
  }

  table {
    width: 100%;
    border-collapse: collapse;
    font: var(--text-m) / 1.4 var(--font);
    font-variant-numeric: tabular-nums;
  }

  th,
  td {
    padding: 5px 10px 5px 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    font-weight: 400;
    overflow-wrap: anywhere;
  }

  th {
    color: var(--text-2);
  }

  th.number,
  td.number {
    width: 1%;
    padding-right: 0;
    padding-left: clamp(10px, 2.5vw, 18px);
    text-align: right;
    white-space: nowrap;
  }

  .bar {
    display: flex;
    height: 4px;
    margin-top: 4px;
    overflow: hidden;
    border-radius: 2px;
    background: var(--surface-3, var(--line));
  }

  .bar i {
    background: var(--accent);
  }

  .bar i.work {
    background: var(--warn);
  }

  th span {
    margin-right: 10px;
  }

  .key {
    font-size: var(--text-s);
    white-space: nowrap;
  }

  .key i {
    display: inline-block;
    width: 10px;
    height: 4px;
    margin: 0 4px 3px 0;
    border-radius: 2px;
    background: var(--accent);
  }

  .key i.work {
    background: var(--warn);
  }

  ul {
    display: grid;
    gap: 4px;
    margin: 0;
    padding: 0;
    list-style: none;
    font: var(--text-m) / 1.5 var(--font);
  }

  /* A run that reloads in each step of a loop tells it hundreds of times. */
  [data-part="events"] {
    max-height: 240px;
    overflow: auto;
  }

  li {
    display: flex;
    gap: 12px;
    justify-content: space-between;
    overflow-wrap: anywhere;
  }

  li span:last-child {
    color: var(--text-2);
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }

  .why {
    color: var(--text-2);
  }
`;
