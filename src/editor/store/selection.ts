/** Which nodes and which wire are selected. Not part of the document and not of its log. */
export class Selection {
  #nodes: ReadonlySet<string> = new Set();
  #edge: string | undefined;
  readonly #listeners = new Set<() => void>();

  get nodes(): ReadonlySet<string> {
    return this.#nodes;
  }

  /** Key of the selected wire. */
  get edge(): string | undefined {
    return this.#edge;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(nodes: Iterable<string>, edge?: string): void {
    const next = new Set(nodes);
    const same =
      edge === this.#edge && next.size === this.#nodes.size && [...next].every((id) => this.#nodes.has(id));
    if (same) return;
    this.#nodes = next;
    this.#edge = edge;
    for (const listener of this.#listeners) listener();
  }

  toggle(node: string): void {
    const next = new Set(this.#nodes);
    if (!next.delete(node)) next.add(node);
    this.set(next);
  }

  clear(): void {
    this.set([]);
  }

  /** Drops what is no longer in the graph. */
  keep(nodes: Readonly<Record<string, unknown>>, edges: ReadonlySet<string>): void {
    const edge = this.#edge !== undefined && edges.has(this.#edge) ? this.#edge : undefined;
    this.set(
      [...this.#nodes].filter((id) => Object.hasOwn(nodes, id)),
      edge,
    );
  }
}
