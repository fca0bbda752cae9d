import { css } from "lit";

/** The look of the whole page as custom properties; they reach into every shadow root. */
export const tokens = css`
  :root {
    color-scheme: light dark;
    --font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
    --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    --text-s: 11px;
    --text-m: 12.5px;
    --text-l: 14px;
    --text-xl: 18px;
    --radius-s: 5px;
    --radius-m: 8px;
    --radius-l: 12px;
    --space-1: 4px;
    --space-2: 8px;
    --space-3: 12px;
    --space-4: 16px;
    --fast: 120ms;

    --canvas: #f3f4f7;
    --grid: #d9dce3;
    --surface: #ffffff;
    --surface-2: #f6f7f9;
    --surface-3: #eceef2;
    --line: #d5d9e1;
    --line-strong: #8b93a3;
    --text: #1b2030;
    --text-2: #4d566a;
    --text-3: #646d80;
    --accent: #4f46c8;
    --accent-strong: #3f37ab;
    --on-accent: #ffffff;
    --accent-soft: #e7e5fb;
    --good: #17714a;
    --bad: #b3261e;
    --bad-soft: #fde9e7;
    --warn: #8a5a00;
    --warn-soft: #fdf1d8;
    --shadow-1: 0 1px 2px rgb(20 24 40 / 0.1), 0 2px 8px rgb(20 24 40 / 0.06);
    --shadow-2: 0 8px 30px rgb(20 24 40 / 0.2), 0 1px 3px rgb(20 24 40 / 0.12);
    --socket-l: 0.6;
    --socket-c: 0.15;
    --zone-l: 0.55;
  }

  @media (prefers-color-scheme: dark) {
    :root {
      --canvas: #14161c;
      --grid: #252935;
      --surface: #20232c;
      --surface-2: #1a1d25;
      --surface-3: #2b2f3a;
      --line: #353a48;
      --line-strong: #717a90;
      --text: #e9ebf2;
      --text-2: #b3bacb;
      --text-3: #929bb0;
      --accent: #8f87ff;
      --accent-strong: #a59eff;
      --on-accent: #14121f;
      --accent-soft: #322f58;
      --good: #63d39b;
      --bad: #ff8f85;
      --bad-soft: #44211f;
      --warn: #f2bf5e;
      --warn-soft: #3d3119;
      --shadow-1: 0 1px 2px rgb(0 0 0 / 0.4), 0 2px 10px rgb(0 0 0 / 0.25);
      --shadow-2: 0 12px 40px rgb(0 0 0 / 0.55), 0 2px 6px rgb(0 0 0 / 0.4);
      --socket-l: 0.78;
      --socket-c: 0.13;
      --zone-l: 0.7;
    }
  }

  html,
  body {
    margin: 0;
    height: 100%;
    overflow: hidden;
    overscroll-behavior: none;
    background: var(--canvas);
    color: var(--text);
    font: var(--text-m) / 1.4 var(--font);
    -webkit-text-size-adjust: 100%;
  }
`;

/** Puts the tokens on the document. No style element and no inline style: a strict Content-Security-Policy allows it. */
export function installTokens(document: Document): void {
  const sheet = tokens.styleSheet;
  if (sheet && !document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);
}
