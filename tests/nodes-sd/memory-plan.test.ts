import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { describePlan } from "../../src/cli/plan-command.ts";
import { nodeServices, Runner, type RunEvent } from "../../src/index.ts";
import { planMemory } from "../../src/nodes/memory/plan-memory.ts";
import { readTemplate } from "../graphs/sd-cases.ts";
import { pipeline } from "../graphs/tiny-pipelines.ts";

const set = { "model.source": pipeline("base"), "noise.height": 64, "noise.width": 64 };

it("says before the run what each part will need, and the run then needs that", async () => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  await runner.init("wasm");
  const before = tf.memory();
  const plan = await planMemory(runner, readTemplate("txt2img"), { backend: "wasm", set });
  expect(tf.memory(), "the plan loads no weights").toEqual(before);
  expect(plan.picture).toEqual({ batch: 1, height: 64, width: 64, assumed: false });
  const loaded: RunEvent[] = [];
  const result = await runner.run(readTemplate("txt2img"), {
    backend: "wasm",
    set,
    onEvent: (event) => {
      if (event.type === "memory") loaded.push(event);
    },
  });
  result.dispose();
  const measured = loaded.map((event) => (event.type === "memory" ? [event.label, event.bytes] : []));
  expect(new Map(plan.models.map(({ label, bytes }) => [label, bytes]))).toEqual(
    new Map(measured as [string, number][]),
  );
  expect(plan.models).toHaveLength(3);
  expect(plan.steps.map(({ node }) => node)).toContain("predict");
  expect(plan.leastBytes).toBeLessThan(plan.peakBytes);
  const work = new Map(plan.steps.map(({ node, workingBytes }) => [node, workingBytes]));
  for (const node of ["predict", "decode"]) expect(work.get(node), node).toBeGreaterThan(0);
});

it("tells whether a budget suffices", async () => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  const plan = await planMemory(runner, readTemplate("txt2img"), { backend: "cpu", set });
  const verdict = (budget: number): string => describePlan(plan, budget).at(-1) ?? "";
  expect(verdict(plan.peakBytes)).toMatch(/everything at once/);
  expect(verdict(plan.leastBytes)).toMatch(/one part after the other/);
  expect(verdict(plan.leastBytes - 1)).toMatch(/too small/);
});
