import { LitElement, css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { edgeKey } from "../graph/edits.ts";
import type { LoomCanvas } from "../canvas/loom-canvas.ts";
import type { RunControl } from "../run/run-control.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";
import { pinButton, type Pins } from "./pins.ts";

/** A pointer that rests this long on a wire asks about it. */
const REST_MS = 400;
/** Time to get from the wire to the card. */
const GRACE_MS = 350;
const WIDTH = 300;

/** Shows what is on the wire, or comes out of the socket, that the pointer rests on. Fires `pin` to keep it in view. */
export class LoomWireCard extends LitElement {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    pins: { attribute: false },
    canvas: { attribute: false },
    address: { state: true },
  };

  static override styles = [
    controls,
    css`
      :host {
        position: absolute;
        top: 0;
        left: 0;
        z-index: 6;
      }

      .card {
        position: relative;
        width: 300px;
        max-height: min(540px, 76vh);
        padding: 12px 14px;
        overflow-y: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius-m);
        background: var(--surface);
        box-shadow: var(--shadow-2);
      }

      button.icon {
        position: absolute;
        top: 6px;
        right: 6px;
        width: 26px;
        min-height: 26px;
        z-index: 1;
      }
    `,
  ];

  declare session: EditorSession;
  declare control: RunControl;
  declare pins: Pins;
  declare canvas: LoomCanvas;
  declare address: string | undefined;
  #timer = 0;
  #stop: AbortController | undefined;
  #place: readonly [x: number, y: number] = [0, 0];
  readonly #sizes = new ResizeObserver(([entry]) => entry && this.#put(entry.target));

  constructor() {
    super();
    this.address = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sizes.disconnect();
    this.#stop?.abort();
    window.clearTimeout(this.#timer);
  }

  protected override updated(): void {
    if (!this.#stop && this.canvas) this.#listen();
    const card = this.renderRoot.querySelector<HTMLElement>(".card");
    this.#sizes.disconnect();
    if (card) this.#sizes.observe(card);
  }

  /** Beside the pointer, and whole: it grows when the engine has answered. */
  #put(card: Element): void {
    const [x, y] = this.#place;
    const { clientWidth, clientHeight } = this.canvas;
    const left = Math.max(8, Math.min(x + 14, clientWidth - WIDTH - 8));
    const top = Math.max(8, Math.min(y + 14, clientHeight - card.getBoundingClientRect().height - 8));
    this.style.transform = `translate(${left}px, ${top}px)`;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { address } = this;
    if (address === undefined) return nothing;
    const isPinned = this.pins.has(address);
    return html`<div
      class="card"
      role="dialog"
      aria-label="What is on the wire from ${address}"
      @pointerenter=${(): void => window.clearTimeout(this.#timer)}
      @pointerleave=${(): void => this.#hideSoon()}
    >
      ${pinButton(address, isPinned, () => {
        if (!isPinned) this.pins.toggle(address);
        this.address = undefined;
        this.dispatchEvent(new CustomEvent("pin"));
      })}
      <loom-wire-report
        compact
        .session=${this.session}
        .control=${this.control}
        .address=${address}
      ></loom-wire-report>
    </div>`;
  }

  #listen(): void {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const { element } = this.canvas;
    element.addEventListener("pointermove", (event) => this.#moved(event), { signal, passive: true });
    element.addEventListener("pointerleave", () => this.#hideSoon(), { signal });
    for (const type of ["pointerdown", "wheel", "keydown"])
      window.addEventListener(type, (event) => this.#hide(event), { signal, capture: true, passive: true });
  }

  #moved(event: PointerEvent): void {
    window.clearTimeout(this.#timer);
    if (event.buttons !== 0 || event.pointerType === "touch") return;
    this.#timer = window.setTimeout(
      () => this.#rested(event),
      this.address === undefined ? REST_MS : GRACE_MS,
    );
  }

  #rested(event: PointerEvent): void {
    const address = this.#under(event);
    if (address !== undefined && address !== this.address) {
      const box = this.canvas.getBoundingClientRect();
      this.#place = [event.clientX - box.left, event.clientY - box.top];
    }
    this.address = address;
  }

  /** The output that is under the pointer: its socket, or a wire from it. */
  #under(event: PointerEvent): string | undefined {
    const address = this.#addressUnder(event);
    return address === undefined ? undefined : this.session.sourceOf(address);
  }

  #addressUnder(event: PointerEvent): string | undefined {
    const socket = this.canvas.socketAt(event);
    if (socket) return socket.side === "output" ? `${socket.node}.${socket.port}` : undefined;
    if (this.canvas.nodeOf(event)) return undefined;
    const { x, y } = this.canvas.toCanvas(event);
    const key = this.canvas.wireAt(x, y)?.key;
    return this.session.document.edges.find((edge) => edgeKey(edge) === key)?.from;
  }

  #hideSoon(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (this.address = undefined), GRACE_MS);
  }

  #hide(event: Event): void {
    if (event.composedPath().includes(this)) return;
    window.clearTimeout(this.#timer);
    this.address = undefined;
  }
}
