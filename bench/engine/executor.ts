import { ClassicPreset, NodeEditor, type GetSchemes } from "rete";
import { DataflowEngine } from "rete-engine";
import { defineNode, port } from "../../src/engine/node/define-node.ts";
import { createRegistry, describeRegistry } from "../../src/engine/node/registry.ts";
import { floatType } from "../../src/engine/node/socket-type.ts";
import type { EdgeRecord, GraphDocument, NodeRecord } from "../../src/engine/graph/document.ts";
import { createCache } from "../../src/engine/run/cache.ts";
import { collect, execute } from "../../src/engine/run/execute.ts";
import { plainHost } from "../../src/engine/run/host.ts";
import { plan } from "../../src/engine/run/plan.ts";
import { sideBySide, type Row } from "../support.ts";

const CHAIN = 1000;
const PLANNED = 10_000;

const start = defineNode({
  type: "bench/start",
  version: 1,
  title: "Start",
  doc: "The number 0.",
  inputs: {},
  params: {},
  outputs: { value: port(floatType, "0.") },
  run: () => ({ value: 0 }),
});
const addOne = defineNode({
  type: "bench/add-one",
  version: 1,
  title: "Add one",
  doc: "Adds one.",
  inputs: { value: port(floatType, "A number.") },
  params: {},
  outputs: { value: port(floatType, "One more.") },
  run: ({ inputs: { value } }) => ({ value: value + 1 }),
});
const registry = createRegistry({ nodes: [start, addOne] });
const description = describeRegistry(registry);

/** A chain of `length` nodes; with `strand` over 1, that many chains from one start. */
function chain(length: number): GraphDocument {
  const nodes: Record<string, NodeRecord> = { n0: { type: "bench/start", version: 1, params: {} } };
  const edges: EdgeRecord[] = [];
  for (let i = 1; i < length; i++) {
    nodes[`n${String(i)}`] = { type: "bench/add-one", version: 1, params: {} };
    edges.push({ from: `n${String(i - 1)}.value`, to: `n${String(i)}.value` });
  }
  return { format: 1, nodes, edges };
}

class Adder extends ClassicPreset.Node {
  private readonly first: boolean;

  constructor(first: boolean, socket: ClassicPreset.Socket) {
    super("Add one");
    this.first = first;
    if (!first) this.addInput("value", new ClassicPreset.Input(socket));
    this.addOutput("value", new ClassicPreset.Output(socket));
  }

  data(inputs: Record<string, unknown>): { value: number } {
    const [value] = (inputs["value"] as number[] | undefined) ?? [];
    return { value: this.first ? 0 : (value ?? Number.NaN) + 1 };
  }
}

/** The same chain in Rete's own engine. */
async function reteChain(length: number): Promise<() => Promise<number>> {
  type Schemes = GetSchemes<Adder, ClassicPreset.Connection<ClassicPreset.Node, ClassicPreset.Node>>;
  const editor = new NodeEditor<Schemes>();
  const engine = new DataflowEngine<Schemes>();
  editor.use(engine);
  const socket = new ClassicPreset.Socket("number");
  let last = new Adder(true, socket);
  await editor.addNode(last);
  for (let i = 1; i < length; i++) {
    const next = new Adder(false, socket);
    await editor.addNode(next);
    await editor.addConnection(
      new ClassicPreset.Connection<ClassicPreset.Node, ClassicPreset.Node>(last, "value", next, "value"),
    );
    last = next;
  }
  return async () => {
    engine.reset();
    return ((await engine.fetch(last.id)) as { value: number }).value;
  };
}

/** Kahn's algorithm on names alone: the least that planning can be. */
function sortOnly({ nodes, edges }: GraphDocument): string[] {
  const waiting = new Map(Object.keys(nodes).map((id) => [id, 0]));
  const readers = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const [source = "", target = ""] = [from.split(".")[0], to.split(".")[0]];
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
    readers.set(source, [...(readers.get(source) ?? []), target]);
  }
  const order = [...waiting].filter(([, count]) => count === 0).map(([id]) => id);
  for (const id of order) {
    for (const reader of readers.get(id) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) order.push(reader);
    }
  }
  return order;
}

const expectValue = (actual: unknown): void => {
  if (actual !== CHAIN - 1)
    throw new Error(`The chain gave ${String(actual)} in place of ${String(CHAIN - 1)}.`);
};

/** Executor and planner beside Rete's DataflowEngine and a bare sort. */
export async function benchEngine(): Promise<Row[]> {
  const steps = plan(description, chain(CHAIN));
  const run = async (cache?: ReturnType<typeof createCache>): Promise<void> => {
    const result = await collect(execute(steps, { registry, host: plainHost, ...(cache && { cache }) }));
    expectValue(result.outputs[`n${String(CHAIN - 1)}`]?.["value"]);
    result.dispose();
  };
  const rete = await reteChain(CHAIN);
  const peer = async (): Promise<void> => {
    expectValue(await rete());
  };
  const fresh = await sideBySide(11, () => run(), peer);
  const cache = createCache({ budgetBytes: 1e9 });
  const cached = await sideBySide(11, () => run(cache), peer);
  // A new document each time: plans are remembered by the document's identity.
  const planning = await sideBySide(
    7,
    () => plan(description, chain(PLANNED)),
    () => sortOnly(chain(PLANNED)),
  );
  const perNode = (ms: number): number => (ms / CHAIN) * 1000;
  const engine = (value: number) => ({ name: "Rete's DataflowEngine", value: perNode(value) });
  return [
    {
      name: `execute, per node of a chain of ${String(CHAIN)}`,
      value: perNode(fresh.ours),
      unit: "µs",
      peer: engine(fresh.peer),
      goal: "≤ 50 µs",
    },
    {
      name: "execute, everything cached, per node",
      value: perNode(cached.ours),
      unit: "µs",
      peer: engine(cached.peer),
    },
    {
      name: `plan ${String(PLANNED)} nodes`,
      value: planning.ours,
      unit: "ms",
      peer: { name: "a bare sort", value: planning.peer },
      goal: "≤ 200 ms",
    },
  ];
}
