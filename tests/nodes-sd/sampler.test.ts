import { describe, expect, it } from "vitest";
import { compactCases } from "../graphs/compact-cases.ts";
import { caseOf, errors, runTemplate, type Settings } from "../graphs/sd-cases.ts";
import { golden, pipeline } from "../graphs/tiny-pipelines.ts";
import { runArrays, runNodes, type SmallGraph } from "./run-nodes.ts";

type Params = Readonly<Record<string, unknown>>;

/** A Sampler with what is wired into it beside the networks. */
const sampling = (
  params: Params,
  wires: readonly string[],
  { scheduler = "DDIMScheduler", more = {} }: { scheduler?: string; more?: SmallGraph["nodes"] } = {},
): SmallGraph => ({
  nodes: {
    model: ["model/load-pipeline", { source: pipeline("base"), scheduler }],
    prompt: ["text/prompt", { positive: "a cat", negative: "dark" }],
    seed: ["value/seed"],
    noise: ["sampling/latent-noise", { height: 64, width: 64 }],
    picture: ["image/load", { source: golden("picture.png") }],
    pixels: ["io/as-latent"],
    mask: ["image/mask"],
    sampler: ["sampling/sampler", { numInferenceSteps: 4, ...params }],
    ...more,
  },
  edges: [
    "model.tokenizer -> prompt.tokenizer",
    "model.textEncoder -> prompt.textEncoder",
    "seed.generator -> noise.generator",
    "picture.image -> mask.like",
    "picture.image -> pixels.tensor",
    "model.unet -> sampler.unet",
    "model.noiseScheduler -> sampler.noiseScheduler",
    "prompt.positive -> sampler.positive",
    ...wires,
  ],
});
const noise = "noise.noise -> sampler.noise";
const generator = "noise.generator -> sampler.generator";
const negative = "prompt.negative -> sampler.negative";

describe("a Sampler refuses by name what does not go together", () => {
  const cases: [string, Params, string[], RegExp, string?][] = [
    ["no start", {}, [], /neither noise nor original is wired/],
    [
      "a mask alone",
      {},
      [noise, "mask.mask -> sampler.mask"],
      /mask is wired.*original and noise.*maskedLatent/,
    ],
    [
      "a masked latent alone",
      {},
      [noise, "noise.noise -> sampler.maskedLatent"],
      /maskedLatent is wired, and mask is not/,
    ],
    [
      "a picture for no ControlNet",
      {},
      [noise, "picture.image -> sampler.controlImage"],
      /controlImage is wired, and controlnet is not/,
    ],
    [
      "drawing without a generator",
      {},
      [noise],
      /generator is not wired, and EulerAncestral.* draws noise/,
      "EulerAncestralDiscreteScheduler",
    ],
    [
      "no step left",
      { firstStep: 4 },
      [noise],
      /no step is left: it would begin at step 4 and stop before 4, of 4/,
    ],
    [
      "an end before the beginning",
      { firstStep: 3, lastStep: 2 },
      [noise],
      /begin at step 3 and stop before 2/,
    ],
    [
      "another latent's size",
      {},
      [noise, "pixels.latent -> sampler.original"],
      /original is \[1,64,64,3\], noise is \[1,8,8,4\]/,
    ],
  ];
  it.each(cases)("%s", async (_name, params, wires, message, scheduler) => {
    const graph = sampling(params, wires, scheduler === undefined ? {} : { scheduler });
    await expect(runNodes(graph, ["sampler.sample"])).rejects.toThrow(
      new RegExp(`Node "sampler" \\(Sampler\\): .*${message.source}`, "s"),
    );
  });
});

describe("a run in two Samplers", () => {
  const schedulers = [
    "PNDMScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
    "LMSDiscreteScheduler",
    "HeunDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
  ];
  it.each(schedulers)("%s: gives the numbers of one, to the bit", async (scheduler) => {
    const whole = sampling({}, [noise, generator, negative], { scheduler });
    const [expected] = await runArrays(whole, "sampler.sample");
    const halves = sampling({ lastStep: 2 }, [noise, generator, negative], {
      scheduler,
      more: { rest: ["sampling/sampler", { numInferenceSteps: 4, firstStep: 2 }] },
    });
    const wires = [
      "model.unet -> rest.unet",
      "model.noiseScheduler -> rest.noiseScheduler",
      "sampler.sample -> rest.original",
      "sampler.generator -> rest.generator",
      "sampler.state -> rest.state",
      "prompt.positive -> rest.positive",
      "prompt.negative -> rest.negative",
    ];
    const graph = { ...halves, edges: [...(halves.edges ?? []), ...wires] };
    const [result, half, timestep] = await runNodes(graph, [
      "rest.sample",
      "sampler.sample",
      "sampler.timestep",
    ]);
    expect(result).toEqual(expected);
    expect(half).not.toEqual(expected);
    expect((timestep as number[])[0]).toBeGreaterThan(0);
    expect(await runNodes(whole, ["sampler.timestep"])).toEqual([[0]]);
  });
});

describe("a Sampler's guidance", () => {
  it.each(["rescaled", "none"])("%s: as the node Guidance does, to the bit", async (method) => {
    const { graph, set, latents } = caseOf("txt2img");
    const short = {
      "guidance.method": method,
      "guidance.guidanceRescale": 0.4,
      "timesteps.numInferenceSteps": 3,
    };
    const compact: Settings = {
      ...compactCases["txt2img"]?.set,
      "sampler.guidanceMethod": method,
      "sampler.guidanceRescale": 0.4,
      "sampler.numInferenceSteps": 3,
    };
    expect(await runTemplate("txt2img-compact", compact, ["sampler.sample"])).toEqual(
      await runTemplate(graph, { ...set, ...short }, [latents]),
    );
  });
});

it("inpainting at a strength below 1 gives diffusers' latents to 1e-3, pixels to 2/255", async () => {
  const { graph, set } = compactCases["inpaint-any-model"] ?? expect.fail();
  const given = { ...set, "sampler.strength": 0.6 };
  const [sample, image] = await runTemplate(graph, given, ["sampler.sample", "decode.image"]);
  const found = await errors("inpaint-strength", sample, image, "grids");
  expect(found.latents).toBeLessThanOrEqual(1e-3);
  expect(found.pixels).toBeLessThanOrEqual(2 / 255);
});
