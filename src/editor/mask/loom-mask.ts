import { html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { drawImage } from "../canvas/draw-preview.ts";
import type { ParamRef } from "../canvas/param-field.ts";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { setParam } from "../graph/edits.ts";
import { edgeInto } from "../graph/ports.ts";
import { matches } from "../shortcuts.ts";
import type { EditorSession } from "../store/session.ts";
import { maskStyles } from "./mask-styles.ts";
import { maskTools } from "./mask-tools.ts";
import { MaskPainting } from "./painting.ts";
import type { Tool } from "./painting.ts";
import { pictureOf } from "./stored-mask.ts";
import { pictureInto } from "./upstream.ts";
import type { Picture } from "./upstream.ts";

/** Sides of a mask that nothing gives a size. */
const DEFAULT_SIDE = 512;
/** A larger mask is painted at this size: the node fits it to its picture. */
const LONGEST_SIDE = 2048;

/** Dialog in which a mask is painted, over the picture that the node's `like` was fed. OK is one step of undo. */
export class LoomMask extends LoomDialog {
  static override properties = {
    session: { attribute: false },
    tool: { state: true },
    size: { state: true },
    note: { state: true },
    opened: { state: true },
  };

  static override styles = [LoomDialog.frame, maskStyles];

  declare session: EditorSession;
  declare tool: Tool;
  /** Diameter of the brush in pixels of the mask. */
  declare size: number;
  declare note: string;
  declare opened: ParamRef | undefined;
  #painting: MaskPainting | undefined;
  #picture: Picture | undefined;
  /** Where the brush is, in pixels of the mask. */
  #at = { x: 0, y: 0 };

  constructor() {
    super();
    this.tool = "brush";
    this.size = 40;
    this.note = "";
    this.opened = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.closed();
  }

  async open(param: ParamRef): Promise<void> {
    const { document } = this.session;
    const stored = String(document.nodes[param.node]?.params[param.name] ?? "");
    const before = await pictureOf(stored);
    const picture = pictureInto(this.session, param.node, "like");
    const { width, height } = picture ?? before ?? { width: DEFAULT_SIDE, height: DEFAULT_SIDE };
    const shrink = Math.min(1, LONGEST_SIDE / Math.max(width, height));
    this.#picture = picture;
    this.opened = param;
    this.tool = "brush";
    this.note =
      stored !== "" && !before
        ? "What is stored here is not a picture that can be read: OK replaces it."
        : edgeInto(document, param.node, "image")
          ? "A picture is wired into image: it wins over what is painted."
          : "";
    await this.updateComplete;
    const sheet = this.#part("canvas.paint", HTMLCanvasElement);
    const color = picture ? getComputedStyle(this).getPropertyValue("--accent") : "#fff";
    this.#painting = new MaskPainting(
      sheet,
      Math.max(1, Math.round(width * shrink)),
      Math.max(1, Math.round(height * shrink)),
      color,
    );
    if (before) this.#painting.load(before);
    if (picture) drawImage(this.#part("canvas.under", HTMLCanvasElement), picture);
    this.#part(".sheet", HTMLElement).style.setProperty("--ratio", String(width / height));
    this.size = Math.max(1, Math.round(this.#longest / 12));
    this.#at = { x: sheet.width / 2, y: sheet.height / 2 };
    await this.show();
    sheet.focus();
    window.addEventListener("keydown", this.#key, { capture: true });
    window.addEventListener("resize", this.#showRing);
    await this.updateComplete;
    this.#showRing();
  }

  protected override readonly closeLabel = "Cancel";

  protected override heading(): string {
    return "Paint the mask";
  }

  protected override content(): TemplateResult | typeof nothing {
    if (!this.opened) return nothing;
    const painting = this.#painting;
    const { width = 0, height = 0 } = painting?.canvas ?? {};
    return html`${maskTools(
        { tool: this.tool, size: this.size, largest: this.#largest, painting },
        {
          pick: (tool) => (this.tool = tool),
          resize: (size) => this.#resize(size),
          change: (change) => this.#change(change),
        },
      )}
      <div class="stage">
        <div class="sheet">
          <canvas class="under" aria-hidden="true" ?hidden=${!this.#picture}></canvas>
          <canvas
            class="paint ${this.#picture ? "over" : ""}"
            tabindex="0"
            role="application"
            aria-label="Mask, ${width} by ${height}. Arrow keys move the brush, Space paints."
            @pointerdown=${this.#down}
            @pointermove=${this.#move}
            @pointerup=${this.#up}
            @pointercancel=${this.#up}
          ></canvas>
          <div class="ring" aria-hidden="true"></div>
        </div>
      </div>
      ${this.note === "" ? nothing : html`<p class="note" role="status">${this.note}</p>`} `;
  }

  protected override footer(): TemplateResult | typeof nothing {
    const { width = 0, height = 0 } = this.#painting?.canvas ?? {};
    if (!this.opened) return nothing;
    return html`<p>${this.#hint(width, height)}</p>
      <span class="pair">
        <button class="outlined" @click=${this.close}>Cancel</button>
        <button class="primary" @click=${this.#keep}>OK</button>
      </span>`;
  }

  protected override updated(): void {
    this.#showRing();
  }

  get #longest(): number {
    const { width = DEFAULT_SIDE, height = DEFAULT_SIDE } = this.#painting?.canvas ?? {};
    return Math.max(width, height);
  }

  get #largest(): number {
    return Math.max(2, Math.round(this.#longest / 2));
  }

  #hint(width: number, height: number): string {
    const what = this.#picture
      ? "What is painted over is made anew."
      : "White is made anew. After a run the picture wired into like is shown here.";
    return `${width} × ${height}. ${what}`;
  }

  #resize(size: number): void {
    this.size = Math.max(1, Math.min(Math.round(size), this.#largest));
  }

  #change(change: (painting: MaskPainting) => void): void {
    if (this.#painting) change(this.#painting);
    this.requestUpdate();
  }

  #down = (event: PointerEvent): void => {
    if (event.button !== 0 || !event.isPrimary) return;
    const canvas = event.currentTarget as HTMLCanvasElement;
    canvas.setPointerCapture(event.pointerId);
    this.#moveTo(event);
    this.#change((painting) => painting.begin(this.tool, this.size, this.#at.x, this.#at.y));
  };

  #move = (event: PointerEvent): void => {
    if (!event.isPrimary) return;
    const between = event.getCoalescedEvents();
    for (const step of between.length > 0 ? between : [event]) {
      this.#moveTo(step);
      this.#painting?.extend(this.#at.x, this.#at.y);
    }
    this.#showRing();
  };

  #up = (event: PointerEvent): void => {
    if (event.isPrimary) this.#change((painting) => painting.end());
  };

  #moveTo(event: PointerEvent): void {
    const canvas = this.#part("canvas.paint", HTMLCanvasElement);
    const box = canvas.getBoundingClientRect();
    this.#at = {
      x: ((event.clientX - box.left) * canvas.width) / box.width,
      y: ((event.clientY - box.top) * canvas.height) / box.height,
    };
  }

  #showRing = (): void => {
    const canvas = this.#painting?.canvas;
    if (!canvas || !this.opened) return;
    const scale = canvas.clientWidth / canvas.width;
    this.#part(".sheet", HTMLElement).classList.toggle("coarse", scale >= 2);
    const ring = this.#part(".ring", HTMLElement);
    const side = this.size * scale;
    ring.style.width = ring.style.height = `${side}px`;
    ring.style.transform = `translate(${this.#at.x * scale - side / 2}px, ${this.#at.y * scale - side / 2}px)`;
  };

  /** Sees every key first while the dialog is open: the graph behind it must get none. */
  #key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const paints = event.composedPath()[0] === this.#painting?.canvas;
    const done = this.#command(event) || (paints && this.#paintKey(event));
    if (done) event.preventDefault();
  };

  #command(event: KeyboardEvent): boolean {
    if (matches("Mod+Z", event)) this.#change((painting) => painting.undo());
    else if (matches("Mod+Shift+Z", event) || matches("Mod+Y", event))
      this.#change((painting) => painting.redo());
    else if (matches("Mod+Enter", event)) this.#keep();
    else if (matches("[", event)) this.#resize(this.size / 1.25);
    else if (matches("]", event)) this.#resize(this.size * 1.25 + 1);
    else if (matches("B", event)) this.tool = "brush";
    else if (matches("E", event)) this.tool = "eraser";
    else return false;
    return true;
  }

  #paintKey(event: KeyboardEvent): boolean {
    const step = event.shiftKey ? 1 : Math.max(1, this.size / 4);
    const { x, y } = this.#at;
    if (event.key === "ArrowLeft") this.#place(x - step, y);
    else if (event.key === "ArrowRight") this.#place(x + step, y);
    else if (event.key === "ArrowUp") this.#place(x, y - step);
    else if (event.key === "ArrowDown") this.#place(x, y + step);
    else if (event.key === " ")
      this.#change((painting) => {
        painting.begin(this.tool, this.size, x, y);
        painting.end();
      });
    else return false;
    return true;
  }

  #place(x: number, y: number): void {
    const { width = 0, height = 0 } = this.#painting?.canvas ?? {};
    this.#at = { x: Math.max(0, Math.min(width, x)), y: Math.max(0, Math.min(height, y)) };
    this.#showRing();
  }

  /** Stores the mask if something was painted. */
  #keep = (): void => {
    const painting = this.#painting;
    painting?.end();
    if (painting?.canUndo && this.opened) {
      const { node, name } = this.opened;
      this.session.store.execute("Paint the mask", setParam(node, name, painting.toDataUrl()));
    }
    this.close();
  };

  protected override closed(): void {
    window.removeEventListener("keydown", this.#key, { capture: true });
    window.removeEventListener("resize", this.#showRing);
    this.#painting = undefined;
    this.#picture = undefined;
    this.opened = undefined;
  }

  #part<T extends HTMLElement>(selector: string, type: new () => T): T {
    const element = this.renderRoot.querySelector(selector);
    if (!(element instanceof type)) throw new Error(`The mask dialog has no part "${selector}".`);
    return element;
  }
}
