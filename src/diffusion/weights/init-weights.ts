import * as tf from "@tensorflow/tfjs";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { shapeInMemory, toMemoryLayout } from "./layout.ts";
import type { DenseWeights, ParameterInit, ParameterSpec } from "./parameters.ts";

/**
 * New weights as torch's layers start: convolutions and linear layers uniform within ±1/√fan_in (He et al. 2015 with a = √5),
 * norms 1 and 0, embeddings normal.
 *
 * The draws are torch's, so specs in the order in which the Python model builds its layers give, to the last bits of float32,
 * what `torch.manual_seed(seed)` followed by the model's constructor gives.
 */
export function initWeights(specs: readonly ParameterSpec[], seed: number | bigint): DenseWeights {
  const generator = TorchGenerator.fromSeed(seed);
  const weights: Record<string, tf.Tensor> = {};
  for (const { name, kind, shape, init } of specs) {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = draw(init, count, generator);
    weights[name] = tf.tensor(toMemoryLayout(kind, shape, values), shapeInMemory(kind, shape), "float32");
  }
  return weights;
}

function draw(init: ParameterInit, count: number, generator: TorchGenerator): Float32Array {
  switch (init.kind) {
    case "zeros":
      return new Float32Array(count);
    case "ones":
      return new Float32Array(count).fill(1);
    case "uniform": {
      const bound = Math.fround(init.bound);
      const width = Math.fround(2 * bound);
      return generator.rand(count).map((u) => Math.fround(u * width) - bound);
    }
    case "normal":
      return generator.randn(count).map((value) => value * init.std);
  }
}
