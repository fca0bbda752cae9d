import type { MemoryPlan } from "./plan-memory.ts";

/** Bytes for people: decimal, as file sizes are told. */
export function memoryText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${String(Math.ceil(bytes / 1e3))} KB`;
}

/** Whether a budget suffices. */
export type BudgetVerdict = "everything" | "in turn" | "too small";

export function budgetVerdict(
  { peakBytes, leastBytes }: Pick<MemoryPlan, "peakBytes" | "leastBytes">,
  budget: number,
): BudgetVerdict {
  if (peakBytes <= budget) return "everything";
  return leastBytes <= budget ? "in turn" : "too small";
}

const VERDICTS: Readonly<Record<BudgetVerdict, string>> = {
  everything: "holds everything at once.",
  "in turn": "holds one part after the other: models will be unloaded and loaded again.",
  "too small": "is too small: the run will go over it, and say so.",
};

/** The verdict as a sentence. */
export const budgetWords = (plan: Pick<MemoryPlan, "peakBytes" | "leastBytes">, budget: number): string =>
  `The budget of ${memoryText(budget)} ${VERDICTS[budgetVerdict(plan, budget)]}`;
