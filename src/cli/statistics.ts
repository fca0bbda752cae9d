import type { MadeOutput, RunObserver } from "../engine/run/observer.ts";
import type { ValueReport } from "../nodes/live/reports.ts";
import { WireStore } from "../nodes/live/wire-store.ts";

const BARS = " ▁▂▃▄▅▆▇█";

/** Prints statistics of outputs after a run; of a node in a loop those of the last iteration. */
export class StatisticsPrinter implements RunObserver {
  readonly #addresses: ReadonlySet<string>;
  readonly #store = new WireStore({ largestBytes: 0, budgetBytes: 0 });

  constructor(addresses: readonly string[]) {
    this.#addresses = new Set(addresses);
    this.#store.pin(addresses);
  }

  made(output: MadeOutput): void {
    if (this.#addresses.has(`${output.node}.${output.port}`)) this.#store.made(output);
  }

  /** @param json one line of JSON for each output in place of words. */
  async print(json: boolean): Promise<void> {
    for (const address of this.#addresses) {
      const report = await this.#store.report(address);
      if (report.kind !== "kept") console.log(`${address}: no value`);
      else if (json) console.log(JSON.stringify({ output: address, ...withoutPictures(report.value) }));
      else console.log(`${address}: ${inWords(report.value)}`);
    }
  }

  dispose(): void {
    this.#store.clear();
  }
}

function withoutPictures({ pictures, ...rest }: ValueReport): Omit<ValueReport, "pictures"> {
  void pictures;
  return rest;
}

function inWords({ label, text, bytes, statistics, remark }: ValueReport): string {
  const lines = [`${label} ${text}`.trim(), ...(bytes > 0 ? [`  ${String(bytes)} bytes`] : [])];
  if (statistics) {
    const { summary, histogram, count, nanCount, infinityCount } = statistics;
    if (summary) {
      const { min, max, mean, standardDeviation } = summary;
      lines.push(
        `  min ${short(min)}  max ${short(max)}  mean ${short(mean)}  deviation ${short(standardDeviation)}`,
      );
    }
    lines.push(`  ${String(count)} values, ${String(nanCount)} NaN, ${String(infinityCount)} infinite`);
    if (histogram)
      lines.push(`  ${short(histogram.from)} ${sparkline(histogram.counts)} ${short(histogram.to)}`);
  }
  if (remark !== undefined) lines.push(`  ${remark}`);
  return lines.join("\n");
}

function sparkline(counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  // What is there is seen, however little it is.
  return counts.map((count) => BARS[count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8))]).join("");
}

const short = (value: number): string => String(Number(value.toPrecision(5)));
