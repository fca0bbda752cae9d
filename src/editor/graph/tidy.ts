import type { ElkExtendedEdge, ElkNode, ElkPort, LayoutOptions } from "elkjs/lib/elk-api.js";
import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "./catalog.ts";
import type { Point } from "./edits.ts";
import { endpoint } from "./ports.ts";
import type { Endpoint } from "./ports.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Lays out one flat graph: ELK, in a worker of its own in the page. */
export type Arrange = (graph: ElkNode) => Promise<ElkNode>;

const ZONE_MARGIN = 46;

const OPTIONS: LayoutOptions = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.padding": "[top=0,left=0,bottom=0,right=0]",
  "elk.spacing.nodeNode": "34",
  "elk.spacing.edgeNode": "20",
  "elk.spacing.componentComponent": "60",
  "elk.layered.spacing.nodeNodeBetweenLayers": "70",
  "elk.layered.spacing.edgeNodeBetweenLayers": "20",
  // Wires are curves of our own, so that what counts is where nodes stand: Brandes and Köpf keep long wires straight.
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
};

/** A node, or a zone with all that stands in it, as one box. */
interface Box {
  readonly id: string;
  readonly size: Size;
  readonly nodes: readonly { readonly id: string; readonly at: Point }[];
  /** Where it has to stand among the boxes around it, whatever the wires say. */
  readonly side?: "begin" | "end" | undefined;
}

interface Link {
  readonly from: Box;
  readonly to: Box;
  readonly output: Endpoint;
  readonly input: Endpoint;
}

/**
 * Where each node stands in a layout from left to right in the direction of the wires. A zone is laid out by itself first and then
 * stands as one box, with its two ends at its sides; so do the ends of a subgraph.
 */
export async function tidy(
  document: GraphDocument,
  catalog: Catalog,
  sizeOf: (node: string) => Size,
  arrange: Arrange,
): Promise<ReadonlyMap<string, Point>> {
  const positions = new Map<string, Point>();
  const { nodes } = await layOut(undefined);
  for (const { id, at } of nodes) positions.set(id, [round(at[0]), round(at[1])]);
  return positions;

  async function layOut(zone: string | undefined): Promise<Pick<Box, "size" | "nodes">> {
    const boxes: Box[] = [];
    for (const [id, record] of Object.entries(document.nodes)) {
      const homeless = zone === undefined && !Object.hasOwn(document.zones ?? {}, record.zone ?? "");
      if (record.zone !== zone && !homeless) continue;
      boxes.push({ id, size: sizeOf(id), nodes: [{ id, at: [0, 0] }], side: sideOf(record.type) });
    }
    for (const [id, record] of Object.entries(document.zones ?? {})) {
      if (record.parent !== zone || id === zone) continue;
      const inner = await layOut(id);
      if (inner.nodes.length > 0) boxes.push({ id: `zone ${id}`, ...withMargin(inner) });
    }
    return boxes.length === 0 ? { size: { width: 0, height: 0 }, nodes: [] } : await place(boxes);
  }

  function sideOf(type: string): "begin" | "end" | undefined {
    const info = catalog.node(type);
    if (info?.boundary !== undefined) return info.boundary === "inputs" ? "begin" : "end";
    return info?.zoneEnd?.side;
  }

  async function place(boxes: readonly Box[]): Promise<Pick<Box, "size" | "nodes">> {
    const links = linksOf(document, boxes);
    const placed = await arrange({
      id: "graph",
      layoutOptions: OPTIONS,
      children: boxes.map((box) => toElk(box, links)),
      edges: links.map(({ output, input, from, to }, index): ElkExtendedEdge => ({
        id: `wire ${String(index)}`,
        sources: [isNode(from) ? portId("out", output) : from.id],
        targets: [isNode(to) ? portId("in", input) : to.id],
      })),
    });
    const places = new Map(placed.children?.map(({ id, x = 0, y = 0 }) => [id, [x, y] as const]));
    const nodes = boxes.flatMap((box) => {
      const [x, y] = places.get(box.id) ?? [0, 0];
      return box.nodes.map(({ id, at }) => ({ id, at: [x + at[0], y + at[1]] as const }));
    });
    return { size: { width: placed.width ?? 0, height: placed.height ?? 0 }, nodes };
  }

  function toElk(box: Box, links: readonly Link[]): ElkNode {
    const side = box.side === undefined ? undefined : box.side === "begin" ? "FIRST" : "LAST";
    const inputs = links.filter((link) => link.to === box).map(({ input }) => input);
    const outputs = links.filter((link) => link.from === box).map(({ output }) => output);
    return {
      id: box.id,
      ...box.size,
      layoutOptions: {
        ...(side === undefined ? {} : { "elk.layered.layering.layerConstraint": side }),
        ...(isNode(box) ? { "elk.portConstraints": "FIXED_ORDER" } : {}),
      },
      // ELK counts the sockets of a node clockwise, so those on the left from the bottom up.
      ports: !isNode(box) ? [] : [...ports(outputs, "out", "EAST", 1), ...ports(inputs, "in", "WEST", -1)],
    };
  }

  function ports(
    ends: readonly Endpoint[],
    kind: "in" | "out",
    side: "EAST" | "WEST",
    sign: 1 | -1,
  ): ElkPort[] {
    const names = [...new Set(ends.map(({ port }) => port))];
    const node = ends[0]?.node ?? "";
    return names.map((port) => ({
      id: portId(kind, { node, port }),
      layoutOptions: { "elk.port.side": side, "elk.port.index": String(sign * rank(node, port, kind)) },
    }));
  }

  /** How far down a socket stands; a carried value below the rest. */
  function rank(node: string, port: string, kind: "in" | "out"): number {
    const info = catalog.node(document.nodes[node]?.type ?? "");
    const names = kind === "out" ? (info?.outputs ?? []) : [...(info?.inputs ?? []), ...(info?.params ?? [])];
    const index = names.findIndex(({ name }) => name === port);
    return index < 0 ? names.length : index;
  }
}

const round = (value: number): number => Math.round(value / 10) * 10;
const isNode = (box: Box): boolean => box.nodes.length === 1 && box.nodes[0]?.id === box.id;
const portId = (kind: "in" | "out", { node, port }: Endpoint): string => `${kind} ${node}.${port}`;

function withMargin({ size, nodes }: Pick<Box, "size" | "nodes">): Pick<Box, "size" | "nodes"> {
  return {
    size: { width: size.width + 2 * ZONE_MARGIN, height: size.height + 2 * ZONE_MARGIN },
    nodes: nodes.map(({ id, at }) => ({ id, at: [at[0] + ZONE_MARGIN, at[1] + ZONE_MARGIN] })),
  };
}

/** The wires between boxes. What leads into a begin from inside, or out of an end, is a fault and moves nothing. */
function linksOf(document: GraphDocument, boxes: readonly Box[]): Link[] {
  const boxOf = new Map(boxes.flatMap((box) => box.nodes.map(({ id }) => [id, box] as const)));
  return document.edges.flatMap((edge): Link[] => {
    const [output, input] = [endpoint(edge.from), endpoint(edge.to)];
    const [from, to] = [boxOf.get(output.node), boxOf.get(input.node)];
    if (!from || !to || from === to || from.side === "end" || to.side === "begin") return [];
    return [{ from, to, output, input }];
  });
}
