import { css } from "lit";

export const canvasStyles = css`
  :host {
    position: relative;
    display: block;
    overflow: hidden;
    background: var(--canvas);
    contain: strict;
    outline: none;
  }

  .area {
    position: absolute;
    inset: 0;
    background-image: radial-gradient(var(--grid) 1.2px, transparent 1.3px);
    background-size: 24px 24px;
    cursor: default;
    outline: none;
  }

  .far-picture {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    pointer-events: none;
  }

  .area.far .labels,
  .area.far .wires:not(.over) {
    display: none;
  }

  .area.panning {
    cursor: grabbing;
  }

  .wires {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: visible;
    pointer-events: none;
    will-change: transform;
  }

  .wires.over {
    z-index: 1;
    will-change: auto;
  }

  .wires path {
    fill: none;
    stroke-width: 2.5;
    stroke-linecap: round;
  }

  .wires path.hover {
    stroke-width: 4;
  }

  .wires path.selected {
    stroke: var(--accent) !important;
    stroke-width: 4;
  }

  .wires path.lifted {
    opacity: 0.15;
  }

  .wires path.draft {
    stroke-width: 3;
    stroke-dasharray: 7 5;
  }

  .guides line {
    stroke: var(--accent);
    stroke-width: 1px;
    vector-effect: non-scaling-stroke;
  }

  .labels text {
    fill: var(--text);
    stroke: var(--canvas);
    stroke-width: 4px;
    stroke-linejoin: round;
    paint-order: stroke;
    font: 600 var(--text-s) / 1 var(--mono);
    text-anchor: middle;
  }

  .zones {
    position: absolute;
    pointer-events: none;
  }

  .zone {
    position: absolute;
    border: 1.5px dashed oklch(var(--zone-l) 0.1 165);
    border-radius: 16px;
    background: oklch(var(--zone-l) 0.1 165 / 0.07);
  }

  .frames {
    position: absolute;
    pointer-events: none;
  }

  .frame {
    position: absolute;
    border: 1px solid var(--line-strong);
    border-radius: 14px;
    background: color-mix(in srgb, var(--line-strong) 12%, transparent);
  }

  .frame > span {
    position: absolute;
    inset: 0 0 auto;
    padding: 8px 16px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    color: var(--text);
    font: 600 var(--text-l) / 1.3 var(--font);
    pointer-events: auto;
    cursor: grab;
    user-select: none;
  }

  .frame-title {
    position: absolute;
    width: 260px;
    height: 30px;
    font: 600 var(--text-l) / 1.3 var(--font);
    z-index: 4;
  }

  .zone.target {
    border-style: solid;
    background: oklch(var(--zone-l) 0.13 165 / 0.2);
  }

  .zone > span {
    position: absolute;
    inset: 8px 16px auto;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    color: var(--text-2);
    font: 600 var(--text-m) / 1.3 var(--font);
  }

  .marquee {
    position: absolute;
    border: 1px solid var(--accent);
    background: color-mix(in srgb, var(--accent) 14%, transparent);
    pointer-events: none;
  }

  .say {
    position: absolute;
    max-width: min(340px, calc(100% - 24px));
    padding: 7px 11px;
    border-radius: var(--radius-s);
    background: var(--bad-soft);
    color: var(--bad);
    box-shadow: var(--shadow-2);
    font: 500 var(--text-m) / 1.35 var(--font);
    pointer-events: none;
    z-index: 3;
  }

  .say:empty {
    display: none;
  }

  .empty {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 10px;
    padding: 24px;
    color: var(--text-2);
    text-align: center;
    pointer-events: none;
  }

  .empty h2 {
    margin: 0;
    color: var(--text);
    font: 600 var(--text-xl) / 1.3 var(--font);
  }

  .empty p {
    margin: 0;
  }

  .empty button {
    pointer-events: auto;
  }
`;
