/** Elements get layers of their own while they move, and lose them at rest, when they are painted anew and sharp. */
export class MovingLayers {
  readonly #rest: number;
  readonly #moving = new Set<HTMLElement>();
  #timer = 0;

  /** @param rest milliseconds without a move that count as rest */
  constructor(rest: number) {
    this.#rest = rest;
  }

  move(elements: Iterable<HTMLElement>): void {
    window.clearTimeout(this.#timer);
    for (const element of elements) {
      if (this.#moving.has(element)) continue;
      element.style.willChange = "transform";
      this.#moving.add(element);
    }
    this.#timer = window.setTimeout(() => {
      for (const element of this.#moving) element.style.willChange = "";
      this.#moving.clear();
    }, this.#rest);
  }
}
