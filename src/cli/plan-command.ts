import { nodeServices, Runner } from "../index.ts";
import { budgetWords, memoryText as size } from "../nodes/memory/memory-words.ts";
import { planMemory, type MemoryPlan } from "../nodes/memory/plan-memory.ts";
import type { RunCommand } from "./args.ts";
import { readGraphFile } from "./graph-file.ts";
import { isInvalidGraph } from "./invalid-graph.ts";
import { printFaults } from "./validate-command.ts";

/** Prints what a run will need of memory. @returns 0; 1 if a model cannot be opened; 2 for an invalid graph. */
export async function planFile({
  graph,
  set,
  backend,
  json,
  memoryBudget,
}: Omit<RunCommand, "command">): Promise<number> {
  const text = await readGraphFile(graph);
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  try {
    const plan = await planMemory(runner, text, { set, backend });
    console.log(json ? JSON.stringify(plan) : describePlan(plan, memoryBudget).join("\n"));
    return 0;
  } catch (error) {
    if (isInvalidGraph(error)) {
      printFaults(graph, error);
      return 2;
    }
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** The plan in words, a line each. */
export function describePlan(
  { models, steps, picture, peakBytes, leastBytes }: MemoryPlan,
  budget?: number,
): string[] {
  if (models.length === 0) return ["This graph reads no models from files."];
  const { batch, height, width, assumed } = picture;
  const lines = [
    ...models.map(({ label, bytes }) => `${size(bytes).padStart(9)}  ${label}`),
    ...steps.map(
      ({ node, title, modelBytes, workingBytes }) =>
        `${size(modelBytes + workingBytes).padStart(9)}  needed by "${node}" (${title}), about ${size(workingBytes)} of it to work`,
    ),
    `${size(peakBytes).padStart(9)}  with everything loaded; ${size(leastBytes)} is the least that will do`,
    `           for ${String(batch)} picture${batch === 1 ? "" : "s"} of ${String(width)}×${String(height)}${assumed ? " (assumed: the graph does not tell)" : ""}`,
  ];
  return budget === undefined ? lines : [...lines, budgetWords({ peakBytes, leastBytes }, budget)];
}
