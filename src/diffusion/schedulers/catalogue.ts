import { schedulerDefinitions } from "./create-scheduler.ts";
import type { SamplingOptions, SchedulerOption } from "./scheduler.ts";

/** One option of a scheduler, as an editor offers it. */
export interface CatalogueOption {
  /** Its name in `scheduler_config.json`. */
  readonly name: string;
  readonly kind: "integer" | "number" | "boolean" | "choice" | "numbers";
  /** Whether null is a value: "not set". */
  readonly nullable: boolean;
  readonly default: SchedulerOption;
  /** What may be chosen; only for `choice`. */
  readonly values?: readonly string[];
  /** Smallest whole number; only for `integer`. */
  readonly minimum?: number;
  readonly doc: string;
}

/** One scheduler class, as an editor offers it. */
export interface CatalogueEntry {
  readonly className: string;
  readonly title: string;
  readonly doc: string;
  readonly options: readonly CatalogueOption[];
  /** What a run of it may set beside the number of steps. */
  readonly samplingOptions: readonly (keyof SamplingOptions)[];
}

const plainKinds = {
  integer: "integer",
  number: "number",
  optionalNumber: "number",
  boolean: "boolean",
  choice: "choice",
  optionalChoice: "choice",
  numbers: "numbers",
  optionalNumbers: "numbers",
} as const;

/** Every scheduler with its options, in menu order; options that are not supported are left out. */
export const schedulerCatalogue: readonly CatalogueEntry[] = Object.freeze(
  schedulerDefinitions.map(({ className, title, doc, options, samplingOptions }) => ({
    className,
    title,
    doc,
    samplingOptions,
    options: Object.entries(options).flatMap(([name, spec]): CatalogueOption[] => {
      if (spec.kind === "unsupported") return [];
      return [
        {
          name,
          kind: plainKinds[spec.kind],
          nullable: spec.kind.startsWith("optional"),
          default: spec.default,
          doc: spec.doc,
          ...("values" in spec && { values: spec.values }),
          ...("minimum" in spec && { minimum: spec.minimum }),
        },
      ];
    }),
  })),
);
