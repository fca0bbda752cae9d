import { socketColor } from "../theme/socket-style.ts";
import { distanceToWire, wirePath } from "./geometry.ts";
import type { PortPlace } from "./geometry.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Where wires begin and end, and of which type they are. */
export interface Wire {
  readonly key: string;
  readonly source: string;
  readonly sourcePort: string;
  readonly target: string;
  readonly targetPort: string;
  readonly type: string;
}

export interface WireEnds {
  readonly from: PortPlace;
  readonly to: PortPlace;
}

export type WireMark = "selected" | "hover" | "lifted";

/** A wire as it is drawn now. */
export interface DrawnWire {
  readonly type: string;
  readonly ends: WireEnds;
  readonly mark: WireMark | "";
}

interface Drawn {
  readonly path: SVGPathElement;
  wire: Wire;
  ends: WireEnds;
}

/** All wires in one SVG. Ends come from geometry, so that nothing is measured. */
export class WireLayer {
  readonly element: SVGSVGElement;
  /** Over the nodes: the wire that is being dragged. */
  readonly overlay: SVGSVGElement;
  readonly #wires = new Map<string, Drawn>();
  readonly #ofNode = new Map<string, Set<string>>();
  readonly #marks = new Map<WireMark, string>();
  /** Wires that moved while the layer was not seen. */
  readonly #stale = new Set<Drawn>();
  #isSeen = true;
  readonly #draft: SVGPathElement;
  /** Called when the pointer has come to another wire. */
  hovered: (() => void) | undefined;
  readonly #endsOf: (wire: Wire) => WireEnds | undefined;
  readonly #marked: () => void;

  /** @param marked called when another wire is marked */
  constructor(endsOf: (wire: Wire) => WireEnds | undefined, marked: () => void) {
    this.#endsOf = endsOf;
    this.#marked = marked;
    this.element = document.createElementNS(SVG, "svg");
    this.element.setAttribute("class", "wires");
    this.element.setAttribute("aria-hidden", "true");
    this.#draft = document.createElementNS(SVG, "path");
    this.#draft.setAttribute("class", "draft");
    this.overlay = document.createElementNS(SVG, "svg");
    this.overlay.setAttribute("class", "wires over");
    this.overlay.setAttribute("aria-hidden", "true");
    this.overlay.append(this.#draft);
  }

  /** Whether the layer is seen. While it is not, wires that move are only noted: from far away others draw them. */
  set isSeen(isSeen: boolean) {
    this.#isSeen = isSeen;
    if (!isSeen) return;
    for (const { path, ends } of this.#stale) path.setAttribute("d", wirePath(ends.from, ends.to));
    this.#stale.clear();
  }

  /** Makes the layer show exactly these wires. */
  set(wires: readonly Wire[]): void {
    const keys = new Set(wires.map((wire) => wire.key));
    for (const [key, drawn] of this.#wires) {
      if (keys.has(key)) continue;
      drawn.path.remove();
      this.#stale.delete(drawn);
      this.#wires.delete(key);
    }
    this.#ofNode.clear();
    const fresh = document.createDocumentFragment();
    for (const wire of wires) {
      this.#index(wire.source, wire.key);
      this.#index(wire.target, wire.key);
      const ends = this.#endsOf(wire);
      if (!ends) continue;
      const old = this.#wires.get(wire.key);
      if (old) {
        if (old.wire.type !== wire.type) old.path.style.stroke = socketColor(wire.type);
        old.wire = wire;
        this.#draw(old, ends);
        continue;
      }
      const path = document.createElementNS(SVG, "path");
      path.dataset["wire"] = wire.key;
      path.style.stroke = socketColor(wire.type);
      path.setAttribute("d", wirePath(ends.from, ends.to));
      for (const [name, marked] of this.#marks) if (marked === wire.key) path.classList.add(name);
      this.#wires.set(wire.key, { path, wire, ends });
      fresh.append(path);
    }
    this.element.append(fresh);
  }

  /** Draws the wires of these nodes anew: they moved. */
  follow(nodes: Iterable<string>): void {
    const keys = new Set<string>();
    for (const node of nodes) for (const key of this.#ofNode.get(node) ?? []) keys.add(key);
    for (const key of keys) {
      const drawn = this.#wires.get(key);
      const ends = drawn && this.#endsOf(drawn.wire);
      if (drawn && ends) this.#draw(drawn, ends);
    }
  }

  /** The wire that is being dragged; undefined ends it. */
  draft(ends: WireEnds | undefined, type = "any"): void {
    if (ends) {
      this.#draft.setAttribute("d", wirePath(ends.from, ends.to));
      this.#draft.style.stroke = socketColor(type);
    } else this.#draft.removeAttribute("d");
  }

  /** Marks one wire, and no other any more. */
  mark(name: WireMark, key: string | undefined): void {
    const old = this.#marks.get(name);
    if (old === key) return;
    if (old !== undefined) this.#wires.get(old)?.path.classList.remove(name);
    if (key === undefined) this.#marks.delete(name);
    else {
      this.#marks.set(name, key);
      this.#wires.get(key)?.path.classList.add(name);
    }
    this.#marked();
    if (name === "hover") this.hovered?.();
  }

  /** Key of the wire under the pointer. */
  get hover(): string | undefined {
    return this.#marks.get("hover");
  }

  /** Where a wire is drawn. */
  endsOf(key: string): WireEnds | undefined {
    return this.#wires.get(key)?.ends;
  }

  /** All wires, for those who draw them in their own way. */
  *drawn(): Iterable<DrawnWire> {
    for (const [key, { wire, ends }] of this.#wires) {
      let mark: WireMark | "" = "";
      for (const [name, marked] of this.#marks) if (marked === key) mark = name;
      yield { type: wire.type, ends, mark };
    }
  }

  /** The nearest wire within `reach` canvas pixels. */
  at(x: number, y: number, reach: number): Wire | undefined {
    let best = reach;
    let found: Wire | undefined;
    for (const { wire, ends } of this.#wires.values()) {
      const { from, to } = ends;
      const slack = reach + 190;
      if (y < Math.min(from.y, to.y) - reach || y > Math.max(from.y, to.y) + reach) continue;
      if (x < Math.min(from.x, to.x) - slack || x > Math.max(from.x, to.x) + slack) continue;
      const distance = distanceToWire(from, to, x, y);
      if (distance > best) continue;
      best = distance;
      found = wire;
    }
    return found;
  }

  #draw(drawn: Drawn, ends: WireEnds): void {
    const { from, to } = drawn.ends;
    if (from.x === ends.from.x && from.y === ends.from.y && to.x === ends.to.x && to.y === ends.to.y) return;
    drawn.ends = ends;
    if (this.#isSeen) drawn.path.setAttribute("d", wirePath(ends.from, ends.to));
    else this.#stale.add(drawn);
  }

  #index(node: string, key: string): void {
    const keys = this.#ofNode.get(node);
    if (keys) keys.add(key);
    else this.#ofNode.set(node, new Set([key]));
  }
}
