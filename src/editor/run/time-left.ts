interface Pace {
  readonly total: number;
  done: number;
  at: number;
  /** Milliseconds for one step, the newest steps counting most. */
  each: number | undefined;
}

/** How much of an old pace a new step leaves: fast enough to follow, slow enough to be read. */
const MEMORY = 0.8;

/** Guesses how long something with steps will still take, from the pace of its steps so far. */
export class TimeLeft {
  readonly #paces = new Map<string, Pace>();

  /** @returns Milliseconds, undefined while there is no pace yet. */
  step(name: string, done: number, total: number, now: number): number | undefined {
    const pace = this.#paces.get(name);
    if (pace === undefined || pace.total !== total || done <= pace.done) {
      this.#paces.set(name, { total, done, at: now, each: undefined });
      return undefined;
    }
    const each = (now - pace.at) / (done - pace.done);
    pace.each = pace.each === undefined ? each : MEMORY * pace.each + (1 - MEMORY) * each;
    pace.done = done;
    pace.at = now;
    return pace.each * (total - done);
  }

  clear(): void {
    this.#paces.clear();
  }
}
