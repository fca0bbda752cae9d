import { checkParam } from "../node/param-check.ts";
import { lookUp, type RegistryDescription } from "../node/description.ts";
import { buildBlocks, varyingElements, type Element } from "./blocks.ts";
import { findCycles } from "./cycles.ts";
import type { GraphDocument } from "./document.ts";
import { expand } from "./expand.ts";
import type { Fault } from "./fault.ts";
import { findLazyInputs } from "./lazy.ts";
import { orderElements } from "./order.ts";
import {
  structureOf,
  zonePath,
  type GraphEdge,
  type GraphNode,
  type GraphStructure,
  type GraphZone,
} from "./structure.ts";
import { nameType, resolveTypes, typeFits } from "./types.ts";

/** How messages name a node: `Node "step" (DDIM step)`. */
export function nameNode(node: GraphNode): string {
  return `Node "${node.id}" (${node.description?.title ?? node.record.type})`;
}

/**
 * Finds every fault of a graph, in its subgraphs too, whose nodes are named by their path (`group/inner`), each named by node, port or zone. An empty answer means that the graph can be planned.
 * Works on the description of a registry, so a page can validate. Never throws on a document of the declared shape.
 */
export function validate(description: RegistryDescription, document: GraphDocument): Fault[] {
  const expanded = expand(description, document);
  const structure = structureOf(description, expanded.document);
  // A wire that an earlier fault took away makes an input that is not wired: the first fault says it better.
  const said = new Set(expanded.faults.map(({ node, port }) => `${node ?? ""}.${port ?? ""}`));
  const faults = [...structure.faults];
  for (const node of structure.nodes.values()) checkNode(structure, node, faults);
  for (const zone of structure.zones.values()) checkZone(structure, zone, faults);
  checkWires(structure, faults);
  for (const nodes of findCycles(structure)) {
    faults.push({
      code: "cycle",
      node: nodes[0] ?? "",
      nodes,
      message: `These nodes wait for each other in a circle: ${[...nodes, nodes[0]].join(" → ")}. Remove one of the wires.`,
    });
  }
  // Deferral is defined on sound blocks only; with other faults it would report their consequences.
  if (faults.length === 0 && said.size === 0) checkLazyInputs(structure, faults);
  const isSaid = ({ code, node, port }: Fault): boolean =>
    (code === "missing-input" && said.has(`${node ?? ""}.${port ?? ""}`)) ||
    (code === "unknown-node-type" && said.has(`${node ?? ""}.`));
  return [...expanded.faults, ...faults.filter((fault) => !isSaid(fault))];
}

function checkNode(structure: GraphStructure, node: GraphNode, faults: Fault[]): void {
  const { id, record, description } = node;
  if (id === "" || id.includes(".")) {
    const message = `The node id "${id}" must not be empty or hold a dot: wires are written node.port.`;
    faults.push({ code: "bad-id", node: id, message });
  }
  if (description === undefined) {
    const message =
      `Node "${id}" is of the unknown type "${record.type}". ` +
      `It is kept as it is; install what provides it, or remove the node.`;
    faults.push({ code: "unknown-node-type", node: id, message });
    return;
  }
  if (record.version > description.version) {
    const message =
      `${nameNode(node)} was saved by version ${record.version} of "${record.type}", but only version ` +
      `${description.version} is known. Update Latent Loom to open it.`;
    faults.push({ code: "newer-node", node: id, message });
    return;
  }
  if (record.version < description.version) {
    const message =
      `${nameNode(node)} was saved by version ${record.version} of "${record.type}", which is now version ` +
      `${description.version}: its parameters have to be migrated first.`;
    faults.push({ code: "outdated-node", node: id, message });
    return;
  }
  checkParams(node, faults);
  for (const port of node.inputs.values()) {
    if (port.optional || node.incoming.has(port.name)) continue;
    const what = port.carry ? "carried value" : nameType(structure.description, port.type);
    faults.push({
      code: "missing-input",
      node: id,
      port: port.name,
      message: `${nameNode(node)}: input "${port.name}" (${what}) is not wired.`,
    });
  }
  const { zone } = description;
  if (zone !== undefined && record.zone === undefined) {
    const message = `${nameNode(node)} is the ${zone.end} of a ${zone.kind} zone, but stands in no zone.`;
    faults.push({ code: "zone-ends", node: id, message });
  }
}

function checkParams(node: GraphNode, faults: Fault[]): void {
  const { id, record, description } = node;
  for (const [name, value] of Object.entries(record.params)) {
    const spec = lookUp(description?.params, name);
    if (spec === undefined) {
      const names = Object.keys(description?.params ?? {});
      const has = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
      const message = `${nameNode(node)} has no parameter "${name}"; ${has}.`;
      faults.push({ code: "unknown-param", node: id, port: name, message });
      continue;
    }
    const reason = checkParam(spec, value);
    if (reason !== undefined) {
      faults.push({
        code: "bad-param",
        node: id,
        port: name,
        message: `${nameNode(node)}: "${name}" ${reason}.`,
      });
    }
  }
}

