/** One figure beside its peer, both measured in this run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is measured against; absent where there is no peer. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** What was aimed at, where there was a goal. */
  readonly goal?: string;
}

/** A part of the benchmarks that could not be run here, and why. */
export interface Skipped {
  readonly name: string;
  readonly skipped: string;
}

export type Result = Row | Skipped;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/**
 * Runs two things in turn, so that whatever else the machine does meets both, and returns the median of each in milliseconds.
 * One round before is not counted.
 */
export async function sideBySide(
  rounds: number,
  ours: () => unknown,
  peer: () => unknown,
): Promise<{ readonly ours: number; readonly peer: number }> {
  const times = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of [
      ["ours", ours],
      ["peer", peer],
    ] as const) {
      const started = performance.now();
      await run();
      if (round > 0) times[name].push(performance.now() - started);
    }
  }
  return { ours: median(times.ours), peer: median(times.peer) };
}

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Prints results as a table. */
export function printResults(title: string, results: readonly Result[]): void {
  console.log(`\n${title}`);
  for (const result of results) {
    if ("skipped" in result) {
      console.log(`  ${result.name}: SKIPPED, ${result.skipped}`);
      continue;
    }
    const { name, value, unit, peer, goal } = result;
    const beside = peer
      ? ` | ${peer.name}: ${digits(peer.value)} ${unit} | ratio peer/ours ${digits(peer.value / value)}`
      : "";
    console.log(`  ${name}: ${digits(value)} ${unit}${beside}${goal ? ` | goal: ${goal}` : ""}`);
  }
}
