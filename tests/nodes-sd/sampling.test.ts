import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/index.ts";
import { caseOf, runTemplate } from "../graphs/sd-cases.ts";
import { golden, pipeline } from "../graphs/tiny-pipelines.ts";
import { runArrays, runNodes, type Array4, type SmallGraph } from "./run-nodes.ts";

type Params = Readonly<Record<string, unknown>>;

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => (Math.abs(value) <= most ? most : Math.abs(value)), 0);
const difference = (a: Array4 | undefined, b: Array4 | undefined): number =>
  largest(Array.from(a?.values ?? [Number.NaN], (value, i) => value - (b?.values[i] ?? Number.NaN)));

describe("latent noise", () => {
  const noise = (params: Params): SmallGraph => ({
    nodes: { seed: ["value/seed"], noise: ["sampling/latent-noise", params], next: ["sampling/noise"] },
    edges: ["seed.generator -> noise.generator", "noise.generator -> next.generator"],
  });

  it("has the size of the picture divided by the VAE's factor", async () => {
    const [eighth, other] = await runArrays(noise({ height: 64, width: 128 }), "noise.noise", "next.noise");
    const [quarter] = await runArrays(
      noise({ height: 64, width: 128, downscale: 4, channels: 8, batch: 2 }),
      "noise.noise",
    );
    expect(eighth?.shape).toEqual([1, 8, 16, 4]);
    expect(quarter?.shape).toEqual([2, 16, 32, 8]);
    expect(other?.values.slice(0, 4)).not.toEqual(eighth?.values.slice(0, 4));
  });

  it("is the same for all pictures if so wanted, and draws as for one", async () => {
    const [one, nextOfOne] = await runArrays(noise({ height: 32, width: 32 }), "noise.noise", "next.noise");
    const same = { height: 32, width: 32, batch: 3, same: true };
    const [three, nextOfThree] = await runArrays(noise(same), "noise.noise", "next.noise");
    const [drawn] = await runArrays(noise({ ...same, same: false }), "noise.noise");
    expect([...(three?.values ?? [])]).toEqual(
      Array.from({ length: 3 }, () => [...(one?.values ?? [])]).flat(),
    );
    expect(nextOfThree).toEqual(nextOfOne);
    expect(drawn).not.toEqual(three);
  });

  it("refuses a size that is no multiple of the factor, by the parameter's name", async () => {
    await expect(runNodes(noise({ width: 100 }), ["noise.noise"])).rejects.toThrow(
      /Node "noise" \(Latent noise\): width is 100; it must be a multiple of 8/,
    );
  });
});

describe("inpainting with any model", () => {
  it("leaves what is outside the mask as it was, to the bit, and paints inside", async () => {
    const { graph, set } = caseOf("inpaint-any-model");
    const short = { ...set, "timesteps.numInferenceSteps": 3 };
    const [sample, original] = await runTemplate(graph, short, ["end.sample", "encode.latent"]);
    const changed = (x: number, y: number): boolean =>
      [0, 1, 2, 3].some((c) => sample?.values[(y * 8 + x) * 4 + c] !== original?.values[(y * 8 + x) * 4 + c]);
    const rows = Array.from({ length: 8 }, (_, y) =>
      Array.from({ length: 8 }, (_, x) => (changed(x, y) ? "#" : ".")).join(""),
    );
    // The mask is white for 14 ≤ x < 46 and 10 ≤ y < 38; each place of the latent goes by the upper left pixel of its block.
    expect(rows).toEqual(Array.from({ length: 8 }, (_, y) => (y >= 2 && y < 5 ? "..####.." : "........")));
  });
});

const networks = (
  nodes: SmallGraph["nodes"],
  edges: readonly string[],
  unet = "model.unet",
  textEncoder = "model.textEncoder",
): SmallGraph => ({
  nodes: {
    model: ["model/load-pipeline", { source: pipeline("base"), scheduler: "DDIMScheduler" }],
    prompt: ["text/prompt", { positive: "a cat" }],
    seed: ["value/seed"],
    noise: ["sampling/latent-noise", { height: 64, width: 64 }],
    sampler: ["sampling/sampler", { numInferenceSteps: 1, guidanceScale: 1 }],
    ...nodes,
  },
  edges: [
    "model.tokenizer -> prompt.tokenizer",
    `${textEncoder} -> prompt.textEncoder`,
    "seed.generator -> noise.generator",
    "noise.noise -> sampler.noise",
    "noise.generator -> sampler.generator",
    "model.noiseScheduler -> sampler.noiseScheduler",
    "prompt.positive -> sampler.positive",
    `${unet} -> sampler.unet`,
    ...edges,
  ],
});

