import type { Scalar } from "@tensorflow/tfjs";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { port } from "../../engine/node/define-node.ts";
import { defineZone } from "../../engine/node/define-zone.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { notFinite } from "../training/not-finite.ts";
import { epochOrder, epochParams } from "../training/epoch-order.ts";
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
    params: epochParams,
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
