import { css } from "lit";
import { NODE } from "../geometry.ts";
import { px } from "./px.ts";

/** A node's own fields. */
export const nodeParams = css`
  .param {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1.4fr) minmax(0, 1fr);
    align-items: center;
    gap: 8px;
    height: ${px(NODE.param)};
    padding: 0 12px 0 14px;
    color: var(--text-2);
  }

  .param.wide {
    grid-template-columns: auto minmax(0, 1fr);
  }

  .param.choice {
    grid-template-columns: minmax(0, 1fr) minmax(0, 1.4fr);
  }

  .param.tall {
    display: block;
    height: ${px(NODE.multiline)};
  }

  .param.tall > .name {
    display: block;
    line-height: ${px(NODE.param)};
  }

  .param.tall > .socket {
    top: ${px(NODE.param / 2)};
  }

  .param input:not([type="checkbox"]),
  .param select {
    width: 100%;
  }

  .param textarea {
    width: 100%;
    height: ${px(NODE.multiline - NODE.param - 6)};
    padding: 4px 6px;
    resize: none;
  }

  .param input[type="checkbox"] {
    justify-self: end;
    width: 16px;
    height: 16px;
    margin: 0;
    accent-color: var(--accent);
  }

  .param input[type="number"] {
    font-variant-numeric: tabular-nums;
    text-align: right;
  }

  .param input:invalid,
  .param input[aria-invalid="true"] {
    border-color: var(--bad);
    background: var(--bad-soft);
  }

  .with-button {
    display: flex;
    gap: 4px;
    min-width: 0;
  }

  .with-button button {
    flex: none;
    width: 24px;
    min-height: 24px;
    padding: 0;
    color: var(--text-3);
  }

  .driven {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    text-align: right;
    color: var(--text-3);
    font-style: italic;
  }

  button.advanced {
    display: flex;
    justify-content: flex-start;
    width: 100%;
    min-height: ${px(NODE.advanced)};
    height: ${px(NODE.advanced)};
    padding: 0 12px;
    color: var(--text-3);
    font: var(--text-s) / 1 var(--font);
  }

  button.advanced svg {
    width: 12px;
    height: 12px;
  }

  button.advanced[aria-expanded="false"] > svg {
    transform: rotate(-90deg);
  }
`;
