import { expect, test } from "vitest";
import {
  collect,
  createRegistry,
  defineNode,
  describeRegistry,
  execute,
  PartialOutputsError,
  plan,
  plainHost,
  port,
  socketType,
  type EngineError,
} from "../../src/engine/index.ts";

let living = 0;
class Thing {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
    living += 1;
  }
  dispose(): void {
    living -= 1;
  }
}
const thing = socketType<Thing>({
  id: "thing",
  label: "Thing",
  guard: (value): value is Thing => value instanceof Thing,
  resources: (value) => [value],
});
const breaks = defineNode({
  type: "test/breaks",
  version: 1,
  title: "Breaks",
  doc: "Fails with one of two outputs.",
  inputs: {},
  params: {},
  outputs: { good: port(thing, "Kept."), never: port(thing, "Not made.") },
  runAsync: () => Promise.reject(new PartialOutputsError("half-way", { good: new Thing("kept"), stray: 3 })),
});

test("E6: what a broken node could save comes with the error, under its id, and is freed once by its dispose", async () => {
  const registry = createRegistry({ nodes: [breaks] });
  const document = {
    format: 1,
    nodes: { b: { type: "test/breaks", version: 1, params: {} } },
    edges: [],
  } as const;
  const run = collect(execute(plan(describeRegistry(registry), document), { registry, host: plainHost }));
  const error = await run.then(
    () => undefined,
    (caught: unknown) => caught as EngineError,
  );
  expect(error?.message).toBe('Node "b" (Breaks): half-way');
  expect(Object.keys(error?.partial?.outputs["b"] ?? {})).toEqual(["good"]);
  expect((error?.partial?.outputs["b"]?.["good"] as Thing).name).toBe("kept");
  expect(living).toBe(1);
  error?.partial?.dispose();
  error?.partial?.dispose();
  expect(living).toBe(0);
});
