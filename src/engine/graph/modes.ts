import type { RegistryDescription } from "../node/description.ts";
import type { EdgeRecord, GraphDocument, NodeRecord } from "./document.ts";
import type { Fault } from "./fault.ts";
import { splitRef, structureOf, zonePath, type GraphNode, type GraphStructure } from "./structure.ts";
import { nameType, resolveTypes, typeFits, type ResolvedTypes } from "./types.ts";

export interface Reduced {
  readonly document: GraphDocument;
  readonly faults: readonly Fault[];
  readonly inactive: ReadonlySet<string>;
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * Takes muted and bypassed nodes out of a document without subgraphs. Bypassed ones first: a reader of a bypassed node depends
 * on what is passed on to it and on nothing else. An end of a zone stands for its whole zone.
 *
 * @param outputs addresses that follow what is bypassed as the wires do.
 */
export function applyModes(
  description: RegistryDescription,
  document: GraphDocument,
  outputs: ReadonlyMap<string, string>,
): Reduced {
  const modes = new Set(Object.values(document.nodes).map(({ mode }) => mode));
  if (!modes.has("mute") && !modes.has("bypass"))
    return { document, faults: [], inactive: new Set(), outputs };
  const structure = structureOf(description, document);
  const bypass = new Bypass(structure);
  const { edges, faults } = bypass.wires(document.edges);
  const dead = mutedIn(structure, edges);
  const gone = new Set([...bypass.gone, ...dead]);
  const stays = (ref: string): boolean => !gone.has(splitRef(ref)?.node ?? "");
  const kept = <T>(
    records: Readonly<Record<string, T>> | undefined,
    stay: (id: string) => boolean,
  ): Record<string, T> => Object.fromEntries(Object.entries(records ?? {}).filter(([id]) => stay(id)));
  const hasNodes = (zone: string): boolean =>
    structure.zones.get(zone)?.members.some((id) => !gone.has(id)) === true;
  return {
    document: {
      ...document,
      nodes: kept<NodeRecord>(document.nodes, (id) => !gone.has(id)),
      edges: edges.filter(({ from, to }) => stays(from) && stays(to)),
      ...(document.zones === undefined ? {} : { zones: kept(document.zones, hasNodes) }),
    },
    faults: faults.filter(({ node }) => node === undefined || !dead.has(node)),
    inactive: gone,
    outputs: new Map(
      [...outputs].flatMap(([name, address]) => {
        const source = bypass.follow(address);
        return source === undefined || !stays(source) ? [] : [[name, source] as const];
      }),
    ),
  };
}

/** The node, or where it is the end of a zone all that stands in the zone. */
function wholeOf(structure: GraphStructure, node: GraphNode): string[] {
  const { zone } = node.record;
  if (node.description?.zone === undefined || zone === undefined) return [node.id];
  return [...structure.nodes.values()]
    .filter(({ record }) => zonePath(structure, record.zone).includes(zone))
    .map(({ id }) => id);
}

/** Muted nodes and all that depends on them, by the wires that are left. */
function mutedIn(structure: GraphStructure, edges: readonly EdgeRecord[]): Set<string> {
  const readers = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const [source, target] = [splitRef(from)?.node, splitRef(to)?.node];
    if (source === undefined || target === undefined) continue;
    const list = readers.get(source);
    if (list === undefined) readers.set(source, [target]);
    else list.push(target);
  }
  const dead = new Set<string>();
  const queue = [...structure.nodes.values()]
    .filter(({ record }) => record.mode === "mute")
    .map(({ id }) => id);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const node = structure.nodes.get(id);
    if (node === undefined || dead.has(id)) continue;
    for (const part of wholeOf(structure, node)) {
      dead.add(part);
      queue.push(...(readers.get(part) ?? []));
    }
  }
  return dead;
}

/** Wires around bypassed nodes. */
class Bypass {
  readonly #structure: GraphStructure;
  readonly #types: ResolvedTypes;
  /** Bypassed nodes, with all that stands in a bypassed zone. */
  readonly gone: ReadonlySet<string>;

