import type { TorchGenerator } from "../../tensor/torch-generator.ts";

export interface EpochOptions {
  readonly batchSize: number;
  /** Draws a new order with torch's `randperm`; absent for the order of the data set. */
  readonly generator?: TorchGenerator;
  /** Leaves out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
}

/**
 * The batches of one epoch: lists of picture indices, every picture once.
 * @throws when the batch size is no whole number from 1.
 */
export function epochBatches(
  count: number,
  { batchSize, generator, dropLast = false }: EpochOptions,
): number[][] {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new Error(`Batch size ${String(batchSize)}: a whole number from 1 is needed.`);
  const order = generator ? generator.randperm(count) : Array.from({ length: count }, (_, i) => i);
  const batches: number[][] = [];
  const end = dropLast ? count - (count % batchSize) : count;
  for (let start = 0; start < end; start += batchSize)
    batches.push(order.slice(start, Math.min(start + batchSize, end)));
  return batches;
}

/** One decision a picture to mirror it, each with the given probability (torchvision's RandomHorizontalFlip). */
export function drawFlips(generator: TorchGenerator, count: number, probability = 0.5): boolean[] {
  return Array.from(generator.rand(count), (value) => value < probability);
}
