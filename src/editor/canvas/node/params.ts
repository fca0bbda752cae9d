import { html } from "lit";
import type { TemplateResult } from "lit";
import type { NodeRecord } from "../../../engine/graph/document.ts";
import { portOfParam } from "../../graph/catalog.ts";
import type { ParamInfo } from "../../graph/catalog.ts";
import { paramField } from "../param-field.ts";
import type { NodeActions } from "./contract.ts";
import { socketOf } from "./ports.ts";
import type { PortFace } from "./ports.ts";

/** What the look of a node's parameters depends on, and what is done with them. */
export interface ParamFace extends PortFace {
  readonly node: { readonly id: string; readonly record: NodeRecord };
  readonly actions: NodeActions;
}

/** A parameter: its socket and its field, or the wire that drives it. */
export function paramRow(face: ParamFace, param: ParamInfo): TemplateResult {
  const { node, actions } = face;
  const { name, spec } = param;
  const source = face.wired.get(name);
  const tall = spec.kind === "text" && spec.multiline === true && source === undefined;
  const wide = spec.kind === "source" || (spec.kind === "text" && !spec.multiline);
  const value = node.record.params[name] ?? spec.default;
  const bad = face.messages.some((fault) => fault.port === name);
  const classes = [
    "param",
    source === undefined ? "" : "wired",
    tall ? "tall" : "",
    wide ? "wide" : "",
    spec.kind === "choice" ? "choice" : "",
    bad ? "bad" : "",
  ];
  return html`<div class=${classes.join(" ")}>
    ${socketOf(face, "input", portOfParam(param))}<span class="name" title=${spec.doc}>${name}</span>
    ${
      source === undefined
        ? paramField(name, spec, value, {
            change: (next) => actions.setParam(node.id, name, next),
            done: () => actions.sealParam(),
            paint: () => actions.paintMask(node.id, name),
            ...(spec.kind === "source" ? { pick: () => actions.pickSource(node.id, name, spec.holds) } : {}),
          })
        : html`<span class="driven" title="Set by the wire from ${source}">${source}</span>`
    }
  </div>`;
}
