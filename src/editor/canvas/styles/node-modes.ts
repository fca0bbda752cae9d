import { css } from "lit";
import { NODE } from "../geometry.ts";
import { px } from "./px.ts";

/** Muted and bypassed nodes, what does not run because of them, and notes. */
export const nodeModes = css`
  .mode {
    flex: none;
    padding: 2px 6px;
    border-radius: 9px;
    background: var(--surface);
    color: var(--text-2);
    font: 600 var(--text-s) / 1.2 var(--font);
  }

  :host([inactive]) .card {
    background: var(--surface-2);
  }

  :host([inactive]) .body,
  :host([inactive]) .preview {
    opacity: 0.5;
    filter: grayscale(1);
  }

  :host([inactive]) header::before {
    background: var(--line-strong);
  }

  :host([data-mode="bypass"]) .card {
    outline: 2px dashed var(--accent);
    outline-offset: 3px;
  }

  :host([data-mode="bypass"]) .mode {
    background: var(--accent-soft);
    color: var(--text);
  }

  :host([data-mode="mute"]) .title {
    text-decoration: line-through;
  }

  .note {
    padding: 8px 14px 12px;
    color: var(--text);
    font: var(--text-m) / 1.45 var(--font);
    overflow-wrap: anywhere;
  }

  .note textarea {
    display: block;
    width: 100%;
    min-height: ${px(NODE.multiline * 1.6)};
    padding: 6px 8px;
    resize: vertical;
    font: var(--text-m) / 1.45 var(--mono);
  }

  .note .text > :first-child {
    margin-top: 0;
  }

  .note .text > :last-child {
    margin-bottom: 0;
  }

  .note p,
  .note ul,
  .note ol,
  .note pre,
  .note table,
  .note blockquote {
    margin: 8px 0;
  }

  .note ul,
  .note ol {
    padding-left: 20px;
  }

  .note :is(h1, h2, h3, h4, h5, h6) {
    margin: 12px 0 6px;
    font: 650 var(--text-l) / 1.3 var(--font);
  }

  .note h1 {
    font-size: var(--text-xl);
  }

  .note code,
  .note pre {
    border-radius: 4px;
    background: var(--surface-3);
    font: var(--text-s) / 1.45 var(--mono);
  }

  .note code {
    padding: 1px 4px;
  }

  .note pre {
    padding: 8px 10px;
    overflow-x: auto;
  }

  .note pre code {
    padding: 0;
    background: none;
  }

  .note a {
    color: var(--accent);
  }

  .note blockquote {
    padding-left: 10px;
    border-left: 3px solid var(--line-strong);
    color: var(--text-2);
  }

  .note table {
    border-collapse: collapse;
  }

  .note :is(td, th) {
    padding: 3px 8px;
    border: 1px solid var(--line);
    text-align: left;
  }

  .note hr {
    border: 0;
    border-top: 1px solid var(--line);
  }

  .note .hint {
    color: var(--text-2);
    font-style: italic;
  }
`;
