import { expect, test } from "vitest";
import {
  anyType,
  checkParam,
  createRegistry,
  defineNode,
  defineZone,
  describeRegistry,
  float,
  floatType,
  inputPortsOf,
  int,
  lazyPort,
  port,
  seed,
  socketType,
  type NodeDefinition,
} from "../../src/engine/index.ts";
import {
  addNode,
  boxNode,
  boxType,
  description,
  intNode,
  redBoxType,
  registry,
  repeatZone,
} from "./support.ts";

const base = { version: 1, title: "T", doc: "D", inputs: {}, params: {}, outputs: {} };
const node = (extra: object): NodeDefinition =>
  ({ ...base, type: "a/b", keywords: [], cacheable: true, run: () => ({}), ...extra }) as NodeDefinition;

test.each([
  [
    "two nodes of one type",
    () => createRegistry({ nodes: [boxNode, boxNode] }),
    'Two nodes have the type "test/box"',
  ],
  [
    "a node named like a zone's end",
    () => createRegistry({ nodes: [node({ type: "test/repeat-end" })], zones: [repeatZone] }),
    "test/repeat-end",
  ],
  [
    "two zones of one kind",
    () => createRegistry({ nodes: [], zones: [repeatZone, repeatZone] }),
    'Two zones have the kind "repeat"',
  ],
  [
    "two socket types of one id",
    () => createRegistry({ nodes: [boxNode], types: [socketType({ ...boxType })] }),
    'Two socket types have the id "box"',
  ],
  [
    "an unknown extends",
    () => createRegistry({ nodes: [], types: [redBoxType] }),
    'Socket type "redBox" extends "box", which is not known',
  ],
  [
    "a default out of range",
    () => createRegistry({ nodes: [node({ params: { n: int({ default: 5, max: 4, doc: "" }) } })] }),
    'the default of "n" must be at most 4, but is 5',
  ],
  [
    "typeFrom without the input",
    () => createRegistry({ nodes: [node({ outputs: { out: { ...port(anyType, ""), typeFrom: "in" } } })] }),
    'takes its type from "in"',
  ],
  [
    "neither run nor runAsync",
    () => createRegistry({ nodes: [node({ run: undefined })] }),
    "either run or runAsync",
  ],
  [
    "both run and runAsync",
    () => createRegistry({ nodes: [node({ runAsync: async () => ({}) })] }),
    "either run or runAsync",
  ],
  [
    "a lazy input on a node that waits",
    () =>
      createRegistry({
        nodes: [node({ run: undefined, runAsync: async () => ({}), inputs: { x: lazyPort(boxType, "") } })],
      }),
    "lazy input",
  ],
  [
    "a lazy input on a zone's end",
    () =>
      createRegistry({
        nodes: [],
        zones: [
          defineZone({ ...repeatZone, end: { ...repeatZone.end, inputs: { x: lazyPort(boxType, "") } } }),
        ],
      }),
    "lazy input",
  ],
])("N1 a registry refuses %s", (_name, make, message) => {
  expect(make).toThrow(message);
});

test("N1 names are letters and digits, and no parameter has the name of an input", () => {
  expect(() =>
    defineNode({ ...base, type: "a/b", inputs: { "a.b": port(boxType, "") }, run: () => ({}) }),
  ).toThrow("a.b");
  expect(() =>
    defineNode({
      ...base,
      type: "a/b",
      inputs: { x: port(floatType, "") },
      params: { x: float({ default: 0, doc: "" }) },
      run: () => ({}),
    }),
  ).toThrow('"x" is both an input and a parameter');
});

test("N2 a description is plain JSON with ports, flags, params and zone ends", () => {
  const plain = describeRegistry(registry);
  expect(JSON.parse(JSON.stringify(plain))).toEqual(plain);
  expect(plain.nodes["test/lazy"]).toMatchObject({
    title: "Lazy",
    async: false,
    inputs: {
      now: { type: "box", optional: true },
      later: { type: "box", lazy: true, doc: "evaluated inside" },
    },
  });
  expect(plain.nodes["test/async-add"]?.async).toBe(true);
  expect(plain.nodes["test/pass"]?.outputs["out"]).toMatchObject({ type: "any", typeFrom: "in" });
  expect(plain.nodes["test/repeat-begin"]?.zone).toEqual({ kind: "repeat", end: "begin" });
  expect(plain.zones["repeat"]).toMatchObject({ begin: "test/repeat-begin", end: "test/repeat-end" });
  expect(plain.types["redBox"]).toEqual({ id: "redBox", label: "Red box", shape: "[value]", extends: "box" });
  expect(plain.conversions).toContainEqual({ from: "int", to: "float" });
});

test("N3 parameters are inputs of the matching socket type", () => {
  const described = description.nodes["test/add"];
  expect(described && inputPortsOf(described)).toMatchObject({
    a: { type: "box" },
    plus: { type: "float", optional: true },
  });
  expect(Object.keys(addNode.inputs)).not.toContain("plus");
});

test.each([
  [intNode.params["value"], 3, undefined],
  [intNode.params["value"], 3.5, "must be a whole number, but is 3.5"],
  [intNode.params["value"], 2000, "must be at most 1000, but is 2000"],
  [intNode.params["value"], "3", 'must be a whole number, but is "3"'],
  [float({ default: 0, doc: "" }), Number.NaN, "must be a number"],
  [seed({ default: 0, doc: "" }), "18446744073709551615", undefined],
  [seed({ default: 0, doc: "" }), "18446744073709551616", "below 2^64"],
  [seed({ default: 0, doc: "" }), -1, "from 0 to 2^53-1"],
])("V7 checkParam(%o, %o)", (spec, value, reason) => {
  if (spec === undefined) throw new Error("the test's own parameter is missing");
  const answer = checkParam(spec, value);
  if (reason === undefined) expect(answer).toBeUndefined();
  else expect(answer).toContain(reason);
});
