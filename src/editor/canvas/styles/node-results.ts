import { css } from "lit";

/** What stands below the ports: previews and messages. */
export const nodeResults = css`
  .preview {
    margin: 0 10px;
    padding-bottom: 10px;
  }

  .preview canvas {
    display: block;
    width: 100%;
    border-radius: var(--radius-s);
    background: var(--surface-2);
    image-rendering: pixelated;
  }

  .preview canvas.smooth {
    image-rendering: auto;
  }

  .preview pre {
    max-height: 180px;
    margin: 0;
    padding: 6px 8px;
    overflow: auto;
    border-radius: var(--radius-s);
    background: var(--surface-2);
    color: var(--text);
    font: var(--text-s) / 1.45 var(--mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    user-select: text;
  }

  .message {
    margin: 0;
    padding: 8px 12px;
    border-top: 1px solid var(--line);
    background: var(--bad-soft);
    color: var(--bad);
    font-size: var(--text-m);
    overflow-wrap: anywhere;
    user-select: text;
  }

  .message.warning {
    background: var(--warn-soft);
    color: var(--warn);
  }

  .card > .message:last-child {
    border-radius: 0 0 var(--radius-m) var(--radius-m);
  }
`;
