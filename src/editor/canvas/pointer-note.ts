/** How long a word beside the pointer stays when nothing takes it away, in milliseconds. */
const STAY_MS = 4000;

/** Words beside the pointer, for eyes and screen readers. */
export class PointerNote {
  readonly #box: HTMLElement;
  #timer = 0;

  constructor(box: HTMLElement) {
    this.#box = box;
  }

  /** An empty text takes the note away. `frame` is the canvas, of which the note stays inside. */
  say(text: string, frame: DOMRect, event?: { readonly clientX: number; readonly clientY: number }): void {
    const box = this.#box;
    if (box.textContent !== text) box.textContent = text;
    window.clearTimeout(this.#timer);
    if (text === "") return;
    const inside = (value: number, most: number): number => Math.max(12, Math.min(value, most - 12));
    const x = inside((event?.clientX ?? frame.left) - frame.left + 16, frame.width - box.offsetWidth);
    const y = inside((event?.clientY ?? frame.top) - frame.top + 18, frame.height - box.offsetHeight);
    box.style.transform = `translate(${x}px, ${y}px)`;
    this.#timer = window.setTimeout(() => (box.textContent = ""), STAY_MS);
  }
}
