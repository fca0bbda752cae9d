import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { describePlan } from "../../src/cli/plan-command.ts";
import { parseAutoencoderKlConfig } from "../../src/diffusion/models/autoencoder-kl-config.ts";
import { parseUnet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { nodeServices, Runner, type RunEvent } from "../../src/index.ts";
import { decodeWorkingBytes } from "../../src/nodes/image/vae.ts";
import { unetWorkingBytes, vaeWorkingBytes } from "../../src/nodes/memory/estimates.ts";
import { planMemory } from "../../src/nodes/memory/plan-memory.ts";
import { readTemplate } from "../graphs/sd-cases.ts";
import { golden, pipeline } from "../graphs/tiny-pipelines.ts";

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

/** The config of a part of the model of emoji pictures, which the package brings along. */
const emojiConfig = (part: string): unknown =>
  JSON.parse(
    readFileSync(new URL(`../../public/models/emoji-diffusion/${part}/config.json`, import.meta.url), "utf8"),
  );

it("reckons with latents as small as the graph's VAE makes them", async () => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  const plan = await planMemory(runner, readTemplate("emoji-txt2img"), { backend: "wasm" });
  const work = new Map(plan.steps.map(({ node, workingBytes }) => [node, workingBytes]));
  const unet = parseUnet2dConditionConfig(emojiConfig("unet"));
  // 64 pixels are 16 places of a latent: this VAE halves twice.
  expect(work.get("predict")).toBe(
    unetWorkingBytes({ className: "UNet2DConditionModel", config: unet }, [1, 16, 16, 4]),
  );
  const vae = parseAutoencoderKlConfig(emojiConfig("vae"));
  expect(work.get("decode")).toBe(vaeWorkingBytes({ className: "AutoencoderKL", config: vae }, [1, 64, 64]));
});

it("follows wires around their bends", async () => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  const straight = JSON.parse(readTemplate("emoji-txt2img")) as GraphDocument;
  const plan = await planMemory(runner, straight, { backend: "cpu" });
  const bent = {
    ...straight,
    nodes: {
      ...straight.nodes,
      bend: { type: "value/reroute", version: 1, params: {} },
      another: { type: "value/reroute", version: 1, params: {} },
      vaeBend: { type: "value/reroute", version: 1, params: {} },
    },
    edges: [
      ...straight.edges.map(({ from, to }) => ({
        from: to === "predict.unet" ? "another.value" : to === "decode.vae" ? "vaeBend.value" : from,
        to,
      })),
      { from: "model.unet", to: "bend.value" },
      { from: "bend.value", to: "another.value" },
      { from: "model.vae", to: "vaeBend.value" },
    ],
  };
  const { steps, ...rest } = await planMemory(runner, bent, { backend: "cpu" });
  const byNode = (list: typeof steps): typeof steps =>
    [...list].sort((one, other) => one.node.localeCompare(other.node));
  expect({ ...rest, steps: byNode(steps) }).toEqual({ ...plan, steps: byNode(plan.steps) });
});

it("reckons with more for weights in full precision", async () => {
  await new Runner({ services: nodeServices(), cacheBytes: 0 }).init("wasm");
  const described = { className: "AutoencoderKL", config: parseAutoencoderKlConfig(emojiConfig("vae")) };
  const weights = { "conv.weight": tf.zeros([4, 4]) };
  const bytes = decodeWorkingBytes({ ...described, weights }, [1, 16, 16, 4], {});
  expect(bytes).toBe(vaeWorkingBytes(described, [1, 64, 64], "full"));
  expect(bytes).toBeGreaterThan(vaeWorkingBytes(described, [1, 64, 64], "half"));
  tf.dispose(weights);
});

it.each([
  ["sample-digits", { batch: 16, height: 28, width: 28, assumed: false }, "pixels, without a VAE"],
  ["emoji-fine-tune", { batch: 1, height: 64, width: 64, assumed: false }, "beside noise like another batch"],
])("takes the size of the picture from the node that tells it: %s", async (name, picture) => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  const plan = await planMemory(runner, readTemplate(name), { backend: "cpu" });
  expect(plan.picture).toEqual(picture);
});

it.each([
  [
    "controlnet",
    "follow",
    { "controlnet.source": golden("controlnet"), "edges.source": golden("edges.png") },
  ],
  ["depth-to-image", "depth", { "model.source": pipeline("depth"), "estimator.source": pipeline("depth") }],
] as const)("counts the work of the other networks, and loads none of them: %s", async (name, node, own) => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  await runner.init("wasm");
  const before = tf.memory();
  const plan = await planMemory(runner, readTemplate(name), {
    backend: "wasm",
    set: { "model.source": pipeline("base"), ...own },
  });
  expect(tf.memory(), "the plan loads no weights").toEqual(before);
  const step = plan.steps.find((one) => one.node === node);
  expect(step?.modelBytes).toBeGreaterThan(0);
  expect(step?.workingBytes).toBeGreaterThan(0);
});

it("tells whether a budget suffices", async () => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  const plan = await planMemory(runner, readTemplate("txt2img"), { backend: "cpu", set });
  const verdict = (budget: number): string => describePlan(plan, budget).at(-1) ?? "";
  expect(verdict(plan.peakBytes)).toMatch(/everything at once/);
  expect(verdict(plan.leastBytes)).toMatch(/one part after the other/);
  expect(verdict(plan.leastBytes - 1)).toMatch(/too small/);
});
