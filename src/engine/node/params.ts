/** Values that a parameter may hold in a graph file. */
export type ParamValue = number | string | boolean;

interface ParamBase {
  /** One sentence of help. */
  readonly doc: string;
  /** Shown under "advanced" in the editor. */
  readonly advanced?: boolean;
}

export interface IntParam extends ParamBase {
  readonly kind: "int";
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly unit?: string;
}

export interface FloatParam extends ParamBase {
  readonly kind: "float";
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly unit?: string;
}

export interface BooleanParam extends ParamBase {
  readonly kind: "boolean";
  readonly default: boolean;
}

export interface TextParam extends ParamBase {
  readonly kind: "text";
  readonly default: string;
  readonly multiline?: boolean;
  /**
   * What the editor offers in place of a line of text: `mask` is a picture painted in a dialog, kept as the data URL of
   * a PNG. A hint: without an editor it means nothing.
   */
  readonly editor?: "mask";
}

export interface ChoiceParam<C extends string = string> extends ParamBase {
  readonly kind: "choice";
  readonly options: readonly C[];
  readonly default: C;
}

/** A random seed: an integer from 0 to 2^53-1, or a decimal string for 64-bit seeds. */
export interface SeedParam extends ParamBase {
  readonly kind: "seed";
  readonly default: number | string;
}

/** Where weights or data come from: `bundled:<name>`, `file:<path>`, `hf:<org>/<name>[@rev]` or `https://…`. */
export interface SourceParam extends ParamBase {
  readonly kind: "source";
  readonly default: string;
  /** What the source holds, for file pickers: `model`, `dataset`, `image`, `tensor`. */
  readonly holds: "model" | "dataset" | "image" | "tensor";
}

export type ParamSpec =
  IntParam | FloatParam | BooleanParam | TextParam | ChoiceParam | SeedParam | SourceParam;

/** The run-time type of a parameter. */
export type ParamType<P extends ParamSpec> = P extends { kind: "int" | "float" }
  ? number
  : P extends { kind: "boolean" }
    ? boolean
    : P extends ChoiceParam<infer C>
      ? C
      : P extends { kind: "seed" }
        ? number | string
        : string;

type Options<P extends ParamSpec> = Omit<P, "kind">;

export const int = (options: Options<IntParam>): IntParam => ({ kind: "int", ...options });
export const float = (options: Options<FloatParam>): FloatParam => ({ kind: "float", ...options });
export const boolean = (options: Options<BooleanParam>): BooleanParam => ({ kind: "boolean", ...options });
export const text = (options: Options<TextParam>): TextParam => ({ kind: "text", ...options });
export const seed = (options: Options<SeedParam>): SeedParam => ({ kind: "seed", ...options });
export const source = (options: Options<SourceParam>): SourceParam => ({ kind: "source", ...options });

/** One of a few literals; the options give the static type. */
export const choice = <const C extends string>(
  options: readonly C[],
  rest: { default: NoInfer<C>; doc: string; advanced?: boolean },
): ChoiceParam<C> => ({ kind: "choice", options, ...rest });

/**
 * Socket type id of the wire that may drive a parameter: every parameter is also an optional input of its own name,
 * and a wire into it overrides the stored value.
 */
export function socketIdOfParam(spec: ParamSpec): "int" | "float" | "boolean" | "text" {
  switch (spec.kind) {
    case "int":
    case "seed":
      return "int";
    case "float":
      return "float";
    case "boolean":
      return "boolean";
    case "text":
    case "choice":
    case "source":
      return "text";
  }
}
