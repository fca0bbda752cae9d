import { EngineError, RequestError, RunCancelledError, type PartialResult } from "../engine/run/errors.ts";
import { splitAddress } from "../engine/graph/expand.ts";
import type { RunEvent } from "../engine/run/events.ts";
import { runGraph, type GraphResult } from "../index.ts";
import { carryingGraph } from "../nodes/io/carry-graph.ts";
import { saveValue } from "../nodes/io/save-value.ts";
import { nodeFiles } from "../nodes/sources/node-sources.ts";
import { UsageError, type RunCommand } from "./args.ts";
import { readGraphFile } from "./graph-file.ts";
import { isInvalidGraph } from "./invalid-graph.ts";
import { ProgressBar } from "./progress-bar.ts";
import { StatisticsPrinter } from "./statistics.ts";
import { printFaults } from "./validate-command.ts";

const EXIT = { done: 0, failed: 1, invalid: 2, interrupted: 130 } as const;

/** Runs a graph file and saves what was asked for. @returns The exit code. */
export async function runFile(command: RunCommand): Promise<number> {
  const text = await readGraphFile(command.graph);
  const bar = new ProgressBar(process.stderr);
  const show = (event: RunEvent): void => {
    if (command.json) console.log(JSON.stringify(event));
    else bar.show(event);
  };
  const statistics = new StatisticsPrinter(command.stats);
  const controller = new AbortController();
  const interrupt = (): void => {
    controller.abort();
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    const result = await runGraph(text, {
      set: command.set,
      backend: command.backend,
      signal: controller.signal,
      keep: [...new Set([...command.save.map(({ port }) => port), ...command.stats])],
      observer: statistics,
      onEvent: show,
      ...(command.memoryBudget !== undefined && { memoryBudget: command.memoryBudget }),
      ...(command.only.length > 0 && { only: command.only }),
    });
    bar.clear();
    if (!command.json) console.error(`ran on ${result.runtime.backend}: ${result.runtime.reason}`);
    await saveOutputs(command, result);
    await statistics.print(command.json);
    return EXIT.done;
  } catch (error) {
    bar.clear();
    return await explain(command, error);
  } finally {
    statistics.dispose();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

async function saveOutputs(
  { save, json }: RunCommand,
  { outputs, document }: Pick<GraphResult, "outputs" | "document">,
): Promise<void> {
  const files = carryingGraph(nodeFiles, document);
  for (const { port: address, path } of save) {
    const { node, port } = splitAddress(address);
    await saveValue(files, path, outputs[node]?.[port]);
    if (!json) console.error(`saved ${address} as ${path}`);
  }
}

async function explain(command: RunCommand, error: unknown): Promise<number> {
  if (error instanceof UsageError) throw error;
  if (isInvalidGraph(error)) {
    printFaults(command.graph, error);
    return EXIT.invalid;
  }
  if (error instanceof RequestError) {
    console.error(error.message);
    return EXIT.invalid;
  }
  const partial = error instanceof EngineError ? error.partial : undefined;
  if (error instanceof RunCancelledError) {
    partial?.dispose();
    console.error("interrupted: nothing was saved");
    return EXIT.interrupted;
  }
  console.error(error instanceof Error ? error.message : String(error));
  if (partial) await saveLastGood(command, partial);
  return EXIT.failed;
}

/** A training that broke keeps what it had: outputs to be saved go beside their file, under a name that says what they are. */
async function saveLastGood(command: RunCommand, partial: PartialResult): Promise<void> {
  for (const { port: address, path } of command.save) {
    const { node, port } = splitAddress(address);
    const value = partial.outputs[node]?.[port];
    if (value === undefined) continue;
    const kept = path.endsWith("/")
      ? `${path.slice(0, -1)}.last-good/`
      : path.replace(/(\.[^.]+)$/, ".last-good$1");
    await saveValue(nodeFiles, kept, value);
    console.error(`saved the last good ${address} as ${kept}`);
  }
  partial.dispose();
}
