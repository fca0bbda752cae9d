import { css } from "lit";

export const maskStyles = css`
  dialog {
    width: min(680px, calc(100vw - 24px));
    user-select: none;
  }

  .tools {
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 0 20px;
  }

  .tools {
    flex-wrap: wrap;
    padding-bottom: 12px;
  }

  .tools button {
    border-color: var(--line);
  }

  .tools button[aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--accent-soft);
  }

  .pair {
    display: flex;
    gap: 4px;
  }

  .size {
    display: flex;
    flex: 1 1 150px;
    align-items: center;
    gap: 8px;
    padding: 0 6px;
    color: var(--text-2);
  }

  .size input {
    flex: 1;
    width: 60px;
    padding: 0;
    accent-color: var(--accent);
  }

  .size output {
    min-width: 46px;
    text-align: right;
    font-variant-numeric: tabular-nums;
  }

  .stage {
    display: grid;
    place-items: center;
    padding: 12px 20px;
    border-block: 1px solid var(--line);
    background: var(--canvas);
    touch-action: none;
  }

  /* As large as the window lets it be; the sides keep their ratio. */
  .sheet {
    position: relative;
    width: min(100%, calc((100vh - 280px) * var(--ratio, 1)));
    aspect-ratio: var(--ratio, 1);
    overflow: hidden;
    border-radius: 2px;
    outline: 1px solid var(--line-strong);
    background: #000;
  }

  .sheet:focus-within {
    outline: 2px solid var(--accent);
  }

  .sheet canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
  }

  /* Each pixel is seen. */
  .sheet.coarse canvas {
    image-rendering: pixelated;
  }

  .sheet .paint {
    outline: none;
    cursor: none;
    touch-action: none;
  }

  .sheet .paint.over {
    opacity: 0.6;
  }

  .ring {
    position: absolute;
    top: 0;
    left: 0;
    border: 1px solid #fff;
    border-radius: 50%;
    box-shadow:
      0 0 0 1px rgb(0 0 0 / 0.7),
      inset 0 0 0 1px rgb(0 0 0 / 0.7);
    pointer-events: none;
  }

  .note {
    margin: 0;
    padding: 10px 20px 0;
    color: var(--warn);
  }

  footer p {
    flex: 1 1 200px;
    margin: 0;
    color: var(--text-2);
  }
`;
