import { expect, test } from "vitest";
import {
  InvalidGraphError,
  plan,
  type NodeStep,
  type Plan,
  type Step,
  type ZoneStep,
} from "../../src/engine/index.ts";
import { description, graph } from "./support.ts";

const planOf = (...args: Parameters<typeof graph>): Plan => plan(description, graph(...args));
const ids = (steps: readonly Step[]): string[] =>
  steps.map((step) => (step.kind === "node" ? step.node : `zone ${step.zone}`));
const zoneIn = (steps: readonly Step[], id: string): ZoneStep => {
  const found = steps.find((step) => step.kind === "zone" && step.zone === id);
  if (found?.kind !== "zone") throw new Error(`no zone ${id} in ${ids(steps).join()}`);
  return found;
};
const nodeIn = (steps: readonly Step[], id: string): NodeStep => {
  const found = steps.find((step) => step.kind === "node" && step.node === id);
  if (found?.kind !== "node") throw new Error(`no node ${id} in ${ids(steps).join()}`);
  return found;
};

const nested = (): Plan =>
  planOf(
    {
      start: "box",
      b: { type: "repeat-begin", zone: "o" },
      constant: { type: "box", zone: "o" },
      doubled: { type: "add", zone: "o" },
      bi: { type: "repeat-begin", zone: "i" },
      varying: { type: "add", zone: "i" },
      perOuter: { type: "add", zone: "i" },
      ei: { type: "repeat-end", zone: "i" },
      e: { type: "repeat-end", zone: "o" },
      after: "add",
    },
    [
      "start.box > b.x",
      "constant.box > doubled.a",
      "b.x > bi.y",
      "b.x > perOuter.a",
      "bi.y > varying.a",
      "perOuter.sum > varying.b",
      "doubled.sum > ei.watch",
      "varying.sum > ei.y",
      "ei.y > e.x",
      "e.x > after.a",
    ],
    { o: { kind: "repeat", carry: ["x"] }, i: { kind: "repeat", carry: ["y"], parent: "o" } },
  );

test("P1 a node comes after all that it needs, whatever the order in the file", () => {
  const { steps } = planOf({ d: "add", c: "add", b: "add", a: "box" }, [
    "a.box > b.a",
    "b.sum > c.a",
    "b.half > d.a",
    "c.sum > d.b",
  ]);
  expect(ids(steps)).toEqual(["a", "b", "c", "d"]);
});

test("P2 a zone is one step, and zones nest", () => {
  const { steps, nodes } = nested();
  expect(ids(steps)).toEqual(["start", "zone o", "after"]);
  const outer = zoneIn(steps, "o");
  expect(ids(outer.body)).toEqual(["zone i"]);
  expect(ids(zoneIn(outer.body, "i").body)).toEqual(["varying"]);
  expect(nodes[0]).toBe("start");
  expect(nodes.slice(-2)).toEqual(["e", "after"]);
  expect([...nodes].sort()).toEqual([
    "after",
    "b",
    "bi",
    "constant",
    "doubled",
    "e",
    "ei",
    "perOuter",
    "start",
    "varying",
  ]);
});

test("P3 what does not change with its own loop is moved before it", () => {
  const outer = zoneIn(nested().steps, "o");
  expect(ids(outer.before)).toEqual(["constant", "doubled"]);
  expect(ids(zoneIn(outer.body, "i").before)).toEqual(["perOuter"]);
});

test("P3 a node that is not cacheable stays in the loop, and so do zones around it", () => {
  const { steps } = planOf(
    {
      b: { type: "repeat-begin", zone: "o" },
      bi: { type: "repeat-begin", zone: "i" },
      save: { type: "save", zone: "i" },
      ei: { type: "repeat-end", zone: "i" },
      e: { type: "repeat-end", zone: "o" },
    },
    [],
    { o: { kind: "repeat", carry: [] }, i: { kind: "repeat", carry: [], parent: "o" } },
  );
  const outer = zoneIn(steps, "o");
  expect([ids(outer.before), ids(outer.body), ids(zoneIn(outer.body, "i").body)]).toEqual([
    [],
    ["zone i"],
    ["save"],
  ]);
});

