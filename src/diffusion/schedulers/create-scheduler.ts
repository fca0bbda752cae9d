import { ddimInverseScheduler } from "./ddim-inverse.ts";
import { ddimScheduler } from "./ddim.ts";
import { ddpmScheduler } from "./ddpm.ts";
import type { SchedulerDefinition } from "./definition.ts";
import { dpmSolverMultistepScheduler } from "./dpm-solver-multistep.ts";
import { eulerAncestralDiscreteScheduler } from "./euler-ancestral.ts";
import { eulerDiscreteScheduler } from "./euler.ts";
import { flowMatchEulerDiscreteScheduler } from "./flow-match-euler.ts";
import { heunDiscreteScheduler } from "./heun.ts";
import { lcmScheduler } from "./lcm.ts";
import { lmsDiscreteScheduler } from "./lms.ts";
import { readOptions } from "./options.ts";
import { pndmScheduler } from "./pndm.ts";
import type { Scheduler } from "./scheduler.ts";
import { uniPcMultistepScheduler } from "./unipc-multistep.ts";

/** Every scheduler class, in the order in which a menu shows them. */
export const schedulerDefinitions: readonly SchedulerDefinition[] = Object.freeze([
  ddpmScheduler,
  ddimScheduler,
  ddimInverseScheduler,
  pndmScheduler,
  lmsDiscreteScheduler,
  eulerDiscreteScheduler,
  eulerAncestralDiscreteScheduler,
  heunDiscreteScheduler,
  dpmSolverMultistepScheduler,
  uniPcMultistepScheduler,
  lcmScheduler,
  flowMatchEulerDiscreteScheduler,
]);

const optionsOfAll: ReadonlySet<string> = new Set(
  schedulerDefinitions.flatMap((d) => Object.keys(d.options)),
);

/**
 * Makes a scheduler from a parsed `scheduler_config.json`.
 *
 * @param config Options by diffusers' names; `_class_name` says which scheduler. Other names that start with `_` are
 *   metadata. Options that only other schedulers have are set aside (`ignoredOptions`).
 * @param overrides Options, and `_class_name`, that replace those of `config`.
 * @throws When the class, an option or a value is not supported: the message names it and what is supported.
 */
export function createScheduler(
  config: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, unknown>> = {},
): Scheduler {
  const raw = { ...config, ...overrides };
  const className = raw["_class_name"];
  const definition = schedulerDefinitions.find((candidate) => candidate.className === className);
  if (!definition) {
    const supported = schedulerDefinitions.map((d) => d.className).join(", ");
    throw new Error(
      className === undefined
        ? `A scheduler config must name its class in "_class_name". Supported: ${supported}.`
        : `Scheduler ${JSON.stringify(className)} is not supported. Supported: ${supported}.`,
    );
  }
  const {
    config: complete,
    given,
    ignored,
  } = readOptions(definition.className, definition.options, raw, optionsOfAll);
  return definition.build({
    className: definition.className,
    config: complete,
    givenConfig: given,
    ignoredOptions: Object.freeze(ignored),
  });
}

/**
 * Another scheduler for the same model: it takes over the options that were given for the first, and its own defaults
 * elsewhere (diffusers' `from_config`).
 *
 * @param overrides Options of the new one that shall differ.
 */
export const exchangeScheduler = (
  scheduler: Scheduler,
  className: string,
  overrides: Readonly<Record<string, unknown>> = {},
): Scheduler => createScheduler({ ...scheduler.givenConfig, _class_name: className }, overrides);
