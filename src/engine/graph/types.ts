import { lookUp, type ConversionDescription, type RegistryDescription } from "../node/description.ts";
import type { GraphNode, GraphStructure, OutputPort } from "./structure.ts";

export type Fit =
  | { readonly ok: true; readonly conversion?: ConversionDescription }
  | { readonly ok: false; readonly reason: string };

const fits: Fit = { ok: true };
const memo = new WeakMap<RegistryDescription, Map<string, Fit>>();

/** `Latent [batch, height/8, width/8, channels]` for a socket type id. */
export function nameType(description: RegistryDescription, id: string): string {
  const type = lookUp(description.types, id);
  if (type === undefined) return `"${id}"`;
  return type.shape === undefined ? type.label : `${type.label} ${type.shape}`;
}

/**
 * Whether a value of one socket type may flow into another: the same, a narrower one, one with a conversion, or
 * `any` on either side (a value of unknown type is checked when it arrives).
 */
export function typeFits(description: RegistryDescription, from: string, to: string): Fit {
  if (from === to || to === "any" || from === "any") return fits;
  let answers = memo.get(description);
  if (answers === undefined) memo.set(description, (answers = new Map()));
  const key = `${from}\n${to}`;
  let answer = answers.get(key);
  if (answer === undefined) answers.set(key, (answer = findFit(description, from, to)));
  return answer;
}

function findFit(description: RegistryDescription, from: string, to: string): Fit {
  const wider: string[] = [];
  for (let at: string | undefined = from; at !== undefined && !wider.includes(at);) {
    if (at === to) return fits;
    wider.push(at);
    at = lookUp(description.types, at)?.extends;
  }
  const conversion = description.conversions.find((one) => one.to === to && wider.includes(one.from));
  if (conversion !== undefined) return { ok: true, conversion };
  return {
    ok: false,
    reason: `${nameType(description, from)} does not fit into ${nameType(description, to)}`,
  };
}

/** The socket types of a document's ports after following reroutes and carried values. */
export interface ResolvedTypes {
  /** Type id of an output; `any` where nothing tells. */
  output(node: GraphNode, port: string): string;
  /** What an input asks for: its own type, or for a carried value at an end that of the value carried in. */
  input(node: GraphNode, port: string): string;
}

/** Where an output has its type from: an input of the same zone's begin, or of the same node. */
function typeSource(
  structure: GraphStructure,
  node: GraphNode,
  output: OutputPort,
): [GraphNode, string] | undefined {
  if (output.carry) {
    const begin = node.record.zone === undefined ? undefined : structure.zones.get(node.record.zone)?.begin;
    return begin === undefined ? undefined : [begin, output.name];
  }
  return output.typeFrom === undefined ? undefined : [node, output.typeFrom];
}

export function resolveTypes(structure: GraphStructure): ResolvedTypes {
  const resolved = new Map<string, string>();

  const output = (startNode: GraphNode, startPort: string): string => {
    const chain = new Set<string>();
    let type = "any";
    let node = startNode;
    let port = startNode.outputs.get(startPort);
    while (port !== undefined) {
      if (!port.carry && port.typeFrom === undefined) {
        type = port.type;
        break;
      }
      const name = `${node.id}.${port.name}`;
      const ready = resolved.get(name);
      if (ready !== undefined) {
        type = ready;
        break;
      }
      const source = typeSource(structure, node, port);
      const edge = source?.[0].incoming.get(source[1]);
      const isCircle = chain.has(name);
      chain.add(name);
      if (isCircle || edge === undefined) {
        type = port.type;
        break;
      }
      node = edge.source;
      port = node.outputs.get(edge.sourcePort);
    }
    for (const name of chain) resolved.set(name, type);
    return type;
  };

  const input = (node: GraphNode, name: string): string => {
    const port = node.inputs.get(name);
    if (port === undefined) return "any";
    if (port.carry && node.description?.zone?.end === "end") return output(node, name);
    return port.type;
  };
  return { output, input };
}
