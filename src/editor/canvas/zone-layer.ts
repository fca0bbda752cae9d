import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "../graph/catalog.ts";
import { membersOf, zonesInside } from "../graph/zones.ts";
import { boundsOf } from "./geometry.ts";
import type { Rect } from "./geometry.ts";

const PADDING = 22;
const TITLE = 26;

/** The regions of zones, drawn behind everything. A region is where its nodes are. */
export class ZoneLayer {
  readonly element = document.createElement("div");
  readonly #regions = new Map<string, HTMLElement>();
  readonly #rects = new Map<string, Rect>();
  readonly #rectOf: (node: string) => Rect | undefined;

  constructor(rectOf: (node: string) => Rect | undefined) {
    this.#rectOf = rectOf;
    this.element.className = "zones";
  }

  /** Draws all regions anew. Outer ones come first, so that inner ones lie on top. */
  set(document: GraphDocument, catalog: Catalog): void {
    const zones = Object.entries(document.zones ?? {});
    for (const [id, element] of this.#regions) {
      if (Object.hasOwn(document.zones ?? {}, id)) continue;
      element.remove();
      this.#regions.delete(id);
      this.#rects.delete(id);
    }
    const outerFirst = zones.sort(
      ([a], [b]) => zonesInside(document, b).size - zonesInside(document, a).size,
    );
    let last: Element | null = null;
    for (const [id, record] of outerFirst) {
      const rect = this.regionOf(document, id);
      if (!rect) continue;
      const region = this.#regions.get(id) ?? this.#make(id);
      const title = `${catalog.zone(record.kind)?.title ?? record.kind} · ${id}`;
      if (region.firstElementChild && region.firstElementChild.textContent !== title)
        region.firstElementChild.textContent = title;
      this.#place(id, region, rect);
      if (region.previousElementSibling !== last || !region.parentElement)
        this.element.insertBefore(region, last?.nextElementSibling ?? this.element.firstElementChild);
      last = region;
    }
  }

  /** Nothing is written to the page that stands there already: this runs in every frame of a drag. */
  #place(id: string, region: HTMLElement, rect: Rect): void {
    const old = this.#rects.get(id);
    if (old?.x !== rect.x || old.y !== rect.y) region.style.transform = `translate(${rect.x}px, ${rect.y}px)`;
    if (old?.width !== rect.width) region.style.width = `${rect.width}px`;
    if (old?.height !== rect.height) region.style.height = `${rect.height}px`;
    this.#rects.set(id, rect);
  }

  /** Where a zone lies, `without` some of its nodes: while they are dragged they must not take it along. */
  regionOf(
    document: GraphDocument,
    zone: string,
    without: ReadonlySet<string> = new Set(),
  ): Rect | undefined {
    const rects = membersOf(document, zone)
      .filter((id) => !without.has(id))
      .flatMap((id) => this.#rectOf(id) ?? []);
    const bounds = boundsOf(rects);
    if (!bounds) return undefined;
    return {
      x: bounds.x - PADDING,
      y: bounds.y - PADDING - TITLE,
      width: bounds.width + 2 * PADDING,
      height: bounds.height + 2 * PADDING + TITLE,
    };
  }

  /** Lights up the zone that a drop would move nodes into. */
  highlight(zone: string | undefined): void {
    for (const [id, region] of this.#regions) region.classList.toggle("target", id === zone);
  }

  #make(id: string): HTMLElement {
    const region = document.createElement("div");
    region.className = "zone";
    region.dataset["zone"] = id;
    const title = document.createElement("span");
    region.append(title);
    this.#regions.set(id, region);
    return region;
  }
}
