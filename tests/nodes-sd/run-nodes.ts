import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";
import type { Conditioning } from "../../src/nodes/socket-types.ts";
import { nodeServices, Runner, type RunEvent } from "../../src/index.ts";

export interface Array4 {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });

export interface SmallGraph {
  /** Node → type, parameters and, in a loop, the zone. */
  readonly nodes: Readonly<
    Record<string, readonly [type: string, params?: Readonly<Record<string, unknown>>, zone?: string]>
  >;
  /** `a.out -> b.in`. */
  readonly edges?: readonly string[];
  readonly zones?: unknown;
}

/**
 * Runs a small graph on wasm and reads outputs, tensors as arrays. Whether it works or fails, no tensor may be left.
 */
export async function runNodes(
  { nodes, edges = [], zones }: SmallGraph,
  keep: readonly string[],
  { onEvent = () => undefined, signal }: { onEvent?: (event: RunEvent) => void; signal?: AbortSignal } = {},
): Promise<unknown[]> {
  await runner.init("wasm");
  const graph = {
    format: 1,
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([id, [type, params = {}, zone]]) => [
        id,
        { type, version: 1, params, ...(zone !== undefined && { zone }) },
      ]),
    ),
    edges: edges.map((edge) => {
      const [from, to] = edge.split(" -> ");
      return { from, to };
    }),
    ...(zones !== undefined && { zones }),
  };
  const before = tf.memory().numTensors;
  try {
    const { outputs, dispose } = await runner.run(graph, {
      backend: "wasm",
      keep,
      onEvent,
      ...(signal && { signal }),
    });
    const values = await Promise.all(
      keep.map(async (address) => {
        const [node = "", port = ""] = address.split(".");
        const value = outputs[node]?.[port];
        const tensor = tensorOf(value);
        return tensor ? { shape: tensor.shape, values: Float32Array.from(await tensor.data()) } : value;
      }),
    );
    dispose();
    return values;
  } finally {
    expect(tf.memory().numTensors).toBe(before);
  }
}

/** A tensor, or the text states of a prompt. */
function tensorOf(value: unknown): tf.Tensor | undefined {
  const inner = (value as Partial<Conditioning> | undefined)?.states ?? value;
  return inner instanceof tf.Tensor ? inner : undefined;
}

/** For outputs that are tensors or prompts. */
export async function runArrays(graph: SmallGraph, ...keep: readonly string[]): Promise<Array4[]> {
  return (await runNodes(graph, keep)) as Array4[];
}
