import type { ParamInfo } from "../graph/catalog.ts";
import type { NodeShape } from "../graph/ports.ts";

/** Sizes of a node's parts in canvas pixels. Ports stand where these say: wires need no look at the page. */
export const NODE = {
  width: 264,
  header: 36,
  row: 24,
  param: 30,
  multiline: 92,
  section: 6,
  advanced: 24,
  collapsed: 36,
} as const;

/** A reroute is a corner in a wire: as small as a hand can take hold of. */
export const REROUTE = { type: "value/reroute", width: 60, height: 24 } as const;

export const isRerouteType = (type: string): boolean => type === REROUTE.type;

export const isReroute = (shape: NodeShape): boolean => isRerouteType(shape.info?.type ?? "");

/** A note has no ports and no fields: what it says stands below its header, as tall as it is. */
export const NOTE = "value/note";

export const isNote = (shape: NodeShape): boolean => shape.info?.type === NOTE;

/** Whether a button stands below the parameters: carried values, the inside of a subgraph, or its ports. */
export const hasButton = ({ info }: NodeShape): boolean =>
  info?.zoneEnd !== undefined || info?.subgraph !== undefined || info?.boundary !== undefined;

export interface PortPlace {
  readonly x: number;
  readonly y: number;
}

export interface NodeLayout {
  readonly width: number;
  /** Without preview and messages, which stand below and move no port. */
  readonly height: number;
  readonly inputs: ReadonlyMap<string, PortPlace>;
  readonly outputs: ReadonlyMap<string, PortPlace>;
  /** Parameters that are shown, in order. */
  readonly params: readonly ParamInfo[];
  readonly hiddenParams: number;
  readonly hasAdvanced: boolean;
}

export interface NodeFace {
  readonly collapsed: boolean;
  /** Whether advanced parameters are shown. */
  readonly advanced: boolean;
  /** Inputs, parameters among them, that have a wire. A wired advanced parameter is always shown. */
  readonly wired: ReadonlySet<string>;
}

const isTall = (param: ParamInfo, wired: ReadonlySet<string>): boolean =>
  param.spec.kind === "text" && param.spec.multiline === true && !wired.has(param.name);

const paramHeight = (param: ParamInfo, wired: ReadonlySet<string>): number =>
  isTall(param, wired) ? NODE.multiline : NODE.param;

/** Where everything of a node stands, from its shape alone. */
export function layoutNode(shape: NodeShape, face: NodeFace): NodeLayout {
  const inputs = new Map<string, PortPlace>();
  const outputs = new Map<string, PortPlace>();
  const width = NODE.width;
  const shown = shape.params.filter(
    (param) => !param.spec.advanced || face.advanced || face.wired.has(param.name),
  );
  const hasAdvanced = shape.params.some((param) => param.spec.advanced === true);
  if (isReroute(shape)) {
    const y = REROUTE.height / 2;
    for (const port of shape.inputs) inputs.set(port.name, { x: 0, y });
    for (const port of shape.outputs) outputs.set(port.name, { x: REROUTE.width, y });
    return {
      width: REROUTE.width,
      height: REROUTE.height,
      inputs,
      outputs,
      params: [],
      hiddenParams: 0,
      hasAdvanced: false,
    };
  }
  if (isNote(shape) && !face.collapsed) {
    for (const param of shape.params) inputs.set(param.name, { x: 0, y: NODE.header / 2 });
    const nothing = { params: [], hiddenParams: 0, hasAdvanced: false };
    return { width, height: NODE.header, inputs, outputs, ...nothing };
  }
  if (face.collapsed) {
    const y = NODE.collapsed / 2;
    for (const port of [...shape.inputs, ...shape.params]) inputs.set(port.name, { x: 0, y });
    for (const port of shape.outputs) outputs.set(port.name, { x: width, y });
    return {
      width,
      height: NODE.collapsed,
      inputs,
      outputs,
      params: [],
      hiddenParams: shape.params.length,
      hasAdvanced,
    };
  }
  const top = NODE.header + NODE.section;
  shape.inputs.forEach((port, row) => inputs.set(port.name, { x: 0, y: top + (row + 0.5) * NODE.row }));
  shape.outputs.forEach((port, row) => outputs.set(port.name, { x: width, y: top + (row + 0.5) * NODE.row }));
  let y = top + Math.max(shape.inputs.length, shape.outputs.length) * NODE.row;
  for (const param of shown) {
    inputs.set(param.name, { x: 0, y: y + NODE.param / 2 });
    y += paramHeight(param, face.wired);
  }
  if (hasAdvanced) y += NODE.advanced;
  if (hasButton(shape)) y += NODE.advanced;
  for (const param of shape.params) if (!inputs.has(param.name)) inputs.set(param.name, { x: 0, y: top });
  return {
    width,
    height: y + NODE.section,
    inputs,
    outputs,
    params: shown,
    hiddenParams: shape.params.length - shown.length,
    hasAdvanced,
  };
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function boundsOf(rects: readonly Rect[]): Rect | undefined {
  if (rects.length === 0) return undefined;
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  const right = Math.max(...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height));
  return { x, y, width: right - x, height: bottom - y };
}

export const overlaps = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

export const contains = (rect: Rect, x: number, y: number): boolean =>
  x >= rect.x && x <= rect.x + rect.width && y >= rect.y && y <= rect.y + rect.height;

export const grow = (rect: Rect, by: number): Rect => ({
  x: rect.x - by,
  y: rect.y - by,
  width: rect.width + 2 * by,
  height: rect.height + 2 * by,
});

/** Control points of a wire: it leaves to the right and arrives from the left. */
export function wireCurve(
  from: PortPlace,
  to: PortPlace,
): readonly [PortPlace, PortPlace, PortPlace, PortPlace] {
  const reach = Math.max(30, Math.min(180, Math.hypot(to.x - from.x, to.y - from.y) / 2));
  return [from, { x: from.x + reach, y: from.y }, { x: to.x - reach, y: to.y }, to];
}

export function wirePath(from: PortPlace, to: PortPlace): string {
  const [a, b, c, d] = wireCurve(from, to);
  return `M${round(a.x)} ${round(a.y)}C${round(b.x)} ${round(b.y)} ${round(c.x)} ${round(c.y)} ${round(d.x)} ${round(d.y)}`;
}

/** The middle of a wire. */
export function midOfWire(from: PortPlace, to: PortPlace): PortPlace {
  const [a, b, c, d] = wireCurve(from, to);
  return { x: round((a.x + 3 * b.x + 3 * c.x + d.x) / 8), y: round((a.y + 3 * b.y + 3 * c.y + d.y) / 8) };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Distance from a point to a wire, sampled: wires are far longer than what is lost between two samples. */
export function distanceToWire(from: PortPlace, to: PortPlace, x: number, y: number): number {
  const [a, b, c, d] = wireCurve(from, to);
  let best = Infinity;
  let last = a;
  for (let step = 1; step <= 24; step++) {
    const t = step / 24;
    const s = 1 - t;
    const point = {
      x: s * s * s * a.x + 3 * s * s * t * b.x + 3 * s * t * t * c.x + t * t * t * d.x,
      y: s * s * s * a.y + 3 * s * s * t * b.y + 3 * s * t * t * c.y + t * t * t * d.y,
    };
    best = Math.min(best, distanceToSegment(last, point, x, y));
    last = point;
  }
  return best;
}

function distanceToSegment(a: PortPlace, b: PortPlace, x: number, y: number): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / length));
  return Math.hypot(x - a.x - t * dx, y - a.y - t * dy);
}