  constructor(structure: GraphStructure) {
    this.#structure = structure;
    this.#types = resolveTypes(structure);
    const bypassed = [...structure.nodes.values()].filter(({ record }) => record.mode === "bypass");
    this.gone = new Set(bypassed.flatMap((node) => wholeOf(structure, node)));
  }

  wires(edges: readonly EdgeRecord[]): { edges: EdgeRecord[]; faults: Fault[] } {
    const faults: Fault[] = [];
    const left = edges.flatMap((edge, index): EdgeRecord[] => {
      const [source, target] = [splitRef(edge.from), splitRef(edge.to)];
      if (target !== undefined && this.gone.has(target.node)) return [];
      if (source === undefined || !this.gone.has(source.node)) return [edge];
      const from = this.follow(edge.from);
      if (from !== undefined) return [{ ...edge, from }];
      const input = target && this.#structure.nodes.get(target.node)?.inputs.get(target.port);
      if (target !== undefined && input?.optional !== true)
        faults.push({
          code: "bypass",
          node: target.node,
          port: target.port,
          edge: index,
          message: this.#refusal(edge),
        });
      return [];
    });
    return { edges: left, faults };
  }

  /** Where a value comes from when bypassed nodes pass it on; undefined where one has nothing that fits. */
  follow(address: string): string | undefined {
    const seen = new Set<string>();
    let at: string | undefined = address;
    for (
      let ref = splitRef(address);
      at !== undefined && ref !== undefined && this.gone.has(ref.node);
      ref = splitRef(at ?? "")
    ) {
      if (seen.has(at)) return undefined;
      seen.add(at);
      const node = this.#structure.nodes.get(ref.node);
      at = node && this.#passed(node, ref.port);
    }
    return at;
  }

  /**
   * What an output passes on: of a zone's end the carried value's start; of a reroute what comes in; else the wired input of the
   * same name, the first of exactly its type, or the first that fits it.
   */
  #passed(node: GraphNode, port: string): string | undefined {
    const output = node.outputs.get(port);
    if (output === undefined) return undefined;
    const from = (owner: GraphNode | undefined, input: string): string | undefined => {
      const edge = owner?.incoming.get(input);
      return edge && `${edge.source.id}.${edge.sourcePort}`;
    };
    const zone = this.#structure.zones.get(node.record.zone ?? "");
    if (node.description?.zone !== undefined) return output.carry ? from(zone?.begin, port) : undefined;
    if (output.typeFrom !== undefined) return from(node, output.typeFrom);
    const type = this.#types.output(node, port);
    const { description } = this.#structure;
    const wired = [...node.incoming].map(([name, edge]) => {
      const asked = node.inputs.get(name)?.type ?? "any";
      return { name, asked, given: this.#types.output(edge.source, edge.sourcePort), edge };
    });
    const fits = ({ given }: { given: string }): boolean => {
      const fit = typeFits(description, given, type);
      return fit.ok && fit.conversion === undefined && given !== "any";
    };
    const order = [...node.inputs.keys()];
    wired.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    const found =
      wired.find((one) => one.name === port && fits(one)) ??
      wired.find((one) => one.asked === type && fits(one)) ??
      wired.find(fits);
    return found && from(node, found.name);
  }

  #refusal({ from, to }: EdgeRecord): string {
    let ref = splitRef(from);
    for (let next = from; ref !== undefined && this.gone.has(ref.node);) {
      const node = this.#structure.nodes.get(ref.node);
      const passed = node && this.#passed(node, ref.port);
      if (passed === undefined) break;
      next = passed;
      ref = splitRef(next);
    }
    const node = this.#structure.nodes.get(ref?.node ?? "");
    const type = node === undefined ? "any" : this.#types.output(node, ref?.port ?? "");
    const title = node?.description?.title ?? node?.record.type ?? "";
    return (
      `Node "${ref?.node ?? ""}" (${title}) is bypassed, but no wired input of it fits its output "${ref?.port ?? ""}" ` +
      `(${nameType(this.#structure.description, type)}), which ${to} needs. Wire an input of that type, or mute the node instead.`
    );
  }
}