describe("LoRA", () => {
  const adapted = (first: Params, second?: Params): SmallGraph => {
    const last = second ? "second" : "first";
    return networks(
      {
        first: ["adapters/lora", { source: golden("lora.safetensors"), ...first }],
        ...(second && {
          second: ["adapters/lora", { source: golden("lora.safetensors"), ...second }] as const,
        }),
      },
      [
        "model.unet -> first.unet",
        "model.textEncoder -> first.textEncoder",
        ...(second ? ["first.unet -> second.unet", "first.textEncoder -> second.textEncoder"] : []),
      ],
      `${last}.unet`,
      `${last}.textEncoder`,
    );
  };
  const sampled = async (graph: SmallGraph): Promise<Array4 | undefined> =>
    (await runArrays(graph, "sampler.sample"))[0];

  it("changes nothing at weight 0, and both models at others", async () => {
    const plain = await sampled(networks({}, []));
    expect(await sampled(adapted({ weight: 0, textWeight: 0 }))).toEqual(plain);
    expect(difference(await sampled(adapted({ weight: 1, textWeight: 0 })), plain)).toBeGreaterThan(1e-3);
    expect(difference(await sampled(adapted({ weight: 0, textWeight: 1 })), plain)).toBeGreaterThan(1e-3);
  });

  it("adds up when two follow one another", async () => {
    const [half, whole] = [
      { weight: 0.4, textWeight: 0.3 },
      { weight: 0.8, textWeight: 0.6 },
    ];
    const [two, one] = [await sampled(adapted(half, half)), await sampled(adapted(whole))];
    expect(difference(two, one) / largest(one?.values ?? [])).toBeLessThan(1e-4);
  });

  it("for another base model is refused with the layers that do not fit", async () => {
    const graph = adapted({});
    const nodes = {
      ...graph.nodes,
      model: ["model/load-pipeline", { source: pipeline("unusual") }] as const,
    };
    await expect(runNodes({ ...graph, nodes }, ["sampler.sample"])).rejects.toThrow(
      /Node "first" \(LoRA\): .*does not fit these models.*mid_block/s,
    );
  });

  it("that is not there is refused by its name", async () => {
    await expect(
      runNodes(adapted({ source: golden("none.safetensors") }), ["sampler.sample"]),
    ).rejects.toThrow(/Node "first" \(LoRA\): .*none\.safetensors/s);
    await expect(runNodes(adapted({ source: golden("base") }), ["sampler.sample"])).rejects.toThrow(
      /Node "first" \(LoRA\): .*no file "pytorch_lora_weights\.safetensors"/s,
    );
  });
});

describe("models and inputs that do not belong together", () => {
  it("a guidance embedding for a model that has none", async () => {
    const graph = networks({ embed: ["sampling/guidance-embedding"] }, ["model.unet -> embed.unet"]);
    await expect(runNodes(graph, ["embed.timestepCond"])).rejects.toThrow(/Node "embed".*time_cond_proj_dim/);
  });

  it("a prompt for a network that follows none, and none for one that does", async () => {
    const digits = networks(
      { digits: ["model/load-unet"], noise: ["sampling/noise", { batch: 1 }] },
      [],
      "digits.unet",
    );
    await expect(runNodes(digits, ["sampler.sample"])).rejects.toThrow(/Node "sampler".*follows no prompt/);
    const { nodes, edges = [] } = networks({}, []);
    const unwired = { nodes, edges: edges.filter((edge) => !edge.endsWith("sampler.positive")) };
    await expect(runNodes(unwired, ["sampler.sample"])).rejects.toThrow(/Node "sampler".*needs a prompt/);
  });

  it("two prompts for three pictures", async () => {
    const graph = networks(
      {
        noise: ["sampling/latent-noise", { height: 64, width: 64, batch: 3 }],
        mix: ["text/interpolate", { count: 2 }],
      },
      ["prompt.positive -> mix.from", "prompt.negative -> mix.to"],
    );
    const edges = (graph.edges ?? []).map((edge) =>
      edge === "prompt.positive -> sampler.positive" ? "mix.conditioning -> sampler.positive" : edge,
    );
    await expect(runNodes({ ...graph, edges }, ["sampler.sample"])).rejects.toThrow(
      /Node "sampler".*conditioning is for 2 pictures, sample has 3/,
    );
  });
});

describe("a sampler that is stopped", () => {
  it("ends within a step and leaves no tensor behind", async () => {
    const graph = networks({ sampler: ["sampling/sampler", { numInferenceSteps: 500 }] }, []);
    const stop = new AbortController();
    let steps = 0;
    const onEvent = (event: RunEvent): void => {
      if (event.type !== "progress" || event.node !== "sampler") return;
      steps += 1;
      if (steps === 5) stop.abort();
    };
    await expect(runNodes(graph, ["sampler.sample"], { onEvent, signal: stop.signal })).rejects.toThrow(
      expect.objectContaining({ name: "AbortError" }) as Error,
    );
    expect(steps).toBeGreaterThanOrEqual(5);
    expect(steps).toBeLessThanOrEqual(6);
  });
});
