import { disposeWeights, weightsByteLength } from "../../diffusion/weights/dispose.ts";
import type { Model, Weights } from "../../diffusion/weights/parameters.ts";
import type { RunContext } from "../../engine/node/define-node.ts";
import type { Resident } from "../../engine/node/resident.ts";

export interface ResidentModelSpec {
  readonly className: string;
  readonly config: unknown;
  /** What people call it. */
  readonly label: string;
  /** Bytes of the weights when they are loaded. */
  readonly bytes: number;
  readonly parameterCount: number;
  readonly load: (context: RunContext) => Promise<Weights>;
  /** Models that it is made from, which live as long as it does. */
  readonly madeFrom?: readonly Model<unknown>[];
}

/**
 * A model whose weights are in memory only when something reads them, because they can be loaded again. It is a value like any
 * other model; the executor loads it before a node that reads it runs.
 */
export class ResidentModel implements Model<unknown>, Resident {
  readonly className: string;
  readonly config: unknown;
  readonly label: string;
  readonly parameterCount: number;
  readonly madeFrom: readonly Model<unknown>[];
  readonly #spec: ResidentModelSpec;
  #weights: Weights | undefined;
  #loading: Promise<void> | undefined;
  #disposed = false;

  constructor(spec: ResidentModelSpec) {
    this.className = spec.className;
    this.config = spec.config;
    this.label = spec.label;
    this.parameterCount = spec.parameterCount;
    this.madeFrom = spec.madeFrom ?? [];
    this.#spec = spec;
  }

  /** As it is, or as it will be. */
  get bytes(): number {
    return this.#weights ? weightsByteLength(this.#weights) : this.#spec.bytes;
  }

  get isLoaded(): boolean {
    return this.#weights !== undefined;
  }

  /** @throws when they are not loaded. */
  get weights(): Weights {
    if (this.#weights) return this.#weights;
    const why = this.#disposed ? "was freed" : "is not in memory; await loadModel(model) first";
    throw new Error(`The ${this.label} ${why}.`);
  }

  /** The same weights, to be loaded on their own, under another config. */
  withConfig(config: unknown): ResidentModel {
    return new ResidentModel({ ...this.#spec, config });
  }

  load(context: RunContext): Promise<void> {
    this.#loading ??= this.#load(context).finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #load(context: RunContext): Promise<void> {
    if (this.#weights) return;
    if (this.#disposed) throw new Error(`The ${this.label} was freed and cannot be loaded any more.`);
    const weights = await this.#spec.load(context);
    // Freed while it was on its way: then nobody wants it.
    if (this.#disposed as boolean) disposeWeights(weights);
    else this.#weights = weights;
  }

  unload(): void {
    if (this.#weights) disposeWeights(this.#weights);
    this.#weights = undefined;
  }

  /** The last owner is gone. */
  dispose(): void {
    this.unload();
    this.#disposed = true;
  }
}

/** What of a model has to be freed. */
export const modelResources = (model: Model<unknown>): { dispose(): void }[] =>
  model instanceof ResidentModel
    ? [model, ...model.madeFrom.flatMap(modelResources)]
    : Object.values(model.weights);

export const modelResidents = (model: Model<unknown>): readonly Resident[] =>
  model instanceof ResidentModel ? [model] : [];

/** Bytes of the weights, in memory or not. */
export const modelBytes = (model: Model<unknown>): number =>
  model instanceof ResidentModel ? model.bytes : weightsByteLength(model.weights);

export const modelParameterCount = (model: Model<unknown>): number =>
  model instanceof ResidentModel
    ? model.parameterCount
    : Object.values(model.weights).reduce((sum, { size }) => sum + size, 0);

const quiet: RunContext = {
  signal: new AbortController().signal,
  progress: () => undefined,
  warn: () => undefined,
  services: {},
};

/** Brings the weights into memory for somebody who reads them outside of a run, and gives the model back. */
export async function loadModel<M extends Model<unknown>>(model: M, context: RunContext = quiet): Promise<M> {
  if (model instanceof ResidentModel) await model.load(context);
  return model;
}

/**
 * A model that is made from another: from a plain one at once, from a resident whenever it is loaded. The other is then loaded
 * for as long as it takes.
 *
 * @param compute gives weights of their own, second owners of what they share with the original.
 */
export function deriveModel(
  base: Model<unknown>,
  spec: { readonly label: string; readonly bytes: number },
  compute: (weights: Weights) => Weights,
): Model<unknown> {
  if (!(base instanceof ResidentModel)) return { ...base, weights: compute(base.weights) };
  return new ResidentModel({
    className: base.className,
    config: base.config,
    ...spec,
    parameterCount: base.parameterCount,
    madeFrom: [base],
    load: async (context) => {
      const wasLoaded = base.isLoaded;
      await base.load(context);
      try {
        return compute(base.weights);
      } finally {
        if (!wasLoaded) base.unload();
      }
    },
  });
}
