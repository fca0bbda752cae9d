import { setParam } from "../../graph/edits.ts";
import { renameNode } from "../../store/subgraph-commands.ts";
import type { LoomCanvas, SourceRequest } from "../loom-canvas.ts";
import type { ParamRef } from "../param-field.ts";
import type { NodeActions } from "./contract.ts";

/** What is done on a node becomes a command on the document, or a request to the page. */
export function nodeActions(canvas: LoomCanvas): NodeActions {
  const { session } = canvas;
  const { store } = session;
  const ask = (name: string, detail: unknown): void => {
    canvas.dispatchEvent(new CustomEvent(name, { detail }));
  };
  return {
    setParam: (node, name, value) =>
      store.execute(`Set ${name}`, setParam(node, name, value), `param ${node}.${name}`),
    sealParam: () => store.seal(),
    setTitle: (node, title) => renameNode(session, node, title),
    toggleFold: (node) => canvas.toggleFold([node]),
    editCarry: (zone) => ask("edit-carry", zone),
    openSubgraph: (node) => store.openScope([...store.path, node]),
    editPorts: () => ask("edit-ports", undefined),
    pickSource: (node, name, holds) => ask("pick-source", { node, name, holds } satisfies SourceRequest),
    paintMask: (node, name) => ask("paint-mask", { node, name } satisfies ParamRef),
    toggleAdvanced: (node) => canvas.toggleAdvanced(node),
  };
}
