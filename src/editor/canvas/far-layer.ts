import { socketColor } from "../theme/socket-style.ts";
import type { Size, View } from "./camera.ts";
import { overlaps, wireCurve } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import type { DrawnWire } from "./wire-layer.ts";

/** What is seen of a node from far away. */
export interface FarCard {
  readonly rect: Rect;
  readonly title: string;
  /** CSS colour of its family, as the theme writes it. */
  readonly color: string;
  readonly state: "" | "selected" | "running" | "bad";
  readonly picture: HTMLCanvasElement | undefined;
}

const TOKENS = [
  "--surface",
  "--surface-3",
  "--line",
  "--text",
  "--accent",
  "--good",
  "--bad",
  "--socket-l",
  "--socket-c",
  "--font",
] as const;

/**
 * The graph from so far away that no port can be read: cards, titles and wires in one picture, drawn anew when something
 * moves. Elements of their own would cost more than can be seen of them.
 */
export class FarLayer {
  readonly element = document.createElement("canvas");
  readonly #context = this.element.getContext("2d");
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  #tokens: Readonly<Record<string, string>> | undefined;

  readonly #changed: () => void;

  /** @param changed called when the theme is another */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.element.className = "far-picture";
    this.element.setAttribute("aria-hidden", "true");
    this.element.hidden = true;
    this.#dark.addEventListener("change", this.#forget);
  }

  destroy(): void {
    this.#dark.removeEventListener("change", this.#forget);
  }

  #forget = (): void => {
    this.#tokens = undefined;
    this.#changed();
  };

  draw(view: View, screen: Size, wires: Iterable<DrawnWire>, cards: Iterable<FarCard>): void {
    const context = this.#context;
    if (!context || screen.width === 0) return;
    const scale = Math.min(2, window.devicePixelRatio);
    const [width, height] = [Math.round(screen.width * scale), Math.round(screen.height * scale)];
    if (this.element.width !== width || this.element.height !== height)
      Object.assign(this.element, { width, height });
    else context.clearRect(0, 0, width, height);
    const { x, y, k } = view;
    context.setTransform(k * scale, 0, 0, k * scale, x * scale, y * scale);
    const seen: Rect = { x: -x / k, y: -y / k, width: screen.width / k, height: screen.height / k };
    this.#drawWires(context, seen, wires);
    this.#drawCards(context, seen, k, cards);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  #token(name: (typeof TOKENS)[number]): string {
    if (!this.#tokens) {
      const style = getComputedStyle(this.element);
      this.#tokens = Object.fromEntries(TOKENS.map((token) => [token, style.getPropertyValue(token).trim()]));
    }
    return this.#tokens[name] ?? "";
  }

  /** A picture knows no custom properties: they are written out. */
  #color(css: string): string {
    return css
      .replace("var(--socket-l)", this.#token("--socket-l"))
      .replace("var(--socket-c)", this.#token("--socket-c"));
  }

  /** One stroke for each colour: a thousand wires are a dozen calls. */
  #drawWires(context: CanvasRenderingContext2D, seen: Rect, wires: Iterable<DrawnWire>): void {
    const strokes = new Map<string, DrawnWire[]>();
    for (const wire of wires) {
      if (!mayCross(wire, seen)) continue;
      const key = wire.mark === "" ? wire.type : `${wire.mark} ${wire.type}`;
      const same = strokes.get(key);
      if (same) same.push(wire);
      else strokes.set(key, [wire]);
    }
    for (const group of strokes.values()) {
      const [first] = group;
      if (!first) continue;
      context.strokeStyle =
        first.mark === "selected" ? this.#token("--accent") : this.#color(socketColor(first.type));
      context.lineWidth = first.mark === "" ? 2.5 : 5;
      context.globalAlpha = first.mark === "lifted" ? 0.15 : 1;
      context.beginPath();
      for (const { ends } of group) {
        const [a, b, c, d] = wireCurve(ends.from, ends.to);
        context.moveTo(a.x, a.y);
        context.bezierCurveTo(b.x, b.y, c.x, c.y, d.x, d.y);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #drawCards(context: CanvasRenderingContext2D, seen: Rect, k: number, cards: Iterable<FarCard>): void {
    const readable = k >= 0.22;
    context.font = `600 20px ${this.#token("--font")}`;
    context.textBaseline = "middle";
    const edge = 1 / k;
    for (const { rect, title, color, state, picture } of cards) {
      if (!overlaps(rect, seen)) continue;
      context.fillStyle =
        state === "selected"
          ? this.#token("--accent")
          : state === "bad"
            ? this.#token("--bad")
            : state === "running"
              ? this.#token("--good")
              : this.#token("--line");
      const rim = state === "" ? edge : 2 * edge;
      context.fillRect(rect.x - rim, rect.y - rim, rect.width + 2 * rim, rect.height + 2 * rim);
      const header = Math.min(36, rect.height);
      context.fillStyle = this.#token("--surface");
      context.fillRect(rect.x, rect.y, rect.width, rect.height);
      context.fillStyle = this.#token("--surface-3");
      context.fillRect(rect.x, rect.y, rect.width, header);
      context.fillStyle = this.#color(color);
      context.fillRect(rect.x, rect.y, Math.max(4, 2 * edge), header);
      if (picture) {
        const wide = rect.width - 20;
        const high = Math.min((wide * picture.height) / picture.width, rect.height - header - 10);
        if (high > 0) context.drawImage(picture, rect.x + 10, rect.y + rect.height - high - 10, wide, high);
      }
      if (!readable) continue;
      context.fillStyle = this.#token("--text");
      context.fillText(title, rect.x + 12, rect.y + header / 2 + 1, rect.width - 20);
    }
  }
}

/** A wire bends at most this far out of the box of its ends. */
const BEND = 180;

function mayCross({ ends: { from, to } }: DrawnWire, seen: Rect): boolean {
  return (
    Math.max(from.x, to.x) + BEND >= seen.x &&
    Math.min(from.x, to.x) - BEND <= seen.x + seen.width &&
    Math.max(from.y, to.y) >= seen.y &&
    Math.min(from.y, to.y) <= seen.y + seen.height
  );
}
