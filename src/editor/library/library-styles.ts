import { css } from "lit";

export const libraryStyles = css`
  .push {
    flex: 1;
  }

  .rename,
  .keep {
    display: flex;
    gap: 6px;
  }

  .rename {
    padding: 10px 12px 12px;
  }

  .rename input,
  .keep input {
    flex: 1;
    height: 30px;
  }

  .card .open:disabled {
    opacity: 1;
  }

  .versions {
    max-width: 640px;
    margin: 0 auto;
    padding: 0;
    list-style: none;
  }

  .versions li {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 16px;
    padding: 10px 4px;
    border-bottom: 1px solid var(--line);
  }

  .when {
    min-width: 0;
    font: 500 var(--text-l) / 1.4 var(--font);
  }
`;
