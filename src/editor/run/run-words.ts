import { formatDuration } from "./run-model.ts";
import { leftWords } from "./progress-words.ts";
import type { RunModel } from "./run-model.ts";

const ENDS = { done: "Done", cancelled: "Cancelled", failed: "Failed" } as const;

/**
 * How far a run is, or how the last one ended, in one line.
 *
 * @param isPausing whether it was asked to wait, and has not come to a step yet
 */
export function runWords(runs: RunModel, isPausing = false): string {
  const { phase, held, sampling, summary } = runs;
  if (phase === "idle") return summary ? `${ENDS[summary.kind]} after ${formatDuration(summary.ms)}` : "";
  if (phase === "cancelling") return "Cancelling";
  if (sampling) return `Sampling at step ${sampling.index} of ${sampling.zone}`;
  if (held) return `Paused before step ${held.index + 1} of ${held.zone}`;
  if (isPausing) return "Will pause before the next step";
  const { done, total } = runs.count;
  const left = runs.timeLeft;
  return `Running ${done} of ${total}${leftWords(left, ", ", " left in this loop")}`;
}
