import type { ArrayStatistics, Histogram } from "./reports.ts";

const BINS = 32;

/**
 * Statistics of numbers in parts: an array is one part, a network has one for each of its arrays. Two passes, because the
 * edges of the histogram are known only after the first. The mean and the deviation are summed by Welford's method in double
 * precision, so that a small deviation on a large mean is not lost.
 */
export async function statisticsOf(
  parts: () => AsyncIterable<ArrayLike<number>>,
  bins = BINS,
): Promise<ArrayStatistics> {
  let [count, nanCount, infinityCount, zeroCount, finite] = [0, 0, 0, 0, 0];
  let [min, max, mean, squares] = [Infinity, -Infinity, 0, 0];
  for await (const part of parts()) {
    for (let i = 0; i < part.length; i++) {
      const value = Number(part[i]);
      count++;
      if (Number.isNaN(value)) nanCount++;
      else if (!Number.isFinite(value)) infinityCount++;
      else {
        if (value === 0) zeroCount++;
        if (value < min) min = value;
        if (value > max) max = value;
        finite++;
        const delta = value - mean;
        mean += delta / finite;
        squares += delta * (value - mean);
      }
    }
  }
  const counts = { count, nanCount, infinityCount, zeroCount };
  if (finite === 0) return counts;
  const summary = { min, max, mean, standardDeviation: Math.sqrt(squares / finite) };
  return { ...counts, summary, histogram: await histogramOf(parts(), min, max, bins) };
}

async function histogramOf(
  parts: AsyncIterable<ArrayLike<number>>,
  from: number,
  to: number,
  bins: number,
): Promise<Histogram> {
  // Values that are all the same fill one bin.
  if (from === to) {
    let same = 0;
    for await (const part of parts) {
      for (let i = 0; i < part.length; i++) if (Number.isFinite(Number(part[i]))) same++;
    }
    return { from, to, counts: [same] };
  }
  const counts = new Array<number>(bins).fill(0);
  const scale = bins / (to - from);
  for await (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      const value = Number(part[i]);
      if (!Number.isFinite(value)) continue;
      const bin = Math.min(bins - 1, Math.floor((value - from) * scale));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return { from, to, counts };
}
