import type { EditorSession } from "../../store/session.ts";
import type { PortPlace, Rect } from "../geometry.ts";
import type { Side, WireOffer } from "../node/contract.ts";
import type { GuideLayer } from "../guide-layer.ts";
import type { Wire, WireLayer } from "../wire-layer.ts";
import type { ZoneLayer } from "../zone-layer.ts";

/** Something that goes on between pressing and letting go. It changes the document once, at its end. */
export interface Gesture {
  move(event: PointerEvent): void;
  end(event: PointerEvent): void;
  /** Puts everything back as it was. */
  cancel(): void;
}

export interface PortRef {
  readonly node: string;
  readonly side: Side;
  readonly port: string;
}

/** What a wire that was let go in empty space wants: a node with a port that fits. */
export interface PaletteRequest {
  /** Where the new node goes, in canvas pixels. */
  readonly x: number;
  readonly y: number;
  readonly from?: { readonly side: Side; readonly address: string; readonly type: string };
}

/** What gestures need of the canvas. */
export interface CanvasHost {
  readonly session: EditorSession;
  readonly wires: WireLayer;
  readonly zones: ZoneLayer;
  readonly guides: GuideLayer;
  /** The part of the canvas that is on the screen, in canvas pixels. */
  readonly seen: Rect;
  readonly transform: { readonly x: number; readonly y: number; readonly k: number };
  toCanvas(event: { readonly clientX: number; readonly clientY: number }): PortPlace;
  panTo(x: number, y: number): void;
  position(node: string): PortPlace | undefined;
  rect(node: string): Rect | undefined;
  /** Moves nodes on the screen only. */
  place(positions: ReadonlyMap<string, PortPlace>): void;
  portPlace(ref: PortRef): PortPlace | undefined;
  socketAt(event: PointerEvent): PortRef | undefined;
  nodeAt(x: number, y: number): string | undefined;
  nearestSocket(x: number, y: number, side: Side, reach: number): PortRef | undefined;
  wireAt(x: number, y: number): Wire | undefined;
  offer(offers: ReadonlyMap<string, WireOffer> | undefined): void;
  marquee(rect: Rect | undefined): void;
  /** Says something beside the pointer, for eyes and screen readers. An empty text takes it away. */
  say(text: string, event?: PointerEvent): void;
  openPalette(request: PaletteRequest): void;
}
