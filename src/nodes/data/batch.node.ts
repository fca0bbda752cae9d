import { drawFlips } from "../../diffusion/datasets/batches.ts";
import { takeBatch, takeLabels } from "../../diffusion/datasets/dataset.ts";
import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { choice, float, int } from "../../engine/node/params.ts";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { datasetType, generatorType, indicesType, latentType } from "../socket-types.ts";

export default defineNode({
  type: "data/batch",
  version: 1,
  title: "Batch",
  doc: "Takes pictures out of a data set, as numbers that a network can be trained on.",
  keywords: ["data loader", "pictures", "flip", "normalize"],
  inputs: {
    dataset: port(datasetType, "Where to take them from."),
    indices: optionalPort(
      indicesType,
      "Which ones, from the training loop; else those that first and count say.",
    ),
    generator: optionalPort(generatorType, "Random state, needed when pictures are flipped."),
  },
  params: {
    first: int({ default: 0, min: 0, max: 100_000_000, doc: "The first picture, counted from 0." }),
    count: int({ default: 16, min: 1, max: 65_536, unit: "pictures", doc: "How many." }),
    range: choice(["minus-one-one", "zero-one"], {
      default: "minus-one-one",
      doc: "What pixel values become: -1 to 1 for DDPM, 0 to 1 for the course's BasicUNet.",
    }),
    flip: float({
      default: 0,
      min: 0,
      max: 1,
      step: 0.1,
      doc: "Probability that a picture is mirrored left to right; not for digits.",
    }),
  },
  outputs: {
    images: port(latentType, "The pictures."),
    labels: port(indicesType, "Their classes; empty if the data set has none."),
    generator: port(generatorType, "The random state after the flips."),
  },
  run: ({ inputs: { dataset, indices: chosen, generator }, params: { first, count, range, flip } }) => {
    const indices =
      chosen ?? Array.from({ length: Math.min(count, dataset.count - first) }, (_, i) => first + i);
    if (indices.length === 0)
      throw new Error(`first is ${String(first)}; the data set has ${String(dataset.count)} pictures.`);
    if (flip > 0 && !generator)
      throw new Error("generator is not wired, and flip is over 0: wire a Seed into it.");
    const next = generator?.clone() ?? TorchGenerator.fromSeed(0);
    const flips = flip > 0 ? { flips: drawFlips(next, indices.length, flip) } : {};
    return {
      images: takeBatch(dataset, indices, { range, ...flips }),
      labels: dataset.labels ? takeLabels(dataset, indices) : [],
      generator: next,
    };
  },
});
