import { nodeServices } from "./nodes/sources/node-sources.ts";
import { Runner, type GraphResult, type RunOptions } from "./nodes/runner.ts";
import type { Services } from "./nodes/sources/sources.ts";

export type { GraphDocument } from "./engine/graph/document.ts";
export type { RunEvent, RunReason } from "./engine/run/events.ts";
export { EngineError, InvalidGraphError, RequestError, RunCancelledError } from "./engine/run/errors.ts";
export { Runner, type GraphResult, type RunnerOptions, type RunOptions } from "./nodes/runner.ts";
export { nodeServices } from "./nodes/sources/node-sources.ts";
export type { FileSink, Services, SourceFolder, Sources } from "./nodes/sources/sources.ts";

export interface RunGraphOptions extends RunOptions {
  /** Where weights and data come from and files go; by default disk, what ships, the Hub and `https://`. */
  readonly services?: Services;
}

/**
 * Runs a graph headless in Node.
 *
 * @param graph A document, or the text or JSON of a graph file.
 * @returns Outputs by node and port, of every output that nothing in the graph reads and of those in `keep`. Call `dispose`
 *   when you have read them.
 * @throws {InvalidGraphError} with every fault, before anything has run; {EngineError} that names node, port, zone and iteration.
 *
 * @example
 * const { outputs, dispose } = await runGraph(graph, { set: { "seed.seed": 1 } });
 */
export async function runGraph(
  graph: unknown,
  { services = nodeServices(), ...options }: RunGraphOptions = {},
): Promise<GraphResult> {
  return new Runner({ services, cacheBytes: 0 }).run(graph, options);
}
