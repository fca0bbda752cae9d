/** Numbers that a loop or a node reported, step by step, for charts. */
export interface Series {
  /** Step of each entry, from 1. */
  readonly steps: number[];
  /** By name, for example `loss`; as long as `steps`, with null where a step did not report it. */
  readonly values: Map<string, (number | null)[]>;
}

/** The series of a run, by zone, or by node for a node that loops by itself. */
export class RunSeries {
  readonly #series = new Map<string, Series>();

  get owners(): string[] {
    return [...this.#series.keys()];
  }

  of(owner: string): Series | undefined {
    return this.#series.get(owner);
  }

  /** A step that comes again (a loop taken up at an earlier step) replaces what came after it. */
  add(owner: string, step: number, scalars: Readonly<Record<string, number>>): void {
    const names = Object.keys(scalars);
    if (names.length === 0) return;
    const series = this.#series.get(owner) ?? { steps: [], values: new Map<string, (number | null)[]>() };
    this.#series.set(owner, series);
    while ((series.steps.at(-1) ?? -1) >= step) {
      series.steps.pop();
      for (const values of series.values.values()) values.pop();
    }
    const before = series.steps.length;
    series.steps.push(step);
    for (const name of names) {
      if (!series.values.has(name)) series.values.set(name, new Array<number | null>(before).fill(null));
    }
    for (const [name, values] of series.values) values.push(scalars[name] ?? null);
  }

  /** @param kept owners whose curves go on: a loop that is taken up in the middle. */
  clear(kept: readonly string[] = []): void {
    for (const owner of this.owners) if (!kept.includes(owner)) this.#series.delete(owner);
  }
}
