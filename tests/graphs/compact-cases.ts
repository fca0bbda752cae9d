import { golden, pipeline, type Variant } from "./tiny-pipelines.ts";
import { picture, prompt, small, type ParityCase, type Settings } from "./sd-cases.ts";

const of = (variant: Variant, more: Settings): Settings => ({
  "seed.seed": 0,
  "model.source": pipeline(variant),
  ...prompt,
  ...more,
});
const guided = { "sampler.numInferenceSteps": 20, "sampler.guidanceScale": 7.5 };
const latents = "sampler.sample";

/** As `cases` of the open loops, with one Sampler node for the loop. */
export const compactCases: Readonly<Record<string, Required<ParityCase>>> = {
  txt2img: { graph: "txt2img-compact", latents, set: of("base", { ...guided, ...small("noise") }) },
  "v-prediction": {
    graph: "txt2img-compact",
    latents,
    set: of("v-prediction", { ...guided, ...small("noise") }),
  },
  unusual: { graph: "txt2img-compact", latents, set: of("unusual", { ...guided, ...small("noise") }) },
  turbo: { graph: "sd-turbo-compact", latents, set: of("turbo", small("noise")) },
  lcm: { graph: "lcm-compact", latents, set: of("lcm", small("noise")) },
  img2img: {
    graph: "img2img-compact",
    latents,
    set: of("base", { ...guided, ...picture, "sampler.strength": 0.6 }),
  },
  inpaint: {
    graph: "inpaint-compact",
    latents,
    set: of("inpaint", {
      ...guided,
      ...picture,
      ...small("noise"),
      "mask.left": 14 / 64,
      "mask.right": 46 / 64,
      "mask.top": 10 / 64,
      "mask.bottom": 38 / 64,
    }),
  },
  "inpaint-any-model": {
    graph: "inpaint-any-model-compact",
    latents,
    set: of("base", { ...guided, ...picture, ...small("maskSize"), "maskPicture.source": golden("mask.png") }),
  },
  "depth-to-image": {
    graph: "depth-to-image-compact",
    latents,
    set: of("depth", { ...guided, ...picture, "sampler.strength": 0.8 }),
  },
  controlnet: {
    graph: "controlnet-compact",
    latents,
    set: of("base", {
      ...guided,
      ...small("noise"),
      ...small("edgesSize"),
      "controlnet.source": golden("controlnet"),
      "edges.source": golden("edges.png"),
      "sampler.conditioningScale": 0.8,
    }),
  },
  lora: {
    graph: "lora-compact",
    latents,
    set: of("base", {
      ...guided,
      ...small("noise"),
      "model.scheduler": "as saved",
      "lora.source": golden("lora.safetensors"),
      "lora.weight": 0.8,
      "lora.textWeight": 0.8,
    }),
  },
  "ddim-inversion": {
    graph: "ddim-inversion-compact",
    latents,
    set: {
      "model.source": pipeline("base"),
      ...picture,
      ...prompt,
      "invert.numInferenceSteps": 20,
      "sampler.numInferenceSteps": 20,
    },
  },
};
