import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { LiveSession, type LiveEvent } from "../../src/nodes/live/live-session.ts";
import { readGraph } from "../../src/nodes/read-graph.ts";
import { setParams } from "../../src/nodes/set-params.ts";
import { describeNodes } from "../../src/nodes/describe.ts";
import { nodeServices } from "../../src/nodes/sources/node-sources.ts";

const open = (name: string, set: Record<string, number | string>): GraphDocument =>
  setParams(
    describeNodes(),
    readGraph(readFileSync(new URL(`../../graphs/${name}`, import.meta.url), "utf8")),
    set,
  );
const digits = (set: Record<string, number> = {}): GraphDocument =>
  open("sample-digits.graph.json", { "timesteps.numInferenceSteps": 6, "noise.batch": 2, ...set });
const training = (): GraphDocument =>
  open("train-ddpm.graph.json", {
    "begin.maxSteps": 5,
    "begin.batchSize": 4,
    "timesteps.numInferenceSteps": 2,
    "start.batch": 1,
  });
const backend = "wasm";
/** Names in the header of a safetensors file. */
const namesIn = (bytes: Uint8Array): string[] => {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return Object.keys(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as object);
};

describe("a session that is watched", () => {
  const files = new Map<string, Uint8Array>();
  let session: LiveSession;
  let events: LiveEvent[] = [];
  const onEvent = (event: LiveEvent): void => void events.push(event);
  const ran = (node: string): number =>
    events.filter((event) => event.type === "nodeFinished" && event.node === node && !event.cached).length;

  beforeAll(() => {
    session = new LiveSession({
      services: {
        ...nodeServices(),
        files: { write: (path, bytes) => Promise.resolve(void files.set(path, bytes)) },
      },
    });
  });
  afterAll(() => session.clear());

  test("every wire can be looked at after a run, with who made it and when", async () => {
    events = [];
    const before = Date.now();
    await session.run(digits(), { backend, onEvent });
    const sample = await session.inspect("step.predOriginalSample");
    if (sample.kind !== "kept") throw new Error(`it is ${sample.kind}`);
    expect(sample.making).toMatchObject({ node: "step", zone: "denoise", iteration: 5, cached: false });
    expect(sample.making.at).toBeGreaterThanOrEqual(before);
    const { value } = sample;
    expect(value).toMatchObject({ type: "latent", shape: [2, 28, 28, 1], dtype: "float32", bytes: 6272 });
    expect(value.statistics).toMatchObject({ count: 1568, nanCount: 0, infinityCount: 0 });
    expect(value.statistics?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(1568);
    expect(value.pictures[0]).toMatchObject({ width: 57, height: 28 });
    const network = await session.inspect("unet.unet");
    expect(network).toMatchObject({ kind: "kept", value: { statistics: { count: 1_474_481 } } });
    expect(await session.inspect("begin.timestep")).toMatchObject({ value: { text: "t = 166" } });
    expect(await session.inspect("nobody.nothing")).toEqual({ kind: "unmade" });
  });

  test("a value that a later run would not have made is not shown as if it had", async () => {
    await session.run(digits({ "seed.seed": 7 }), { backend, onEvent });
    await session.run(digits(), { backend, onEvent });
    expect(await session.inspect("end.sample")).toMatchObject({ kind: "kept", making: { cached: true } });
    const inside = await session.inspect("step.prevSample");
    expect(inside).toMatchObject({ kind: "freed", making: { node: "step" } });
    await session.run(digits(), { backend, onEvent, keep: ["step.prevSample"] });
    expect(await session.inspect("step.prevSample")).toMatchObject({ kind: "kept" });
  });

  test("a loop is scrubbed through: latent, guess of x_0, timestep and sigma", async () => {
    await session.run(digits(), { backend, onEvent, record: true });
    const [zone] = session.zones();
    expect(zone).toMatchObject({ zone: "denoise", carry: ["sample"], networks: [] });
    expect(zone?.steps.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const timesteps = zone?.steps.map(({ scalars }) => scalars["timestep"]);
    expect(timesteps).toEqual([999, 832, 666, 499, 332, 166, undefined]);
    const sigmas = zone?.steps.flatMap(({ scalars }) => scalars["sigma"] ?? []) ?? [];
    expect(sigmas).toEqual([...sigmas].sort((a, b) => b - a));
    const report = await session.stepReport("denoise", 3);
    const names = report.values.map(({ name, value }) => [name, value.pictures.length > 0]);
    expect(names).toContainEqual(["sample", true]);
    expect(names).toContainEqual(["step.predOriginalSample", true]);
    await expect(session.stepReport("denoise", 9)).rejects.toThrow(/Step 9 .* these are: 0, 1, 2/);
  });

  test("a fork at a step runs only the rest, and without a change gives what the whole run gave", async () => {
    await session.run(digits(), { backend, onEvent, record: true });
    const whole = await session.inspect("end.sample");
    events = [];
    await session.run(digits(), { backend, onEvent, resume: { zone: "denoise", index: 4 } });
    expect(ran("predict")).toBe(2);
    const forked = await session.inspect("end.sample");
    if (whole.kind !== "kept" || forked.kind !== "kept") throw new Error("not kept");
    expect(forked.value.statistics).toEqual(whole.value.statistics);
    await expect(session.run(digits(), { backend, resume: { zone: "denoise", index: 77 } })).rejects.toThrow(
      /Step 77/,
    );
  });

  test("a run is held up, stepped and let go; while it is held its wires can be looked at", async () => {
    events = [];
    const held: number[] = [];
    let seen: unknown;
    const watch = (event: LiveEvent): void => {
      events.push(event);
      if (event.type === "iteration" && event.index === 0) session.pause();
      if (event.type !== "held") return;
      held.push(event.index);
      void session.inspect("step.prevSample").then((report) => {
        seen ??= report;
        if (held.length < 3) session.step();
        else session.proceed();
      });
    };
    await session.run(digits({ "seed.seed": 11 }), { backend, onEvent: watch });
    expect(held).toEqual([held[0], (held[0] ?? 0) + 1, (held[0] ?? 0) + 2]);
    expect(held[0]).toBeLessThanOrEqual(2);
    expect(seen).toMatchObject({ kind: "kept", making: { iteration: (held[0] ?? 0) - 1 } });
    expect(ran("predict")).toBe(6);
  });

  test("a training is sampled with its weights so far, ended early, and its checkpoint kept", async () => {
    events = [];
    const watch = (event: LiveEvent): void => {
      events.push(event);
      if (event.type === "iteration" && event.zone === "train" && event.index === 3) session.finish("train");
    };
    await session.run(training(), { backend, onEvent: watch, sampleEvery: { zone: "train", iterations: 2 } });
    const sampled = events.flatMap((event) => (event.type === "sampled" ? [[event.index, event.error]] : []));
    expect(sampled).toEqual([
      [2, undefined],
      [4, undefined],
    ]);
    const firstSample = events.findIndex((event) => event.type === "sampled");
    expect(
      events.slice(0, firstSample).some((event) => event.type === "preview" && event.node === "decode"),
    ).toBe(true);
    expect(ran("update")).toBe(4);
    expect(await session.inspect("curve.losses")).toMatchObject({ value: { statistics: { count: 4 } } });
    const [, trained] = [session.zones()[0], session.zones().find(({ zone }) => zone === "train")];
    expect(trained?.networks).toEqual(["ema", "unet"]);
    const path = await session.saveCheckpoint("train", "ema");
    expect(path).toBe("ema-step-4.safetensors");
    expect(namesIn(files.get(path) ?? new Uint8Array())).toContain("conv_in.weight");
    await session.sample("train");
  });

  test("a training in one node is held up, stepped, and ended with the weights that it has", async () => {
    events = [];
    const held: number[] = [];
    const watch = (event: LiveEvent): void => {
      events.push(event);
      if (event.type !== "held" || event.zone !== "train") return;
      held.push(event.index);
      setTimeout(() => {
        if (event.index < 2) session.step();
        else session.finish("train");
      });
    };
    const graph = open("train-ddpm-trainer.graph.json", {
      "train.maxSteps": 200,
      "train.batchSize": 4,
      "timesteps.numInferenceSteps": 2,
      "start.batch": 1,
    });
    await session.run(graph, { backend, onEvent: watch, paused: true });
    expect(held).toEqual([0, 1, 2]);
    expect(await session.inspect("train.losses")).toMatchObject({ value: { statistics: { count: 2 } } });
    expect(ran("decode")).toBe(1);
  });

  test("a sampling in one node is held up without changing its picture, and ended early with what it has", async () => {
    const graph = open("txt2img-compact.graph.json", {
      "model.source": "file:tests/golden/pipelines/base",
      "noise.height": 64,
      "noise.width": 64,
      "sampler.numInferenceSteps": 5,
    });
    const latents = async (): Promise<unknown> => {
      const report = await session.inspect("sampler.sample");
      return report.kind === "kept" ? report.value.statistics : report;
    };
    let held: number[] = [];
    const watch =
      (next: (index: number) => void) =>
      (event: LiveEvent): void => {
        events.push(event);
        if (event.type !== "held" || event.zone !== "sampler") return;
        held.push(event.index);
        setTimeout(() => next(event.index));
      };
    session.clear();
    await session.run(graph, { backend, onEvent });
    const whole = await latents();
    session.clear();
    await session.run(graph, {
      backend,
      paused: true,
      onEvent: watch((index) => (index < 3 ? session.step() : session.proceed())),
    });
    expect(held).toEqual([0, 1, 2, 3]);
    expect(whole).toMatchObject({ count: 256 });
    expect(await latents()).toEqual(whole);
    session.clear();
    held = [];
    events = [];
    const finish = (index: number): void => (index < 2 ? session.step() : session.finish("sampler"));
    await session.run(graph, { backend, paused: true, onEvent: watch(finish) });
    expect(held).toEqual([0, 1, 2]);
    expect(await latents()).toMatchObject({ count: 256, nanCount: 0 });
    expect(await latents()).not.toEqual(whole);
    expect(ran("decode")).toBe(1);
  });

  test("sessions give back what they hold", async () => {
    session.clear();
    const empty = tf.memory().numTensors;
    for (const seed of [1, 2, 3]) await session.run(digits({ "seed.seed": seed }), { backend, onEvent });
    const full = tf.memory().numTensors;
    for (const seed of [4, 5, 6]) await session.run(digits({ "seed.seed": seed }), { backend, onEvent });
    expect(tf.memory().numTensors).toBeGreaterThan(empty);
    expect(tf.memory().numTensors - full).toBeLessThanOrEqual(3 * 60);
    session.clear();
    expect(tf.memory().numTensors).toBe(empty);
  });
});
