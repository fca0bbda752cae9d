import { css, unsafeCSS } from "lit";
import { NODE, REROUTE } from "./geometry.ts";

const px = (value: number): ReturnType<typeof unsafeCSS> => unsafeCSS(`${value}px`);

/** Room around the card for sockets and shadow. */
const EDGE = 14;

/** Heights come from geometry.ts: ports must stand where wires expect them. */
export const nodeStyles = css`
  /* The box is wider than the card, so that what is skipped off screen does not cut sockets and shadow off. */
  :host {
    position: absolute;
    top: -${px(EDGE)};
    left: -${px(EDGE)};
    display: block;
    box-sizing: border-box;
    width: ${px(NODE.width + 2 * EDGE)};
    padding: ${px(EDGE)};
    content-visibility: auto;
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

  .ports {
    display: grid;
    grid-template-columns: minmax(0, auto) minmax(0, auto);
    justify-content: space-between;
    column-gap: 8px;
    padding-top: ${px(NODE.section)};
  }

  .port {
    position: relative;
    display: flex;
    align-items: center;
    height: ${px(NODE.row)};
    min-width: 0;
    padding: 0 14px;
    color: var(--text-2);
  }

  .port.in {
    grid-column: 1;
  }

  .port.out {
    grid-column: 2;
    justify-content: flex-end;
    text-align: right;
  }

  .port.alone {
    grid-column: 1 / -1;
  }

  .port.bad,
  .param.bad {
    color: var(--bad);
    font-weight: 600;
  }

  .name {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .optional .name {
    font-style: italic;
  }

  /* The target is larger than what is seen: 24 px, for fingers as well. */
  .socket {
    position: absolute;
    top: 50%;
    width: 24px;
    height: 24px;
    margin: -12px;
    padding: 0;
    display: grid;
    place-items: center;
    cursor: crosshair;
    z-index: 1;
  }

  .in > .socket,
  .param > .socket {
    left: 0;
  }

  .out > .socket {
    right: 0;
  }

  .folded > .socket {
    top: ${px(NODE.collapsed / 2)};
  }

  .reroute .folded > .socket {
    top: ${px(REROUTE.height / 2)};
  }

  .pin {
    width: 14px;
    height: 14px;
    border-radius: 50%;
    background: center / 100% no-repeat;
    transition: scale var(--fast);
  }

  .param > .socket .pin {
    width: 10px;
    height: 10px;
  }

  .param:not(.wired) > .socket .pin {
    opacity: 0.55;
  }

  .socket:hover .pin,
  .socket.target .pin {
    scale: 1.35;
  }

  .socket.fits .pin {
    scale: 1.3;
    opacity: 1 !important;
    box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 45%, transparent);
  }

  .socket.refuses {
    cursor: not-allowed;
  }

  .socket.refuses .pin {
    opacity: 0.2 !important;
  }

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

  .preview {
    margin: 0 10px;
    padding-bottom: 10px;
  }

  .preview canvas {
    display: block;
    width: 100%;
    border-radius: var(--radius-s);
    background: var(--surface-2);
    image-rendering: pixelated;
  }

  .preview canvas.smooth {
    image-rendering: auto;
  }

  .preview pre {
    max-height: 180px;
    margin: 0;
    padding: 6px 8px;
    overflow: auto;
    border-radius: var(--radius-s);
    background: var(--surface-2);
    color: var(--text);
    font: var(--text-s) / 1.45 var(--mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    user-select: text;
  }

  .message {
    margin: 0;
    padding: 8px 12px;
    border-top: 1px solid var(--line);
    background: var(--bad-soft);
    color: var(--bad);
    font-size: var(--text-m);
    overflow-wrap: anywhere;
    user-select: text;
  }

  .message.warning {
    background: var(--warn-soft);
    color: var(--warn);
  }

  .card > .message:last-child {
    border-radius: 0 0 var(--radius-m) var(--radius-m);
  }

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
