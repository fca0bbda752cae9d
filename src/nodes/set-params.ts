import { lookUp, type RegistryDescription } from "../engine/node/description.ts";
import type { GraphDocument, SubgraphRecord } from "../engine/graph/document.ts";
import { splitAddress } from "../engine/graph/expand.ts";
import { specialise } from "../engine/graph/specialise.ts";
import { describeSubgraphs, subgraphOf } from "../engine/graph/subgraphs.ts";
import type { ParamSpec, ParamValue } from "../engine/node/params.ts";
import { RequestError } from "../engine/run/errors.ts";

/**
 * A copy of the graph with some parameters changed.
 *
 * @param changes `node.param` → value, in a subgraph `group.node.param`: then only this use of the subgraph changes. Text is read by the parameter's kind, so that a command line can give any of them.
 * @throws RequestError that names the node or parameter that the graph does not have, with those that it has, or the bad value.
 */
export function setParams(
  description: RegistryDescription,
  document: GraphDocument,
  changes: Readonly<Record<string, ParamValue>>,
): GraphDocument {
  let changed = document;
  for (const [address, value] of Object.entries(changes)) {
    const { node, port } = splitAddress(address);
    changed = setParam(description, changed, address, node.split("/"), port, value);
  }
  return changed;
}

function setParam(
  description: RegistryDescription,
  before: GraphDocument,
  address: string,
  path: readonly string[],
  name: string,
  value: ParamValue,
): GraphDocument {
  const own = path.length > 1 ? specialise(before, path.slice(0, -1)) : before;
  let [inner, at]: [string | undefined, Pick<SubgraphRecord, "nodes">] = [undefined, own];
  for (const [depth, id] of path.entries()) {
    const record = lookUp(at.nodes, id);
    const where = depth === 0 ? "The graph" : `Subgraph "${path.slice(0, depth).join("/")}"`;
    if (!record) {
      throw new RequestError(`${where} has no node "${id}". It has: ${Object.keys(at.nodes).join(", ")}.`);
    }
    if (depth === path.length - 1) break;
    inner = subgraphOf(record.type);
    const next = lookUp(own.subgraphs, inner ?? "");
    if (!next) throw new RequestError(`${address}: node "${id}" (${record.type}) is no subgraph.`);
    at = next;
  }
  const id = path.at(-1) ?? "";
  const record = lookUp(at.nodes, id);
  if (!record) return before;
  const specs = lookUp(describeSubgraphs(description, own.subgraphs).nodes, record.type)?.params ?? {};
  const spec = lookUp(specs, name);
  if (!spec) {
    throw new RequestError(
      `Node "${path.join("/")}" (${record.type}) has no parameter "${name}". It has: ${Object.keys(specs).join(", ") || "none"}.`,
    );
  }
  const params = { ...record.params, [name]: readParam(address, spec, value) };
  const nodes = { ...at.nodes, [id]: { ...record, params } };
  const subgraph = inner === undefined ? undefined : lookUp(own.subgraphs, inner);
  return inner === undefined || subgraph === undefined
    ? { ...own, nodes }
    : { ...own, subgraphs: { ...own.subgraphs, [inner]: { ...subgraph, nodes } } };
}

function readParam(address: string, spec: ParamSpec, value: ParamValue): ParamValue {
  if (typeof value !== "string") return value;
  switch (spec.kind) {
    case "int":
    case "float": {
      const number = value.trim() === "" ? Number.NaN : Number(value);
      if (Number.isNaN(number)) throw new RequestError(`${address} is "${value}"; it must be a number.`);
      return number;
    }
    case "seed": {
      // 64-bit seeds stay text: a JavaScript number would round them.
      const number = value.trim() === "" ? Number.NaN : Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    case "boolean":
      if (value !== "true" && value !== "false")
        throw new RequestError(`${address} is "${value}"; it must be true or false.`);
      return value === "true";
    case "text":
    case "choice":
    case "source":
      return value;
  }
}
