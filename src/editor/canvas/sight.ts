import type { EditorSession } from "../store/session.ts";
import type { Size, View } from "./camera.ts";
import { farCards } from "./far-cards.ts";
import { FarLayer } from "./far-layer.ts";
import { contains, grow, overlaps } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import type { NodeViews } from "./node-views.ts";
import type { WireLayer } from "./wire-layer.ts";

/** Scale below which only titles and pictures are drawn. */
const FAR = 0.4;

/** How far around what is seen nodes have elements, in pixels of the screen. */
const AROUND = 160;

/** Milliseconds of a frame that may go into new elements while something moves. */
const BUDGET_MS = 5;

/** What is looked at. */
export interface Scene {
  readonly session: EditorSession;
  readonly transform: View;
  readonly wires: WireLayer;
  rect(node: string): Rect | undefined;
}

/** Decides which nodes have an element: those that are near and seen. From far away all are drawn in one picture. */
export class Sight {
  readonly far = new FarLayer(() => this.drawFar());
  readonly #scene: Scene;
  readonly #views: () => NodeViews | undefined;
  readonly #resizes: ResizeObserver;
  #screen: Size = { width: 0, height: 0 };
  #looking = 0;
  #drawing = 0;

  constructor(scene: Scene, views: () => NodeViews | undefined) {
    this.#scene = scene;
    this.#views = views;
    this.#resizes = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      this.#screen = { width, height };
      this.look();
    });
  }

  /** Measures the canvas now and whenever its size changes: no frame of a gesture asks the page for it. */
  watch(canvas: HTMLElement): void {
    this.#screen = { width: canvas.clientWidth, height: canvas.clientHeight };
    this.#resizes.observe(canvas);
  }

  destroy(): void {
    this.#resizes.disconnect();
    this.far.destroy();
    cancelAnimationFrame(this.#looking);
    cancelAnimationFrame(this.#drawing);
  }

  get screen(): Size {
    return this.#screen;
  }

  get isFar(): boolean {
    return this.#scene.transform.k < FAR;
  }

  /** The part of the canvas that is on the screen, in canvas pixels. */
  get seen(): Rect {
    const { x, y, k } = this.#scene.transform;
    return { x: -x / k, y: -y / k, width: this.#screen.width / k, height: this.#screen.height / k };
  }

  /** Whether a node can be read where it is; of a tall one its upper part counts. */
  isReadable(rect: Rect): boolean {
    const { seen } = this;
    const bottom = rect.y + Math.min(rect.height, seen.height / 2);
    return !this.isFar && contains(seen, rect.x, rect.y) && contains(seen, rect.x + rect.width, bottom);
  }

  /** Follows a move: what takes longer than its share of a frame is left to the next ones. */
  follow(): void {
    this.look(BUDGET_MS);
  }

  /** Gives elements to what is seen, or draws it from far. */
  look(budget = Infinity): void {
    const views = this.#views();
    if (!views || this.#screen.width === 0) return;
    const far = this.isFar;
    const around = grow(this.seen, AROUND / this.#scene.transform.k);
    const late = views.see((id) => {
      const rect = far ? undefined : this.#scene.rect(id);
      return rect !== undefined && overlaps(rect, around);
    }, budget);
    if (late) {
      this.#looking ||= requestAnimationFrame(() => {
        this.#looking = 0;
        this.follow();
      });
    }
    if (this.far.element.hidden === far) this.far.element.hidden = !far;
    this.drawFar();
  }

  /** Draws the picture from far anew in the next frame; does nothing from near. */
  drawFar(): void {
    if (!this.isFar) return;
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      const views = this.#views();
      const { session, transform, wires } = this.#scene;
      if (!views || !this.isFar) return;
      const cards = farCards(session, views, (id) => this.#scene.rect(id));
      this.far.draw(transform, this.#screen, wires.drawn(), cards);
    });
  }
}
