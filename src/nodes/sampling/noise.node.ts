import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { choice, int } from "../../engine/node/params.ts";
import { generatorType, latentType } from "../socket-types.ts";
import { drawPictures } from "../../tensor/draw-pictures.ts";

export default defineNode({
  type: "sampling/noise",
  version: 1,
  title: "Noise",
  doc: "Random numbers in the shape of a batch of pictures, equal to torch.randn (or torch.rand) with the same seed on the CPU.",
  keywords: ["randn", "rand", "gaussian", "uniform", "empty latent", "start"],
  inputs: {
    generator: port(generatorType, "The random state to draw from."),
    like: optionalPort(latentType, "Takes the shape of this batch; the sizes below then do not matter."),
  },
  params: {
    distribution: choice(["normal", "uniform"], {
      default: "normal",
      doc: "N(0, 1), or evenly between 0 and 1.",
    }),
    batch: int({ default: 16, min: 1, max: 4096, doc: "Pictures at once." }),
    height: int({
      default: 28,
      min: 1,
      max: 4096,
      unit: "px",
      doc: "Height; for latents, the picture's divided by 8.",
    }),
    width: int({
      default: 28,
      min: 1,
      max: 4096,
      unit: "px",
      doc: "Width; for latents, the picture's divided by 8.",
    }),
    channels: int({ default: 1, min: 1, max: 64, doc: "1 for gray pictures, 3 for colour, 4 for latents." }),
  },
  outputs: {
    noise: port(latentType, "The noise.", "like like or [batch, height, width, channels]"),
    generator: port(generatorType, "The random state after the draw, for the next node that draws."),
  },
  run: ({ inputs, params }) => {
    const shape =
      inputs.like?.shape ?? ([params.batch, params.height, params.width, params.channels] as const);
    const { tensor, generator } = drawPictures(inputs.generator, shape, (state, count) =>
      params.distribution === "normal" ? state.randn(count) : state.rand(count),
    );
    return { noise: tensor, generator };
  },
});
