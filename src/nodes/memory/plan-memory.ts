import type { Model } from "../../diffusion/weights/parameters.ts";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { plan } from "../../engine/run/plan.ts";
import type { NodeStep, PlannedInput, Step } from "../../engine/run/plan-data.ts";
import { anyType } from "../../engine/node/socket-type.ts";
import { describeNodes } from "../describe.ts";
import { readGraph } from "../read-graph.ts";
import { registry } from "../registry.ts";
import type { Runner, RunOptions } from "../runner.ts";
import { setParams } from "../set-params.ts";
import { vaeType } from "../socket-types.ts";
import reroute from "../value/reroute.node.ts";
import { plannedSizes, type PlannedPicture, type PlannedSizes } from "./plan-picture.ts";

/** What a run will need, told before it. Bytes of models are exact, those of work are estimates. */
export interface MemoryPlan {
  readonly models: readonly {
    readonly node: string;
    readonly port: string;
    readonly label: string;
    readonly bytes: number;
  }[];
  /** The nodes that read models, in the order in which they first run. */
  readonly steps: readonly {
    readonly node: string;
    readonly title: string;
    /** Labels of what it reads. */
    readonly models: readonly string[];
    readonly modelBytes: number;
    readonly workingBytes: number;
  }[];
  /** The size of picture that the work was estimated for; assumed where the graph does not tell. */
  readonly picture: PlannedPicture;
  /** With everything loaded at once, and the most that one node needs to work. */
  readonly peakBytes: number;
  /** The least that will do: the largest node with nothing loaded but what it reads. */
  readonly leastBytes: number;
}

/**
 * Opens the models of a graph, which reads configs and headers only, and adds up what they and the nodes that read them need.
 * @throws as a run does: for an invalid graph, a file that is missing or does not fit its config.
 */
export async function planMemory(
  runner: Runner,
  graph: unknown,
  options: Pick<RunOptions, "set" | "backend" | "signal"> = {},
): Promise<MemoryPlan> {
  const description = describeNodes();
  const read = readGraph(graph);
  const document: GraphDocument = options.set ? setParams(description, read, options.set) : read;
  const steps = plan(description, document).steps.flatMap(nodesIn);
  const loaders = steps.filter(isLoader);
  if (loaders.length === 0) return summarize(steps, new Map());
  const ports = loaders.flatMap(({ node, outputs }) =>
    outputs.filter(({ type }) => hasResidents(type)).map(({ port }) => `${node}.${port}`),
  );
  const result = await runner.run(document, {
    ...options,
    only: loaders.map(({ node }) => node),
    keep: ports,
  });
  try {
    const values = new Map(ports.map((address) => [address, valueAt(result.outputs, address)]));
    return summarize(steps, values);
  } finally {
    result.dispose();
  }
}

const nodesIn = (step: Step): NodeStep[] =>
  step.kind === "node" ? [step] : [...step.before, ...step.body].flatMap(nodesIn);

const hasResidents = (type: string): boolean => registry.types.get(type)?.residents !== undefined;

/** A node that opens something outside of the graph and hands out a model of it. */
const isLoader = ({ type, outputs }: NodeStep): boolean =>
  registry.nodes.get(type)?.cacheKey !== undefined && outputs.some((output) => hasResidents(output.type));

function valueAt(
  outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  address: string,
): unknown {
  const [node = "", port = ""] = address.split(".");
  return outputs[node]?.[port];
}

function summarize(steps: readonly NodeStep[], values: ReadonlyMap<string, unknown>): MemoryPlan {
  const typeOf = new Map<string, string>(
    steps.flatMap(({ node, outputs }) => outputs.map(({ port, type }) => [`${node}.${port}`, type] as const)),
  );
  const residentsAt = (address: string) => {
    const value = values.get(address);
    return value === undefined
      ? []
      : (registry.types.get(typeOf.get(address) ?? "")?.residents?.(value) ?? []);
  };
  const origin = originIn(steps);
  const valueFor = ({ source }: PlannedInput): unknown => values.get(origin(addressOf(source)));
  const sizes = plannedSizes(steps, vaeOf(steps, valueFor));
  const readers = steps.flatMap((step) => {
    const definition = registry.nodes.get(step.type);
    if (definition?.readsResidents === false) return [];
    // What takes anything (a reroute, a note) does not look into it.
    const read = step.inputs.filter(({ type }) => type !== anyType.id);
    const residents = [...new Set(read.flatMap(({ source }) => residentsAt(origin(addressOf(source)))))];
    if (residents.length === 0) return [];
    const inputs = Object.fromEntries(
      step.inputs.map((input) => [input.port, valueFor(input) ?? standIn(input.type, sizes)]),
    );
    return [
      {
        step,
        residents,
        workingBytes: definition?.workingBytes?.({ inputs, params: { ...step.params } }) ?? 0,
      },
    ];
  });
  const all = new Set(readers.flatMap(({ residents }) => residents));
  const sum = (list: Iterable<{ readonly bytes: number }>): number =>
    [...list].reduce((total, { bytes }) => total + bytes, 0);
  const most = (list: readonly number[]): number => Math.max(0, ...list);
  return {
    models: [...values.keys()].flatMap((address) => {
      const [node = "", port = ""] = address.split(".");
      return residentsAt(address)
        .filter((one) => all.has(one))
        .map(({ label, bytes }) => ({ node, port, label, bytes }));
    }),
    steps: readers.map(({ step, residents, workingBytes }) => ({
      node: step.node,
      title: step.title,
      models: residents.map(({ label }) => label),
      modelBytes: sum(residents),
      workingBytes,
    })),
    picture: sizes.picture,
    peakBytes: sum(all) + most(readers.map(({ workingBytes }) => workingBytes)),
    leastBytes: most(readers.map(({ residents, workingBytes }) => sum(residents) + workingBytes)),
  };
}

const addressOf = ({ node, port }: PlannedInput["source"]): string => `${node}.${port}`;

/** Finds where a wire begins: a reroute hands on what it is given. */
function originIn(steps: readonly NodeStep[]): (address: string) => string {
  const before = new Map<string, string>();
  for (const { node, type, inputs } of steps) {
    const [input] = inputs;
    if (type === reroute.type && input) before.set(`${node}.value`, addressOf(input.source));
  }
  const origin = (address: string): string => {
    const earlier = before.get(address);
    return earlier === undefined ? address : origin(earlier);
  };
  return origin;
}

/** The VAE that a step reads: a pipeline may bring one along that another one stands in for. */
function vaeOf(
  steps: readonly NodeStep[],
  valueFor: (input: PlannedInput) => unknown,
): Model<unknown> | undefined {
  const read = steps.flatMap(({ inputs }) => inputs).filter(({ type }) => type === vaeType.id);
  return read.map(valueFor).find(vaeType.guard);
}

/** A value that shows its size and nothing else. */
function standIn(type: string, { picture: { batch, height, width }, downscale }: PlannedSizes): unknown {
  switch (type) {
    case "latent":
      return { shape: [batch, Math.ceil(height / downscale), Math.ceil(width / downscale), 4] };
    case "image":
      return { shape: [batch, height, width, 3] };
    case "tokens":
      return { inputIds: [[]] };
    default:
      return undefined;
  }
}
