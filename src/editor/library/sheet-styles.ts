import { css } from "lit";

/** The look of a large dialog that shows cards: library, pictures, templates. */
export const sheetStyles = css`
  dialog {
    width: min(1060px, calc(100vw - 32px));
    max-width: none;
    height: min(760px, calc(100vh - 48px));
    overflow: hidden;
  }

  dialog[open] {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto;
  }

  header {
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 14px 14px 12px 22px;
    border-bottom: 1px solid var(--line);
  }

  h2 {
    margin: 0;
    font: 600 var(--text-xl) / 1.3 var(--font);
  }

  header input[type="search"] {
    width: min(240px, 40vw);
    height: 30px;
    margin-left: auto;
    padding: 0 10px;
  }

  .body {
    overflow-y: auto;
    padding: 18px 22px 22px;
    scrollbar-gutter: stable;
  }

  footer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 14px;
    min-height: 46px;
    padding: 7px 14px 7px 22px;
    border-top: 1px solid var(--line);
    color: var(--text-2);
  }

  footer .gap {
    flex: 1;
  }

  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(220px, 1fr));
    gap: 16px;
    margin: 0;
    padding: 0;
    list-style: none;
  }

  .card {
    position: relative;
    display: flex;
    flex-direction: column;
    min-width: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius-m);
    background: var(--surface-2);
    overflow: hidden;
  }

  .card:hover {
    border-color: var(--accent);
  }

  .card .open {
    display: block;
    min-height: 0;
    width: 100%;
    padding: 0;
    border: 0;
    border-radius: 0;
    text-align: left;
    white-space: normal;
    font-weight: 400;
  }

  .card .open:hover {
    background: transparent;
  }

  .card .open:focus-visible {
    outline-offset: -2px;
    border-radius: var(--radius-m);
  }

  .frame {
    position: relative;
    display: grid;
    place-items: center;
    aspect-ratio: 16 / 10;
    border-bottom: 1px solid var(--line);
    background: var(--canvas);
    overflow: hidden;
  }

  .frame img {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
  }

  .frame img.fine {
    image-rendering: pixelated;
  }

  .frame svg.sketch {
    width: calc(100% - 24px);
    height: calc(100% - 20px);
  }

  .words {
    display: block;
    padding: 10px 12px 8px;
  }

  .title {
    display: -webkit-box;
    overflow: hidden;
    font: 600 var(--text-l) / 1.35 var(--font);
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }

  .facts {
    display: block;
    overflow: hidden;
    margin-top: 2px;
    color: var(--text-2);
    font: var(--text-m) / 1.4 var(--font);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .tools {
    display: flex;
    margin-top: auto;
    gap: 2px;
    padding: 0 6px 6px;
  }

  .tools button {
    color: var(--text-2);
  }

  .tools .gap {
    flex: 1;
  }

  .badge {
    position: absolute;
    top: 8px;
    left: 8px;
    padding: 2px 8px;
    border-radius: 999px;
    background: var(--accent);
    color: var(--on-accent);
    font: 600 var(--text-s) / 1.5 var(--font);
  }

  .empty {
    display: grid;
    justify-items: center;
    gap: 10px;
    max-width: 420px;
    margin: 11vh auto;
    color: var(--text-2);
    font-size: var(--text-l);
    line-height: 1.5;
    text-align: center;
  }

  .empty svg.icon {
    width: 34px;
    height: 34px;
    color: var(--text-3);
  }

  .warning {
    margin: 0 0 16px;
    padding: 10px 14px;
    border-radius: var(--radius-m);
    background: var(--warn-soft);
    color: var(--warn);
  }

  @media (max-width: 560px) {
    header {
      padding: 10px 8px 10px 14px;
    }

    .body {
      padding: 12px 14px;
    }

    .cards {
      grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
      gap: 10px;
    }
  }
`;
