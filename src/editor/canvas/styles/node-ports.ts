import { css } from "lit";
import { NODE, REROUTE } from "../geometry.ts";
import { px } from "./px.ts";

/** Rows of ports, and the sockets in all states of a dragged wire. */
export const nodePorts = css`
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
`;
