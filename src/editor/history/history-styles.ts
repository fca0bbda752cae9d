import { css } from "lit";

export const historyStyles = css`
  .push {
    flex: 1;
  }

  .cards {
    grid-template-columns: repeat(auto-fill, minmax(180px, 1fr));
  }

  .frame.square {
    aspect-ratio: 1;
  }

  .bounds {
    color: var(--text-3);
  }

  .more {
    margin: 18px auto 0;
    display: flex;
  }

  h2 {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .place {
    flex: none;
    color: var(--text-2);
  }

  .stage {
    display: grid;
    min-height: 0;
    padding: 18px;
    background: var(--canvas);
  }

  .stage img {
    width: 100%;
    height: 100%;
    min-height: 0;
    object-fit: contain;
  }

  .stage img.fine {
    image-rendering: pixelated;
  }

  .story b {
    color: var(--text);
    font-weight: 600;
  }
`;
