import { epochBatches } from "../../diffusion/datasets/batches.ts";
import { boolean, int, seed } from "../../engine/node/params.ts";
import type { TorchGenerator } from "../../tensor/torch-generator.ts";

/** The parameters that the training loop and the trainer node share. */
export const epochParams = {
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
} as const;

export interface EpochOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** 0 for no limit. */
  readonly maxSteps: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
}

/** What a training loop's body is told about its batch. */
export interface BatchAt extends Record<string, unknown> {
  readonly indices: readonly number[];
  readonly stepIndex: number;
  readonly epoch: number;
}

/**
 * The batches of a training run, in order; each epoch is a new permutation (torch.randperm) if `shuffle` is set.
 *
 * @param count Pictures in the data set.
 * @throws Error if there is not one batch.
 */
export function epochOrder(
  count: number,
  { epochs, batchSize, maxSteps, shuffle, dropLast }: EpochOptions,
  generator: TorchGenerator,
): { readonly total: number; readonly at: (stepIndex: number) => BatchAt | undefined } {
  const perEpoch = dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
  if (perEpoch === 0) {
    throw new Error(
      `the data set has ${String(count)} pictures, which do not fill one batch of ${String(batchSize)}.`,
    );
  }
  const total = maxSteps === 0 ? perEpoch * epochs : Math.min(maxSteps, perEpoch * epochs);
  let batches: readonly (readonly number[])[] = [];
  let drawn = -1;
  return {
    total,
    at: (stepIndex) => {
      if (stepIndex >= total) return undefined;
      const epoch = Math.floor(stepIndex / perEpoch);
      // Every epoch that was passed over is drawn too: a run that is resumed sees the same batches.
      for (; drawn < epoch; drawn++)
        batches = epochBatches(count, { batchSize, dropLast, ...(shuffle && { generator }) });
      return { indices: batches[stepIndex % perEpoch] ?? [], stepIndex, epoch };
    },
  };
}
