import { css } from "lit";

/** A panel along the right side of the canvas, with a heading and a button that closes it. Its width is its own. */
export const sidePanel = css`
  :host {
    position: absolute;
    inset: 0 0 0 auto;
    display: flex;
    flex-direction: column;
    border-left: 1px solid var(--line);
    background: var(--surface);
    z-index: 4;
  }

  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 6px 8px 6px 16px;
    border-bottom: 1px solid var(--line);
  }

  h2 {
    min-width: 0;
    margin: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font: 600 var(--text-l) / 1.3 var(--font);
  }
`;

/** A panel below the canvas. Its largest height is its own. */
export const bottomPanel = css`
  :host {
    display: flex;
    flex-direction: column;
    border-top: 1px solid var(--line);
    background: var(--surface);
  }

  header {
    display: flex;
    align-items: center;
  }
`;

/** What stands in such a panel: a column of controls beside what they are for. */
export const dockContent = css`
  :host {
    display: grid;
    grid-template-columns: minmax(230px, 310px) minmax(0, 1fr);
    gap: 6px 22px;
    padding: 4px 16px 14px;
    overflow: auto;
  }

  .controls {
    display: grid;
    align-content: start;
    gap: 8px;
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }

  .empty {
    grid-column: 1 / -1;
  }

  @media (max-width: 640px) {
    :host {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
