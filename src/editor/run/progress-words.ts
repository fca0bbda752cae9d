import type { NodeRun } from "./run-model.ts";
import { formatDuration } from "./run-model.ts";

/** More than this are no steps to count, but bytes. */
const COUNTABLE = 100_000;

/** How far a node or a loop is. */
export function doneWords({ done, total }: NonNullable<NodeRun["progress"]>, between = " / "): string {
  return total > COUNTABLE ? `${Math.floor((100 * done) / total)} %` : `${done}${between}${total}`;
}

/** The time that it still takes, once that is worth waiting for. */
export const leftWords = (left: number | undefined, before: string, after = " left"): string =>
  left === undefined || left < 1000 ? "" : `${before}${formatDuration(left)}${after}`;
