import type { Plan, Step, ZoneStep } from "../../engine/run/plan-data.ts";
import { Recorder, type RecordedIteration, type RecordedZone } from "../../engine/run/recorder.ts";
import { registry } from "../registry.ts";
import { unetType } from "../socket-types.ts";
import { anyType } from "../../engine/node/socket-type.ts";
import { reportValue } from "./report-value.ts";
import type { StepReport, ZoneReport } from "./reports.ts";

/** Of the body's outputs these are kept with each iteration: what a person looks at. */
const WATCHED_TYPES = new Set(["latent", "image"]);

interface ZoneTypes {
  readonly carry: ReadonlyMap<string, string>;
  readonly watched: ReadonlyMap<string, string>;
}

/** Records the zones at top level of whatever graph is run, and tells of the recordings in plain data. */
export class Recording {
  readonly #recorder = new Recorder({});
  readonly #types = new Map<string, ZoneTypes>();
  readonly #budgetBytes: number;

  /** @param budgetBytes for each zone, and as much again for recordings of its earlier runs. */
  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /**
   * Prepares for a run.
   *
   * @param required whether zones run again that the cache has a result of, but this no recording.
   */
  prepare(plan: Plan, required = false): Recorder {
    const zones: Record<string, RecordedZone> = {};
    this.#types.clear();
    for (const step of plan.steps) {
      if (step.kind !== "zone") continue;
      const types = typesOf(step);
      this.#types.set(step.zone, types);
      zones[step.zone] = {
        budgetBytes: this.#budgetBytes,
        watch: [...types.watched.keys()],
        optional: !required,
      };
    }
    this.#recorder.configure(zones);
    return this.#recorder;
  }

  zones(): ZoneReport[] {
    return this.#recorder.zones.map((zone) => {
      const carry = this.#types.get(zone)?.carry ?? new Map<string, string>();
      return {
        zone,
        steps: this.#recorder.iterations(zone).map(({ index, scalars }) => ({ index, scalars })),
        bytes: this.#recorder.bytes(zone),
        carry: [...carry.keys()],
        networks: [...carry].flatMap(([name, type]) => (type === unetType.id ? [name] : [])),
      };
    });
  }

  /** @throws Error that says which iterations are there. */
  at(zone: string, index: number): RecordedIteration {
    const iterations = this.#recorder.iterations(zone);
    const found = iterations.find((iteration) => iteration.index === index);
    if (found) return found;
    const there = iterations.map((iteration) => iteration.index).join(", ");
    throw new Error(
      there === ""
        ? `Nothing is recorded of the loop "${zone}": run it first.`
        : `Step ${String(index)} of the loop "${zone}" is not recorded; these are: ${there}.`,
    );
  }

  newest(zone: string): RecordedIteration | undefined {
    return this.#recorder.iterations(zone).at(-1);
  }

  /** What a person sees of one iteration. */
  async report(zone: string, index: number): Promise<StepReport> {
    const { carry, seen, scalars } = this.at(zone, index);
    const types = this.#types.get(zone);
    const values: StepReport["values"][number][] = [];
    const add = async (record: Readonly<Record<string, unknown>>, carried: boolean): Promise<void> => {
      for (const [name, value] of Object.entries(record)) {
        const id = (carried ? types?.carry : types?.watched)?.get(name);
        const type = (id === undefined ? undefined : registry.types.get(id)) ?? anyType;
        const isPicture = WATCHED_TYPES.has(type.id);
        const report = await reportValue(value, type, { statistics: isPicture });
        values.push({ name, carried, value: report });
      }
    };
    await add(carry, true);
    await add(seen, false);
    return { zone, index, scalars, values };
  }

  clear(): void {
    this.#recorder.dispose();
  }
}

function typesOf(zone: ZoneStep): ZoneTypes {
  const watched = new Map<string, string>();
  const visit = (step: Step): void => {
    if (step.kind === "zone") return;
    for (const { port, type } of step.outputs)
      if (WATCHED_TYPES.has(type)) watched.set(`${step.node}.${port}`, type);
  };
  for (const step of zone.body) visit(step);
  return { carry: new Map(zone.carry.map(({ name, type }) => [name, type])), watched };
}
