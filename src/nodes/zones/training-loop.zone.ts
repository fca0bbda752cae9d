import type { Scalar } from "@tensorflow/tfjs";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { port } from "../../engine/node/define-node.ts";
import { defineZone } from "../../engine/node/define-zone.ts";
import { boolean, int, seed } from "../../engine/node/params.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { notFinite } from "../training/not-finite.ts";
import { epochOrder } from "../training/epoch-order.ts";
import { datasetType, indicesType, lossType, numbersType } from "../socket-types.ts";

export default defineZone({
  kind: "training-loop",
  title: "Training loop",
  doc: "Runs its body once for each batch of the data set. Gradients are taken by the optimizer step in the body. A loss that is not a number stops the run, and the last good weights are kept.",
  begin: {
    type: "zones/training-begin",
    version: 1,
    title: "Training begin",
    doc: "Start of the training loop: says which pictures are in the next batch, and hands out what the last iteration carried over.",
    inputs: { dataset: port(datasetType, "The pictures to train on.") },
    params: {
      epochs: int({ default: 1, min: 1, max: 100_000, doc: "How often every picture is seen." }),
      batchSize: int({ default: 128, min: 1, max: 65_536, unit: "pictures", doc: "Pictures in a batch." }),
      maxSteps: int({
        default: 0,
        min: 0,
        max: 100_000_000,
        unit: "steps",
        doc: "Stop after so many batches; 0 for all.",
      }),
      shuffle: boolean({ default: true, doc: "Draw a new order for each epoch." }),
      seed: seed({ default: 0, doc: "Of the order; the same seed gives the same batches." }),
      dropLast: boolean({
        default: false,
        advanced: true,
        doc: "Leave out the last batch of an epoch if it is not full.",
      }),
    },
    outputs: {
      indices: port(indicesType, "Which pictures are in this batch."),
      stepIndex: port(intType, "Batches so far, from 0."),
      epoch: port(intType, "Epochs so far, from 0."),
    },
  },
  end: {
    type: "zones/training-end",
    version: 1,
    title: "Training end",
    doc: "End of the training loop: takes the loss and what is carried over, and hands out the trained model and the losses.",
    inputs: { loss: port(lossType, "The loss of this batch.") },
    outputs: { losses: port(numbersType, "The loss of every batch.") },
  },
  start: ({ inputs: { dataset }, params }) => {
    const batches = epochOrder(dataset.count, params, TorchGenerator.fromSeed(params.seed));
    const losses: number[] = [];
    return {
      total: batches.total,
      next: batches.at,
      afterIteration: async (index, { inputs }) => {
        const [loss = Number.NaN] = await (inputs["loss"] as Scalar).data();
        if (!Number.isFinite(loss)) {
          throw new Error(notFinite(loss, index));
        }
        losses.push(loss);
        return { loss };
      },
      finish: () => ({ losses }),
    };
  },
});
