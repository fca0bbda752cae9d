import { css } from "lit";

/** A node seen from far away. */
export const nodeFar = css`
  /* Far out nobody can read more than titles and pictures, so no more is laid out. Ports keep their places. */
  :host([far]) .body > *,
  :host([far]) .message,
  :host([far]) .preview pre {
    display: none;
  }

  :host([far]) .state,
  :host([far]) .fold {
    display: none;
  }

  :host([far]) .title {
    overflow: visible;
    font-size: 20px;
  }
`;