function checkZone(structure: GraphStructure, zone: GraphZone, faults: Fault[]): void {
  const { id, record, members } = zone;
  const say = (code: Fault["code"], message: string, node?: string, port?: string): void => {
    faults.push({
      code,
      zone: id,
      message,
      ...(node !== undefined ? { node } : {}),
      ...(port !== undefined ? { port } : {}),
    });
  };
  if (id === "" || id.includes(".")) say("bad-id", `The zone id "${id}" must not be empty or hold a dot.`);
  const kind = lookUp(structure.description.zones, record.kind);
  if (kind === undefined) {
    say(
      "unknown-zone-kind",
      `Zone "${id}" is of the unknown kind "${record.kind}". Install what provides it.`,
    );
    return;
  }
  for (const side of ["begin", "end"] as const) {
    const found: string[] = [];
    for (const member of members) {
      const node = structure.nodes.get(member);
      const end = node?.description?.zone;
      if (node === undefined || end?.end !== side) continue;
      if (end.kind === record.kind) found.push(member);
      else
        say(
          "zone-ends",
          `${nameNode(node)} is the ${side} of a ${end.kind} zone, but "${id}" is a ${record.kind} zone.`,
          member,
        );
    }
    if (found.length === 1) continue;
    const problem = found.length === 0 ? "has no" : `has ${found.length} nodes (${found.join(", ")}) as its`;
    say("zone-ends", `Zone "${id}" ${problem} ${side}; it needs exactly one "${kind[side]}".`, found[1]);
  }
  checkCarry(structure, zone, say);
}

function checkCarry(
  structure: GraphStructure,
  { id, record, begin, end }: GraphZone,
  say: (code: Fault["code"], message: string, node?: string, port?: string) => void,
): void {
  const seen = new Set<string>();
  for (const name of record.carry) {
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) {
      say("carry", `Zone "${id}" carries "${name}"; a carried name must be letters and digits.`);
    }
    if (seen.has(name)) say("carry", `Zone "${id}" carries "${name}" twice.`);
    seen.add(name);
    for (const node of [begin, end]) {
      const own = node?.description;
      const taken = [own?.inputs, own?.params, own?.outputs].some(
        (ports) => ports !== undefined && Object.hasOwn(ports, name),
      );
      if (node !== undefined && taken) {
        say(
          "carry",
          `Zone "${id}" cannot carry "${name}": ${nameNode(node)} has a port of its own of that name.`,
          node.id,
          name,
        );
      }
    }
  }
}

function checkWires(structure: GraphStructure, faults: Fault[]): void {
  const types = resolveTypes(structure);
  for (const edge of structure.edges) {
    const { source, target, sourcePort, targetPort, index } = edge;
    const say = (code: Fault["code"], reason: string): void => {
      const message = `The wire ${source.id}.${sourcePort} → ${target.id}.${targetPort}: ${reason}`;
      faults.push({ code, node: target.id, port: targetPort, edge: index, message });
    };
    const boundary = boundaryFault(structure, edge);
    if (boundary !== undefined) say("zone-boundary", boundary);
    const fit = typeFits(
      structure.description,
      types.output(source, sourcePort),
      types.input(target, targetPort),
    );
    if (!fit.ok) say("type-mismatch", `${fit.reason}.`);
  }
}

/** Why a wire may not cross the border of a zone; undefined if it crosses none, or enters one from around it. */
export function boundaryFault(
  structure: GraphStructure,
  { source, target }: Pick<GraphEdge, "source" | "target">,
): string | undefined {
  if (source.writesIn === undefined || source.writesIn === target.readsIn) return undefined;
  if (zonePath(structure, target.readsIn).includes(source.writesIn)) return undefined;
  const { writesIn: inner } = source;
  if (target.readsIn === undefined || zonePath(structure, inner).includes(target.readsIn)) {
    return `values leave the zone "${inner}" only through its end. Carry the value, or wire it into the end.`;
  }
  return `it leads from the body of the zone "${inner}" into that of "${target.readsIn}". Take the value from the end of "${inner}".`;
}

function checkLazyInputs(structure: GraphStructure, faults: Fault[]): void {
  if (!structure.edges.some(({ target, targetPort }) => target.inputs.get(targetPort)?.lazy)) return;
  const blocks = buildBlocks(structure, () => true);
  checkLazyOrder(new Set(blocks.top.elements), faults);
  for (const block of blocks.ofZone.values()) {
    const varying = varyingElements(block, ({ node }) => node?.description?.cacheable === false);
    checkLazyOrder(varying, faults);
    checkLazyOrder(new Set(block.elements.filter((element) => !varying.has(element))), faults);
    for (const { owner, port, asked } of findLazyInputs(varying, () => true)) {
      for (const { node, zone } of asked) {
        if (owner.node === undefined || (node !== undefined && node.description?.async !== true)) continue;
        const what = node !== undefined ? nameNode(node) : `the zone "${zone?.id ?? ""}"`;
        faults.push({
          code: "async-in-lazy",
          node: owner.node.id,
          port,
          message:
            `${nameNode(owner.node)}: input "${port}" depends on ${what}, which has to wait while it runs. Between the ` +
            `zone's begin and this input only nodes that run at once are allowed: gradients cannot cross a wait.`,
        });
      }
    }
  }
}

function checkLazyOrder(elements: ReadonlySet<Element>, faults: Fault[]): void {
  if (![...elements].some(({ incoming }) => incoming.some(({ lazy }) => lazy))) return;
  const { conflict } = orderElements(elements);
  if (conflict === undefined) return;
  const names = conflict.map(({ node, zone }) =>
    node !== undefined ? nameNode(node) : `Zone "${zone?.id ?? ""}"`,
  );
  faults.push({
    code: "lazy-conflict",
    node: conflict.map(({ node }) => node?.id).find((id) => id !== undefined) ?? "",
    message: `${names.join(" and ")} wait for each other: one needs at once what a lazy input of the other puts off. Rewire one of them.`,
  });
}
