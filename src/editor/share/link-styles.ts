import { css } from "lit";

export const linkStyles = css`
  .picture {
    display: grid;
    place-items: center;
    height: 150px;
    padding: 12px;
    border: 1px solid var(--line);
    border-radius: var(--radius-m);
    background: var(--canvas);
  }

  .picture svg {
    width: 100%;
    height: 100%;
    min-height: 0;
  }

  .description {
    max-height: 20vh;
    overflow-y: auto;
    overflow-wrap: anywhere;
    white-space: pre-line;
  }

  .calm {
    display: flex;
    align-items: center;
    gap: 8px;
    color: var(--good);
  }
`;
