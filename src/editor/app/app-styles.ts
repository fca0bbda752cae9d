import { css } from "lit";

export const appStyles = css`
  :host {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto auto;
    height: 100vh;
    height: 100dvh;
  }

  .bar {
    display: flex;
    align-items: center;
    gap: 4px;
    min-width: 0;
    padding: 6px 10px;
    border-bottom: 1px solid var(--line);
    background: var(--surface);
    z-index: 2;
  }

  .brand {
    display: flex;
    align-items: center;
    gap: 8px;
    padding-right: 6px;
    font: 650 var(--text-l) / 1 var(--font);
    white-space: nowrap;
  }

  .name {
    flex: 0 1 300px;
    width: 40px;
    border-color: transparent;
    background: transparent;
    font-weight: 500;
    text-overflow: ellipsis;
  }

  .rule {
    flex: none;
    width: 1px;
    height: 20px;
    margin: 0 4px;
    background: var(--line);
  }

  .gap {
    flex: 1 1 0;
  }

  .bar button {
    flex: none;
  }

  .run {
    min-width: 84px;
  }

  main {
    position: relative;
    min-height: 0;
    overflow: hidden;
  }

  loom-canvas {
    position: absolute;
    inset: 0;
  }

  .status {
    display: flex;
    align-items: center;
    gap: 14px;
    min-height: 28px;
    padding: 0 12px;
    border-top: 1px solid var(--line);
    background: var(--surface);
    color: var(--text-2);
    font-size: var(--text-s);
    white-space: nowrap;
    overflow: hidden;
  }

  .status > :not(.gap) {
    flex: none;
  }

  .status > .engine:not(.gap) {
    flex: 0 1 auto;
    overflow: hidden;
    text-overflow: ellipsis;
  }

  .status button {
    min-height: 22px;
    padding: 0 8px;
    font-size: var(--text-s);
    color: inherit;
  }

  .status .bad {
    color: var(--bad);
    font-weight: 600;
  }

  .status select {
    height: 20px;
    padding: 0 2px;
    border-color: transparent;
    background: transparent;
    color: inherit;
    font-size: var(--text-s);
  }

  .status .dot {
    display: inline-block;
    width: 8px;
    height: 8px;
    margin-right: 6px;
    border-radius: 50%;
    background: var(--good);
  }

  .status .dot.waiting {
    background: var(--warn);
  }

  .status .dot.failed {
    background: var(--bad);
  }

  .toast {
    position: absolute;
    top: 14px;
    left: 50%;
    display: flex;
    align-items: flex-start;
    gap: 10px;
    max-width: min(560px, calc(100% - 28px));
    padding: 10px 10px 10px 14px;
    border: 1px solid currentcolor;
    border-radius: var(--radius-m);
    background: var(--bad-soft);
    color: var(--bad);
    box-shadow: var(--shadow-2);
    transform: translateX(-50%);
    white-space: pre-line;
    overflow-wrap: anywhere;
    z-index: 5;
  }

  .toast button {
    flex: none;
    min-height: 22px;
    width: 22px;
    color: inherit;
  }

  @media (max-width: 1380px) {
    .bar button .label {
      display: none;
    }

    .bar .run .label {
      display: inline;
    }
  }

  @media (max-width: 900px) {
    .brand .label {
      display: none;
    }
  }

  @media (max-width: 560px) {
    .bar .optional,
    .status .optional {
      display: none;
    }

    .bar {
      gap: 0;
      padding: 6px;
    }

    .brand {
      padding: 0 2px;
    }

    .bar .run {
      min-width: 0;
      margin-left: 4px;
    }
  }

  @media (max-width: 400px) {
    .bar .scarce,
    .bar .rule,
    .bar .gap {
      display: none;
    }

    .bar button {
      min-width: 0;
      padding: 0 5px;
    }

    .bar .name {
      flex: 1 1 0;
      min-width: 0;
      padding: 0;
    }
  }
`;