/** Every slot that is filled must be emptied once, and no step may read a slot after that. */
function checkReleases(steps: readonly Step[]): { filled: number[]; released: number[] } {
  const filled: number[] = [];
  const released: number[] = [];
  const gone = new Set<number>();
  const read = (slot: number): void => expect(gone.has(slot)).toBe(false);
  const free = (slots: readonly number[]): void => {
    released.push(...slots);
    for (const slot of slots) gone.add(slot);
  };
  const visit = (list: readonly Step[]): void => {
    for (const step of list) {
      if (step.kind === "node") {
        for (const { slot } of step.inputs) read(slot);
        filled.push(...step.outputs.map(({ slot }) => slot));
      } else {
        for (const { slot } of step.begin.inputs) read(slot);
        for (const { start } of step.carry) read(start.slot);
        visit(step.before);
        filled.push(
          ...step.begin.outputs.map(({ slot }) => slot),
          ...step.carry.map(({ current }) => current),
        );
        free(step.releaseAtBegin);
        visit(step.body);
        for (const { slot } of step.end.inputs) read(slot);
        for (const { next } of step.carry) read(next.slot);
        free(step.releaseAtEnd);
        filled.push(...step.end.outputs.map(({ slot }) => slot), ...step.carry.map(({ last }) => last));
        free(step.releaseAtExit);
      }
      free(step.release);
    }
  };
  visit(steps);
  return { filled, released };
}

test("P4 every slot is released exactly once, after its last reader", () => {
  const { steps, slots } = nested();
  const { filled, released } = checkReleases(steps);
  expect([...released].sort((a, b) => a - b)).toEqual([...filled].sort((a, b) => a - b));
  expect(new Set(released).size).toBe(slots);
  const start = nodeIn(steps, "start").outputs[0]?.slot;
  expect(zoneIn(steps, "o").release).toContain(start);
});

test("P4 a value is released by its last reader, not later", () => {
  const { steps } = planOf({ a: "box", b: "add", c: "add", d: "add" }, [
    "a.box > b.a",
    "b.sum > c.a",
    "a.box > c.b",
    "c.sum > d.a",
  ]);
  const slot = nodeIn(steps, "a").outputs[0]?.slot;
  expect(nodeIn(steps, "c").release).toContain(slot);
  expect(nodeIn(steps, "b").release).toEqual([nodeIn(steps, "b").outputs[1]?.slot]);
});

test("P5 only: ancestors alone, and faults elsewhere do not matter", () => {
  const document = graph({ a: "box", b: "add", c: "add", broken: "add", worse: "nothing" }, [
    "a.box > b.a",
    "b.sum > c.a",
    "worse.x > broken.b",
  ]);
  expect(plan(description, document, { only: ["b"] }).nodes).toEqual(["a", "b"]);
  expect(
    plan(description, document, { only: ["b"] }).sinks.map(({ node, port }) => `${node}.${port}`),
  ).toEqual(["b.sum", "b.half"]);
  expect(() => plan(description, document, { only: ["broken"] })).toThrow('input "a"');
  expect(() => plan(description, document, { only: ["nobody"] })).toThrow(
    'There is no node "nobody" to run.',
  );
  expect(() => plan(description, document)).toThrow('"test/nothing"');
});

test("P5 only: a node in a zone brings the zone's ends along, not the rest of the body", () => {
  const document = graph(
    {
      b: { type: "repeat-begin", zone: "z" },
      seen: { type: "add", zone: "z" },
      other: { type: "add", zone: "z" },
      e: { type: "repeat-end", zone: "z" },
      after: "pass",
    },
    ["b.fresh > seen.a", "b.fresh > other.a", "e.count > after.in"],
    { z: { kind: "repeat", carry: [] } },
  );
  expect(plan(description, document, { only: ["seen"] }).nodes).toEqual(["b", "seen", "e"]);
  expect(plan(description, document, { only: ["after"] }).nodes).toEqual(["b", "e", "after"]);
});

test("P6 a plan is plain data, and a faulty graph is refused with all its faults", () => {
  const made = nested();
  expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  try {
    planOf({ a: "add", b: "add" });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidGraphError);
    expect((error as InvalidGraphError).faults).toHaveLength(2);
    expect((error as Error).message.split("\n")).toHaveLength(2);
  }
});

test("P6 stored parameters are completed by defaults", () => {
  const { steps } = planOf({ a: "box", b: { type: "box", params: { value: 4 } } });
  expect([nodeIn(steps, "a").params, nodeIn(steps, "b").params]).toEqual([{ value: 0 }, { value: 4 }]);
});
