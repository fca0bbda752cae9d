import { lookUp, type RegistryDescription } from "../engine/node/description.ts";
import type { GraphDocument, NodeRecord } from "../engine/graph/document.ts";
import type { ParamSpec, ParamValue } from "../engine/node/params.ts";

/**
 * A copy of the graph with some parameters changed.
 *
 * @param changes `node.param` → value. Text is read by the parameter's kind, so that a command line can give any of them.
 * @throws Error that names the node or parameter that the graph does not have, with those that it has, or the bad value.
 */
export function setParams(
  description: RegistryDescription,
  document: GraphDocument,
  changes: Readonly<Record<string, ParamValue>>,
): GraphDocument {
  const nodes: Record<string, NodeRecord> = { ...document.nodes };
  for (const [address, value] of Object.entries(changes)) {
    const dot = address.indexOf(".");
    const [id, name] = [address.slice(0, dot), address.slice(dot + 1)];
    const node = lookUp(nodes, id);
    if (!node) throw new Error(`The graph has no node "${id}". It has: ${Object.keys(nodes).join(", ")}.`);
    const specs = lookUp(description.nodes, node.type)?.params ?? {};
    const spec = lookUp(specs, name);
    if (!spec) {
      throw new Error(
        `Node "${id}" (${node.type}) has no parameter "${name}". It has: ${Object.keys(specs).join(", ") || "none"}.`,
      );
    }
    nodes[id] = { ...node, params: { ...node.params, [name]: readParam(address, spec, value) } };
  }
  return { ...document, nodes };
}

function readParam(address: string, spec: ParamSpec, value: ParamValue): ParamValue {
  if (typeof value !== "string") return value;
  switch (spec.kind) {
    case "int":
    case "float": {
      const number = value.trim() === "" ? Number.NaN : Number(value);
      if (Number.isNaN(number)) throw new Error(`${address} is "${value}"; it must be a number.`);
      return number;
    }
    case "seed": {
      // 64-bit seeds stay text: a JavaScript number would round them.
      const number = value.trim() === "" ? Number.NaN : Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    case "boolean":
      if (value !== "true" && value !== "false")
        throw new Error(`${address} is "${value}"; it must be true or false.`);
      return value === "true";
    case "text":
    case "choice":
    case "source":
      return value;
  }
}
