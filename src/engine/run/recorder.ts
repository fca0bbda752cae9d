import { hold, letGo, type Held } from "./ownership.ts";

/** The carried values with which an iteration began. The entry after the last iteration holds the final ones. */
export interface RecordedIteration {
  /** Iterations done before: hand it to `resume.fromIteration`. */
  readonly index: number;
  /** By carried name. They belong to the recorder. */
  readonly carry: Readonly<Record<string, unknown>>;
}

export interface RecordedZone {
  /** Carried names to keep; all of them by default, which resuming needs. */
  readonly ports?: readonly string[];
  /** When the values hold more than this, every second one is let go, the first and the newest excepted. */
  readonly budgetBytes: number;
}

interface Entry {
  readonly index: number;
  readonly values: ReadonlyMap<string, Held>;
  readonly bytes: number;
}

interface Tape {
  readonly options: RecordedZone;
  entries: Entry[];
  /** One in `stride` iterations is kept. */
  stride: number;
  /** Key of the run that the tape is of. */
  key: string | undefined;
}

const bytesOf = ({ value, type }: Held): number => (value === undefined ? 0 : (type?.bytes?.(value) ?? 0));

/**
 * Keeps the carried values of zones, iteration by iteration, for scrubbing through a loop and for forking it. Hand the same
 * recorder to each run; a zone that runs again replaces its own recording, from the iteration on at which it starts.
 */
export class Recorder {
  readonly #tapes: ReadonlyMap<string, Tape>;

  constructor(zones: Readonly<Record<string, RecordedZone>>) {
    this.#tapes = new Map(
      Object.entries(zones).map(([zone, options]) => [
        zone,
        { options, entries: [], stride: 1, key: undefined },
      ]),
    );
  }

  /** What is kept of a zone, in order. The values stay good until the zone runs again or the recorder is disposed. */
  iterations(zone: string): RecordedIteration[] {
    const entries = this.#tapes.get(zone)?.entries ?? [];
    return entries.map(({ index, values }) => ({
      index,
      carry: Object.fromEntries([...values].map(([name, { value }]) => [name, value])),
    }));
  }

  /** Lets go of all values. */
  dispose(): void {
    for (const tape of this.#tapes.values()) {
      for (const entry of tape.entries.splice(0)) free(entry);
      tape.key = undefined;
    }
  }

  /** Whether the zone has to run so that its recording is that of `key`. */
  isStale(zone: string, key: string): boolean {
    const tape = this.#tapes.get(zone);
    return tape !== undefined && tape.key !== key;
  }

  begin(zone: string, fromIteration: number): void {
    const tape = this.#tapes.get(zone);
    if (tape === undefined) return;
    for (const entry of tape.entries) if (entry.index >= fromIteration) free(entry);
    tape.entries = tape.entries.filter(({ index }) => index < fromIteration);
    tape.key = undefined;
    if (fromIteration === 0) tape.stride = 1;
  }

  add(zone: string, index: number, carry: ReadonlyMap<string, Held>): void {
    const tape = this.#tapes.get(zone);
    if (tape === undefined) return;
    const { ports, budgetBytes } = tape.options;
    const values = new Map(
      [...carry]
        .filter(([name]) => ports === undefined || ports.includes(name))
        .map(([name, { value, type }]) => [name, hold(value, type)]),
    );
    const newest = tape.entries.at(-1);
    if (newest !== undefined && newest.index % tape.stride !== 0) free(tape.entries.pop());
    let bytes = 0;
    for (const held of values.values()) bytes += bytesOf(held);
    tape.entries.push({ index, values, bytes });
    while (tape.entries.length > 2 && tape.entries.reduce((sum, entry) => sum + entry.bytes, 0) > budgetBytes)
      thin(tape);
  }

  finish(zone: string, key: string): void {
    const tape = this.#tapes.get(zone);
    if (tape !== undefined) tape.key = key;
  }
}

function free(entry: Entry | undefined): void {
  for (const held of entry?.values.values() ?? []) letGo(held);
}

function thin(tape: Tape): void {
  tape.stride *= 2;
  const last = tape.entries.length - 1;
  tape.entries = tape.entries.filter((entry, at) => {
    const stays = at === 0 || at === last || entry.index % tape.stride === 0;
    if (!stays) free(entry);
    return stays;
  });
}

/** @param zones what to keep, by zone id. */
export const createRecorder = (zones: Readonly<Record<string, RecordedZone>>): Recorder =>
  new Recorder(zones);
