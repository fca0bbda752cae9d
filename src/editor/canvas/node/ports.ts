import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Catalog, PortInfo } from "../../graph/catalog.ts";
import type { NodeShape } from "../../graph/ports.ts";
import type { Fault } from "../../worker/engine-client.ts";
import type { Side, WireOffer } from "./contract.ts";

/** What the look of a node's ports depends on. */
export interface PortFace {
  readonly catalog: Catalog;
  readonly offer: WireOffer | undefined;
  /** Address that each wired input is fed from. */
  readonly wired: ReadonlyMap<string, string>;
  readonly wiredOutputs: ReadonlySet<string>;
  readonly messages: readonly Fault[];
}

/** Inputs at the left and outputs at the right, row by row. */
export function portRows(face: PortFace, shape: NodeShape): TemplateResult {
  const rows = Math.max(shape.inputs.length, shape.outputs.length);
  const indices = Array.from({ length: rows }, (_, row) => row);
  return html`<div class="ports">
    ${repeat(
      indices,
      (row) => `${shape.inputs[row]?.name ?? ""}|${shape.outputs[row]?.name ?? ""}`,
      (row) => {
        const input = shape.inputs[row];
        const output = shape.outputs[row];
        return html`${input ? portOf(face, "input", input, !output) : nothing}${
          output ? portOf(face, "output", output, !input) : nothing
        }`;
      },
    )}
  </div>`;
}

/** @param alone whether nothing stands at the other side of the row */
function portOf(face: PortFace, side: Side, port: PortInfo, alone: boolean): TemplateResult {
  const wired = side === "input" ? face.wired.has(port.name) : face.wiredOutputs.has(port.name);
  const bad = side === "input" && face.messages.some((fault) => fault.port === port.name);
  const classes = [
    "port",
    side === "input" ? "in" : "out",
    wired ? "wired" : "",
    port.optional ? "optional" : "",
    alone ? "alone" : "",
    bad ? "bad" : "",
  ];
  return html`<div class=${classes.join(" ")} title=${helpOf(face, port)}>
    ${socketOf(face, side, port)}<span class="name">${port.name}</span>
  </div>`;
}

export function socketOf(face: PortFace, side: Side, port: PortInfo): TemplateResult {
  const { offer } = face;
  const fit = offer?.side === side && offer.fits.has(port.name);
  const state = !offer ? "" : fit ? "fits" : "refuses";
  const label = `${side} ${port.name}, ${face.catalog.socket(port.type).label}`;
  return html`<span
    class="socket ${state}"
    role="img"
    aria-label=${label}
    data-side=${side}
    data-port=${port.name}
    ><i class="pin" data-type=${port.type}></i
  ></span>`;
}

/** One socket at each side: of a folded node, and of a reroute. */
export function sideSockets(face: PortFace, shape: NodeShape): TemplateResult {
  const input = shape.inputs[0];
  const output = shape.outputs[0];
  return html`${input ? html`<span class="port in folded wired">${socketOf(face, "input", input)}</span>` : nothing}${
    output ? html`<span class="port out folded wired">${socketOf(face, "output", output)}</span>` : nothing
  }`;
}

function helpOf(face: PortFace, port: PortInfo): string {
  const socket = face.catalog.socket(port.type);
  const refusal = face.offer?.refusals.get(port.name);
  if (refusal !== undefined) return refusal;
  return `${port.name}: ${port.doc}\n${socket.label}${socket.shape ? ` ${socket.shape}` : ""}${port.optional ? ", optional" : ""}`;
}
