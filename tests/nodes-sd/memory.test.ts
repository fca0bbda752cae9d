import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeServices, Runner, type RunEvent } from "../../src/index.ts";
import { readTemplate } from "../graphs/sd-cases.ts";
import { golden, pipeline } from "../graphs/tiny-pipelines.ts";

/** Too little for two of the parts of the tiny pipeline. */
const FOR_ONE = 100e3;
const SIZES = { "noise.height": 64, "noise.width": 64 };

let runner: Runner;
let before = 0;
beforeEach(async () => {
  runner = new Runner({ services: nodeServices() });
  await runner.init("wasm");
  before = tf.memory().numTensors;
});
afterEach(() => {
  runner.clear();
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
});

interface Ran {
  readonly values: Float32Array;
  readonly memory: Extract<RunEvent, { type: "memory" }>[];
}

async function run(
  template: string,
  set: Record<string, string | number>,
  address: string,
  memoryBudget?: number,
): Promise<Ran> {
  const memory: Ran["memory"] = [];
  const result = await runner.run(readTemplate(template), {
    backend: "wasm",
    set,
    keep: [address],
    onEvent: (event) => {
      if (event.type === "memory") memory.push(event);
    },
    ...(memoryBudget !== undefined && { memoryBudget }),
  });
  const values = Float32Array.from(await result.tensor(address).data());
  result.dispose();
  return { values, memory };
}

const actions = (memory: Ran["memory"]): string[] =>
  memory.map(({ action, label }) => `${action} ${label.replace(/ of ".*?"/, "")}`);

describe("models within a memory budget", () => {
  const set = { "model.source": pipeline("base"), ...SIZES };

  it("are loaded as they are needed, and stay for the next run", async () => {
    const first = await run("txt2img-compact", set, "decode.image");
    expect(actions(first.memory)).toEqual(["loaded text encoder", "loaded U-Net", "loaded VAE"]);
    const second = await run("txt2img-compact", { ...set, "seed.seed": 2 }, "decode.image");
    expect(second.memory).toEqual([]);
    expect(second.values).not.toEqual(first.values);
  });

  it("give the same picture when each has to make room for the next", async () => {
    const free = await run("txt2img-compact", set, "decode.image");
    runner.clear();
    const tight = await run("txt2img-compact", set, "decode.image", FOR_ONE);
    expect(actions(tight.memory)).toEqual([
      "loaded text encoder",
      "unloaded text encoder",
      "loaded U-Net",
      "unloaded U-Net",
      "loaded VAE",
    ]);
    expect(tight.memory[1]?.reason).toMatch(/needs .* and the budget is 0\.1 MB/);
    expect(tight.values).toEqual(free.values);
  });

  it("take a LoRA along, whose base is in memory only while it is made", async () => {
    const lora = { ...set, "lora.source": golden("lora.safetensors") };
    const free = await run("lora", lora, "decode.image");
    expect(actions(free.memory).filter((action) => action.includes("LoRA"))).toHaveLength(2);
    expect(actions(free.memory)).not.toContain("loaded U-Net");
    runner.clear();
    const tight = await run("lora", lora, "decode.image", FOR_ONE);
    expect(tight.values).toEqual(free.values);
  });
});
