import type { ParameterSpec } from "../../weights/parameters.ts";

/**
 * The parameters of torch's layers, in the order in which torch draws their initial values: a model that lists its layers in the
 * order of the Python constructor starts with the same weights for the same seed.
 */

export interface BiasOption {
  /** Default true. */
  readonly bias?: boolean;
}

export interface ConvShape extends BiasOption {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Side of the square kernel. Default 3. */
  readonly kernel?: number;
}

/** `nn.Conv2d`: `<prefix>.weight` `[out, in, k, k]` and `<prefix>.bias`. */
export function convParameters(prefix: string, shape: ConvShape): ParameterSpec[] {
  const { inChannels, outChannels, kernel = 3, bias = true } = shape;
  const init = { kind: "uniform", bound: 1 / Math.sqrt(inChannels * kernel * kernel) } as const;
  const weight: ParameterSpec = {
    name: `${prefix}.weight`,
    kind: "conv",
    shape: [outChannels, inChannels, kernel, kernel],
    init,
  };
  return bias ? [weight, { name: `${prefix}.bias`, kind: "vector", shape: [outChannels], init }] : [weight];
}

/** `nn.Linear`: `<prefix>.weight` `[out, in]` and `<prefix>.bias`. */
export function linearParameters(
  prefix: string,
  inFeatures: number,
  outFeatures: number,
  { bias = true }: BiasOption = {},
): ParameterSpec[] {
  const init = { kind: "uniform", bound: 1 / Math.sqrt(inFeatures) } as const;
  const weight: ParameterSpec = {
    name: `${prefix}.weight`,
    kind: "linear",
    shape: [outFeatures, inFeatures],
    init,
  };
  return bias ? [weight, { name: `${prefix}.bias`, kind: "vector", shape: [outFeatures], init }] : [weight];
}

/** `nn.GroupNorm` or `nn.LayerNorm`: `<prefix>.weight` and `<prefix>.bias`, both `[channels]`. */
export function normParameters(prefix: string, channels: number): ParameterSpec[] {
  return [
    { name: `${prefix}.weight`, kind: "vector", shape: [channels], init: { kind: "ones" } },
    { name: `${prefix}.bias`, kind: "vector", shape: [channels], init: { kind: "zeros" } },
  ];
}

/** `nn.Embedding`: `<prefix>.weight` `[rows, dim]`. */
export function embeddingParameters(prefix: string, rows: number, dim: number): ParameterSpec[] {
  return [
    { name: `${prefix}.weight`, kind: "embedding", shape: [rows, dim], init: { kind: "normal", std: 1 } },
  ];
}
