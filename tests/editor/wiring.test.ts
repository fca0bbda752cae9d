import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canConnect } from "../../src/engine/graph/can-connect.ts";
import { outputType, shapeOf } from "../../src/editor/graph/ports.ts";
import { WireRules } from "../../src/editor/graph/wiring.ts";
import { catalog } from "./fixtures/registry.ts";
import { zoned } from "./fixtures/graphs.ts";
import { catalogOf, randomDocument } from "./fixtures/random.ts";

const inLoop = { type: "yarn/spin", version: 1, zone: "loop", params: {} };
const rules = new WireRules({ ...zoned, nodes: { ...zoned.nodes, spin2: inLoop } }, catalog);

describe("why a wire is refused", () => {
  test.each([
    ["a wrong type", "weave.cloth", "ply.a", /Cloth.*does not fit.*Yarn/],
    ["a wider type", "ply.yarn", "weave.warp", /Yarn.*does not fit.*Thread/],
    ["a circle", "corner.out", "begin.yarn", /circle/],
    ["a circle around a zone", "corner.out", "ply.b", /circle/],
    ["itself", "ply.yarn", "ply.b", /itself/],
    ["leaving a zone beside its end", "ply.yarn", "corner.in", /zone "loop" only through its end/],
    ["a port that is not there", "ply.nothing", "ply.a", /no output "nothing"/],
  ])("%s", (_, from, to, words) => {
    expect(rules.refusal(from, to)).toMatch(words);
  });

  test.each([
    ["a narrower type", "spin.thread", "ply.a"],
    ["into a zone from outside", "spin.thread", "ply.b"],
    ["an occupied input", "spin.thread", "corner.in"],
    ["a whole number into a parameter of fractions", "begin.index", "spin2.twist"],
  ])("not: %s", (_, from, to) => {
    expect(rules.refusal(from, to)).toBeUndefined();
  });

  test("the editor and the engine agree on every pair of ports of random graphs", () => {
    fc.assert(
      fc.property(randomDocument(), (document) => {
        const own = catalogOf(document);
        const local = new WireRules(document, own);
        const ids = Object.keys(document.nodes);
        for (const from of ids) {
          for (const to of ids) {
            for (const output of local.shape(from)?.outputs ?? []) {
              for (const input of local.shape(to)?.inputs ?? []) {
                const [a, b] = [`${from}.${output.name}`, `${to}.${input.name}`];
                const theirs = canConnect(own.description, document, a, b);
                expect({ a, b, ok: local.refusal(a, b) === undefined }).toEqual({ a, b, ok: theirs.ok });
              }
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("carried values and reroutes have the type of what is wired into them", () => {
  expect(outputType(zoned, catalog, "begin", "yarn")).toBe("yarn");
  expect(outputType(zoned, catalog, "end", "yarn")).toBe("yarn");
  expect(outputType(zoned, catalog, "corner", "out")).toBe("yarn");
});

test("a node of an unknown type has the ports that wires name", () => {
  const record = { type: "gone/lost", version: 1, params: { kept: 1 } };
  const document = {
    ...zoned,
    nodes: { ...zoned.nodes, lost: record },
    edges: [
      { from: "spin.thread", to: "lost.wool" },
      { from: "lost.coat", to: "corner.in" },
    ],
  };
  const shape = shapeOf(document, catalog, "lost", record);
  expect(shape.inputs.map((port) => port.name)).toEqual(["wool"]);
  expect(shape.outputs.map((port) => port.name)).toEqual(["coat"]);
});
