import type { ConversionDescription, RegistryDescription } from "../node/description.ts";
import { findPath, successors } from "./cycles.ts";
import type { EdgeRecord, GraphDocument } from "./document.ts";
import { splitRef, structureOf, type GraphEdge, type GraphStructure } from "./structure.ts";
import { resolveTypes, typeFits, type Fit, type ResolvedTypes } from "./types.ts";
import { boundaryFault, nameNode } from "./validate.ts";

export type Connection =
  | {
      readonly ok: true;
      /** The change of type that the wire makes by itself. */
      readonly conversion?: ConversionDescription;
      /** `node.port` of the wire that stands in this input now and has to go. */
      readonly replaces?: string;
    }
  | { readonly ok: false; readonly reason: string };

/** Whether an editor may draw a wire from an output to an input, both as `node.port`; if not, a reason for people. */
export function canConnect(
  description: RegistryDescription,
  document: GraphDocument,
  from: string,
  to: string,
): Connection {
  const structure = structureOf(description, document);
  const [fromRef, toRef] = [splitRef(from), splitRef(to)];
  const source = fromRef && structure.nodes.get(fromRef.node);
  const target = toRef && structure.nodes.get(toRef.node);
  if (!source || !target)
    return { ok: false, reason: `There is no ${source ? "input" : "output"} "${source ? to : from}".` };
  if (!source.outputs.has(fromRef.port))
    return { ok: false, reason: `${nameNode(source)} has no output "${fromRef.port}".` };
  if (!target.inputs.has(toRef.port))
    return { ok: false, reason: `${nameNode(target)} has no input "${toRef.port}".` };
  if (source === target) return { ok: false, reason: "A node cannot be wired to itself." };

  const boundary = boundaryFault(structure, { source, target });
  if (boundary !== undefined) return { ok: false, reason: `This wire is not possible: ${boundary}` };
  const types = resolveTypes(structure);
  const fit = typeFits(description, types.output(source, fromRef.port), types.input(target, toRef.port));
  if (!fit.ok) return { ok: false, reason: `${fit.reason}.` };

  const old = target.incoming.get(toRef.port);
  const path = findPath(successors(structure), [target.index], source.index);
  if (path !== undefined) {
    const ids = [...structure.nodes.keys()];
    const circle = [...path, target.index].map((index) => ids[index]);
    return { ok: false, reason: `This wire would close a circle: ${circle.join(" → ")}.` };
  }
  const consequence = downstreamFault(structure, document, { from, to });
  if (consequence !== undefined) return { ok: false, reason: consequence };
  return {
    ok: true,
    ...(fit.conversion !== undefined ? { conversion: fit.conversion } : {}),
    ...(old !== undefined ? { replaces: `${old.source.id}.${old.sourcePort}` } : {}),
  };
}

/** A wire into a reroute or a carried value changes types further on, where they may not fit any more. */
function downstreamFault(
  structure: GraphStructure,
  document: GraphDocument,
  wire: EdgeRecord,
): string | undefined {
  const target = structure.nodes.get(splitRef(wire.to)?.node ?? "");
  const port = splitRef(wire.to)?.port;
  const outputs = [...(target?.outputs.values() ?? [])];
  if (!outputs.some(({ typeFrom, carry, name }) => typeFrom === port || (carry && name === port)))
    return undefined;

  const edges = [...document.edges.filter(({ to }) => to !== wire.to), wire];
  const then = structureOf(structure.description, { ...document, edges });
  const [before, after] = [resolveTypes(structure), resolveTypes(then)];
  const fitIn = (
    types: ResolvedTypes,
    of: GraphStructure,
    { source, sourcePort, target: node, targetPort }: GraphEdge,
  ): Fit => {
    const [from, to] = [of.nodes.get(source.id), of.nodes.get(node.id)];
    return from && to
      ? typeFits(of.description, types.output(from, sourcePort), types.input(to, targetPort))
      : { ok: true };
  };
  for (const edge of then.edges) {
    const fit = fitIn(after, then, edge);
    if (fit.ok || !fitIn(before, structure, edge).ok) continue;
    return `This would change the type of ${edge.source.id}.${edge.sourcePort}, but ${fit.reason} at ${edge.target.id}.${edge.targetPort}.`;
  }
  return undefined;
}
