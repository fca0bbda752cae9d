import type { SchedulerConfig, SchedulerOption } from "./scheduler.ts";

/** What one option of a `scheduler_config.json` may be. */
export type OptionSpec = { readonly doc: string } & (
  | { readonly kind: "integer"; readonly default: number; readonly minimum: number }
  | { readonly kind: "number"; readonly default: number }
  | { readonly kind: "optionalNumber"; readonly default: number | null }
  | { readonly kind: "boolean"; readonly default: boolean }
  | {
      readonly kind: "choice";
      readonly values: readonly string[];
      readonly default: string;
      /** Spellings of other schedulers that mean one of `values` here. */
      readonly aliases?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "optionalChoice"; readonly values: readonly string[]; readonly default: null }
  | { readonly kind: "numbers"; readonly default: readonly number[] }
  | { readonly kind: "optionalNumbers"; readonly default: null }
  /** Known to diffusers and not supported here: only null is accepted. */
  | { readonly kind: "unsupported"; readonly default: null }
);

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends { kind: "integer" | "number" }
  ? number
  : S extends { kind: "optionalNumber" }
    ? number | null
    : S extends { kind: "boolean" }
      ? boolean
      : S extends { kind: "choice"; values: readonly (infer V)[] }
        ? V
        : S extends { kind: "optionalChoice"; values: readonly (infer V)[] }
          ? V | null
          : S extends { kind: "numbers" }
            ? readonly number[]
            : S extends { kind: "optionalNumbers" }
              ? readonly number[] | null
              : null;

/** The typed config that option specs describe. */
export type ConfigOf<O extends OptionSpecs> = { readonly [K in keyof O]: ValueOf<O[K]> };

export interface ReadOptions {
  /** Every option of the class. */
  readonly config: SchedulerConfig;
  /** Those that were given, also where they only mean something to another class, which may take this one's place. */
  readonly given: SchedulerConfig;
  /** Given, but of other classes. */
  readonly ignored: readonly string[];
}

/** Options of early diffusers with the one value that is what every scheduler does now. */
const retired: Readonly<Record<string, unknown>> = {
  predict_epsilon: true,
  tensor_format: "pt",
};

/**
 * Checks a parsed `scheduler_config.json` against the options of one class.
 *
 * Names that start with `_` are metadata. Names that only other classes know are set aside, as diffusers does (Stable
 * Diffusion 1.5's PNDM config has DDIM's `clip_sample`), and so are names with the value null, which chooses nothing.
 *
 * @throws When an option is known to no class, or its value is not supported: the message names option, value and
 *   what is supported.
 */
export function readOptions(
  className: string,
  specs: OptionSpecs,
  raw: Readonly<Record<string, unknown>>,
  knownElsewhere: ReadonlySet<string>,
): ReadOptions {
  const own: Record<string, SchedulerOption> = {};
  const elsewhere: Record<string, SchedulerOption> = {};
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(raw)) {
    if (name.startsWith("_") || value === undefined) continue;
    const spec = specs[name];
    if (spec) own[name] = readOption(className, name, spec, value);
    else if (knownElsewhere.has(name)) {
      elsewhere[name] = value as SchedulerOption;
      ignored.push(name);
    } else if (value === null || retired[name] === value) ignored.push(name);
    else {
      throw new Error(
        `${className}: option "${name}" is not known. Supported options: ${Object.keys(specs).join(", ")}.`,
      );
    }
  }
  const defaults = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.default]));
  const config = Object.freeze({ ...defaults, ...own });
  return { config, given: Object.freeze({ ...elsewhere, ...own }), ignored };
}

function readOption(className: string, name: string, spec: OptionSpec, value: unknown): SchedulerOption {
  const refuse = (supported: string): never => {
    throw new Error(
      `${className}: option "${name}" is ${show(value)}, which is not supported. Supported: ${supported}.`,
    );
  };
  switch (spec.kind) {
    case "integer":
      if (Number.isInteger(value) && (value as number) >= spec.minimum) return value as number;
      return refuse(`a whole number of at least ${spec.minimum}`);
    case "number":
      return isNumber(value) ? value : refuse("a number");
    case "optionalNumber":
      return value === null || isNumber(value) ? value : refuse("a number or null");
    case "boolean":
      if (value === null) return false;
      return typeof value === "boolean" ? value : refuse("true or false");
    case "choice": {
      const choice = typeof value === "string" ? (spec.aliases?.[value] ?? value) : undefined;
      return choice !== undefined && spec.values.includes(choice) ? choice : refuse(spec.values.join(", "));
    }
    case "optionalChoice":
      if (value === null) return null;
      return typeof value === "string" && spec.values.includes(value)
        ? value
        : refuse(`${spec.values.join(", ")} or null`);
    case "numbers":
      return isNumbers(value) ? Object.freeze([...value]) : refuse("a list of numbers");
    case "optionalNumbers":
      if (value === null) return null;
      return isNumbers(value) && value.length > 0
        ? Object.freeze([...value])
        : refuse("a list of numbers or null");
    case "unsupported":
      return value === null ? null : refuse("null only");
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number" && !Number.isNaN(value);
const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === "number" && Number.isFinite(entry));

const show = (value: unknown): string => {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

/**
 * Reads the text of a `scheduler_config.json`. Python writes the infinities (DPM-Solver's `lambda_min_clipped`) as bare
 * words that JSON does not have; they are understood here.
 *
 * @throws SyntaxError when it is not JSON otherwise, or no object.
 */
export function parseSchedulerConfig(text: string): Record<string, unknown> {
  const infinities: Readonly<Record<string, number>> = { "-Infinity": -Infinity, Infinity, NaN };
  const marker = "\u0000";
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (word) =>
    word.startsWith('"') ? word : JSON.stringify(marker + word),
  );
  const parsed: unknown = JSON.parse(quoted, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(marker) ? infinities[value.slice(1)] : value,
  );
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SyntaxError("A scheduler config must be a JSON object.");
  }
  return parsed as Record<string, unknown>;
}
