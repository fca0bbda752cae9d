import { LitElement, css, html } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import { boundsOf, grow } from "../canvas/geometry.ts";
import type { Rect } from "../canvas/geometry.ts";
import type { LoomCanvas } from "../canvas/loom-canvas.ts";
import type { EditorSession } from "../store/session.ts";

const WIDTH = 176;
const HEIGHT = 116;

/** The whole graph in small, with what is seen of it. A press or drag goes there. */
export class LoomMinimap extends LitElement {
  static override properties = { canvas: { attribute: false }, session: { attribute: false } };

  static override styles = css`
    :host {
      position: absolute;
      right: 12px;
      bottom: 12px;
      border: 1px solid var(--line);
      border-radius: var(--radius-m);
      background: color-mix(in srgb, var(--surface) 88%, transparent);
      overflow: hidden;
      touch-action: none;
    }

    canvas {
      display: block;
      width: ${WIDTH}px;
      height: ${HEIGHT}px;
      cursor: pointer;
    }

    @media (max-width: 700px), (max-height: 480px) {
      :host {
        display: none;
      }
    }
  `;

  declare canvas: LoomCanvas | undefined;
  declare session: EditorSession;
  #frame = 0;
  #world: Rect | undefined;
  #watched: LoomCanvas | undefined;

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("canvas") || this.canvas === this.#watched) return;
    this.#watched?.removeEventListener("view-changed", this.#later);
    this.#watched = this.canvas;
    this.#watched?.addEventListener("view-changed", this.#later);
    this.#later();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watched?.removeEventListener("view-changed", this.#later);
    cancelAnimationFrame(this.#frame);
  }

  protected override render(): TemplateResult {
    return html`<canvas
      width=${WIDTH * 2}
      height=${HEIGHT * 2}
      aria-hidden="true"
      @pointerdown=${this.#press}
      @pointermove=${(event: PointerEvent): void => {
        if (event.buttons === 1) this.#go(event);
      }}
    ></canvas>`;
  }

  #later = (): void => {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  };

  #press = (event: PointerEvent): void => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#go(event);
  };

  #draw(): void {
    const canvas = this.canvas;
    const context = this.renderRoot.querySelector("canvas")?.getContext("2d");
    if (!canvas || !context) return;
    const { x, y, k } = canvas.transform;
    const seen: Rect = {
      x: -x / k,
      y: -y / k,
      width: canvas.clientWidth / k,
      height: canvas.clientHeight / k,
    };
    const rects = Object.keys(this.session.document.nodes).flatMap((id) => canvas.rect(id) ?? []);
    const bounds = boundsOf(rects);
    context.clearRect(0, 0, WIDTH * 2, HEIGHT * 2);
    this.hidden = !bounds;
    if (!bounds) return;
    this.#world = grow(bounds, 60);
    const scale = this.#scale();
    const at = (rect: Rect): [number, number, number, number] => {
      const [left, top] = this.#offset();
      return [left + rect.x * scale, top + rect.y * scale, rect.width * scale, rect.height * scale];
    };
    const style = getComputedStyle(this);
    context.fillStyle = style.getPropertyValue("--line-strong");
    for (const rect of rects) context.fillRect(...at(rect));
    context.strokeStyle = style.getPropertyValue("--accent");
    context.lineWidth = 3;
    context.strokeRect(...at(seen));
  }

  #scale(): number {
    const world = this.#world;
    return world ? Math.min((WIDTH * 2) / world.width, (HEIGHT * 2) / world.height) : 1;
  }

  #offset(): [number, number] {
    const world = this.#world;
    if (!world) return [0, 0];
    const scale = this.#scale();
    return [WIDTH - (world.x + world.width / 2) * scale, HEIGHT - (world.y + world.height / 2) * scale];
  }

  #go(event: PointerEvent): void {
    const canvas = this.canvas;
    if (!canvas) return;
    const scale = this.#scale();
    const [left, top] = this.#offset();
    const { k } = canvas.transform;
    const x = (event.offsetX * 2 - left) / scale;
    const y = (event.offsetY * 2 - top) / scale;
    canvas.panTo(canvas.clientWidth / 2 - x * k, canvas.clientHeight / 2 - y * k);
  }
}
