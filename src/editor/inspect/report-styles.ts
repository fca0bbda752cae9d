import { css } from "lit";

/** Pictures, numbers and bars of a value, wherever they stand. */
export const reportStyles = css`
  h4 {
    display: flex;
    align-items: baseline;
    gap: 6px;
    margin: 0 0 6px;
    font: 600 var(--text-m) / 1.3 var(--font);
    overflow-wrap: anywhere;
  }

  .dot {
    flex: none;
    width: 9px;
    height: 9px;
    border-radius: 50%;
    background: var(--line-strong);
  }

  .quiet {
    color: var(--text-2);
    font-weight: 400;
  }

  .bad {
    color: var(--bad);
    font-weight: 600;
  }

  p {
    margin: 0 0 8px;
    line-height: 1.45;
  }

  p:last-child {
    margin-bottom: 0;
  }

  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 2px 12px;
    margin: 0 0 8px;
    font-variant-numeric: tabular-nums;
  }

  dt {
    color: var(--text-2);
  }

  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }

  .pictures {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    margin-bottom: 8px;
  }

  figure {
    flex: 1 1 0;
    min-width: 96px;
    max-width: 260px;
    margin: 0;
  }

  figure canvas {
    display: block;
    width: 100%;
    border-radius: var(--radius-s);
    background: var(--surface-2);
    image-rendering: pixelated;
  }

  figure canvas.smooth {
    image-rendering: auto;
  }

  figcaption {
    display: flex;
    justify-content: space-between;
    margin-top: 3px;
    color: var(--text-2);
    font-size: var(--text-s);
    font-variant-numeric: tabular-nums;
  }

  .histogram {
    max-width: none;
    margin-bottom: 8px;
  }

  .histogram svg {
    display: block;
    width: 100%;
    height: 56px;
    border-bottom: 1px solid var(--line);
    fill: var(--accent);
  }
`;
