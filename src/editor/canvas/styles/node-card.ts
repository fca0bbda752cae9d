import { css } from "lit";
import { NODE, REROUTE } from "../geometry.ts";
import { px } from "./px.ts";

/** Room around the card for sockets and shadow. */
const EDGE = 14;

/** The card of a node, its header, and its states. */
export const nodeCard = css`
  /* The box is wider than the card: sockets and shadow stand out. */
  :host {
    position: absolute;
    top: -${px(EDGE)};
    left: -${px(EDGE)};
    display: block;
    box-sizing: border-box;
    width: ${px(NODE.width + 2 * EDGE)};
    padding: ${px(EDGE)};
    contain: layout style;
    pointer-events: none;
    outline: none;
    font: var(--text-m) / 1.3 var(--font);
    user-select: none;
    touch-action: none;
  }

  :host([reroute]) {
    width: ${px(REROUTE.width + 2 * EDGE)};
  }

  .card.reroute {
    height: ${px(REROUTE.height)};
    border-radius: ${px(REROUTE.height / 2)};
    cursor: grab;
  }

  .folded {
    display: contents;
  }

  .card {
    position: relative;
    pointer-events: auto;
    border-radius: var(--radius-m);
    background: var(--surface);
    box-shadow:
      0 0 0 1px var(--line),
      var(--shadow-1);
  }

  :host(:focus-visible) .card,
  :host([selected]) .card {
    box-shadow:
      0 0 0 2px var(--accent),
      var(--shadow-1);
  }

  :host([data-status="running"]) .card {
    box-shadow:
      0 0 0 2px var(--good),
      var(--shadow-1);
  }

  :host([data-bad]) .card {
    box-shadow:
      0 0 0 2px var(--bad),
      var(--shadow-1);
  }

  header {
    position: relative;
    display: flex;
    align-items: center;
    gap: 6px;
    height: ${px(NODE.header)};
    padding: 0 8px 0 12px;
    border-radius: var(--radius-m) var(--radius-m) 0 0;
    background: var(--surface-3);
    color: var(--text);
    font-weight: 600;
    cursor: grab;
  }

  :host([collapsed]) header {
    border-radius: var(--radius-m);
  }

  header::before {
    content: "";
    position: absolute;
    inset: 0 auto 0 0;
    width: 4px;
    border-radius: var(--radius-m) 0 0 0;
    background: var(--family, var(--line-strong));
  }

  :host([collapsed]) header::before {
    border-radius: var(--radius-m) 0 0 var(--radius-m);
  }

  .title {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .title-edit {
    flex: 1;
    font-weight: 600;
  }

  .state {
    flex: none;
    color: var(--text-2);
    font: 400 var(--text-s) / 1 var(--font);
    font-variant-numeric: tabular-nums;
  }

  .state.failed {
    color: var(--bad);
    font-weight: 600;
  }

  button.fold {
    flex: none;
    width: 22px;
    min-height: 22px;
    padding: 0;
    color: var(--text-3);
  }

  :host([collapsed]) button.fold svg {
    transform: rotate(-90deg);
  }

  .bar {
    position: absolute;
    inset: auto 0 0 0;
    height: 3px;
    background: transparent;
  }

  .bar > i {
    display: block;
    height: 100%;
    background: var(--good);
    transform-origin: 0 0;
  }

  .bar.endless > i {
    width: 40%;
    animation: slide 1.1s ease-in-out infinite alternate;
  }

  @keyframes slide {
    from {
      transform: translateX(0);
    }
    to {
      transform: translateX(150%);
    }
  }

  /* Shadows are left out where the system chooses the colours: rings become outlines. */
  @media (forced-colors: active) {
    .card {
      outline: 1px solid CanvasText;
    }

    :host([data-bad]) .card {
      outline: 3px dashed CanvasText;
    }

    :host(:focus-visible) .card,
    :host([selected]) .card {
      outline: 3px solid Highlight;
    }
  }
`;
