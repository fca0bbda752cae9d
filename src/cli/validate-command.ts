import type { DocumentError } from "../engine/graph/parse.ts";
import type { InvalidGraphError } from "../engine/run/errors.ts";
import { plan } from "../engine/run/plan.ts";
import { describeNodes } from "../nodes/describe.ts";
import { readGraph } from "../nodes/read-graph.ts";
import { readGraphFile } from "./graph-file.ts";
import { isInvalidGraph } from "./invalid-graph.ts";

/** Lists every fault of a graph file. @returns 0 if there is none, else 2. */
export async function validateFile(path: string): Promise<number> {
  const text = await readGraphFile(path);
  try {
    plan(describeNodes(), readGraph(text));
  } catch (error) {
    if (!isInvalidGraph(error)) throw error;
    printFaults(path, error);
    return 2;
  }
  console.log(`${path}: no faults`);
  return 0;
}

/** One line for each fault. */
export function printFaults(path: string, error: DocumentError | InvalidGraphError): void {
  const lines = error.message.split("\n");
  console.error(`${path}: ${String(lines.length)} fault${lines.length === 1 ? "" : "s"}`);
  for (const line of lines) console.error(`  ${line}`);
}
