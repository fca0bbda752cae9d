import type { IterationScalars } from "../node/define-zone.ts";
import type { MadeOutput } from "./observer.ts";
import { hold, letGo, type Held } from "./ownership.ts";
import {
  archive,
  bytesOfTape,
  copyOf,
  freeEntry,
  freeTape,
  takeOut,
  thin,
  type Entry,
  type Tape,
} from "./tape.ts";

/** The carried values with which an iteration began. The entry after the last iteration holds the final ones. */
export interface RecordedIteration {
  /** Iterations done before: hand it to `resume.fromIteration`. */
  readonly index: number;
  /** By carried name. They belong to the recorder. */
  readonly carry: Readonly<Record<string, unknown>>;
  /** What the watched outputs held in this iteration, by `node.port`. They belong to the recorder. */
  readonly seen: Readonly<Record<string, unknown>>;
  /** The numbers of the `iteration` event; none for an iteration that did not come to its end. */
  readonly scalars: IterationScalars;
}

export interface RecordedZone {
  /** Carried names to keep; all of them by default, which resuming needs. */
  readonly ports?: readonly string[];
  /** Outputs of the zone's own body to keep as well, as `node.port`. */
  readonly watch?: readonly string[];
  /**
   * When the values hold more than this, every second one is let go, the first and the newest excepted. Recordings of earlier
   * runs may hold as much again.
   */
  readonly budgetBytes: number;
  /**
   * Record when the zone runs, and do not run it for the recording alone: a zone whose result comes from the cache gets back
   * the recording of that result, if it is still there, and otherwise has none.
   */
  readonly optional?: boolean;
}

/**
 * Keeps the carried values of zones, iteration by iteration, for scrubbing through a loop and for forking it. Hand the same
 * recorder to each run; a zone that runs again gets a new recording, which begins with the old one where a run is resumed.
 */
export class Recorder {
  readonly #tapes = new Map<string, Tape>();
  /** What watched outputs held in the iteration that goes on, by zone. */
  readonly #pending = new Map<string, Map<string, Held>>();

  constructor(zones: Readonly<Record<string, RecordedZone>>) {
    this.configure(zones);
  }

  /** Changes what is recorded from the next run on. Recordings of zones that are not named are let go. */
  configure(zones: Readonly<Record<string, RecordedZone>>): void {
    for (const [zone, tape] of this.#tapes) {
      if (Object.hasOwn(zones, zone)) continue;
      freeTape(tape);
      this.#tapes.delete(zone);
    }
    for (const [zone, options] of Object.entries(zones)) {
      const tape = this.#tapes.get(zone);
      if (tape) tape.options = options;
      else this.#tapes.set(zone, { options, entries: [], stride: 1, key: undefined, older: [] });
    }
  }

  /** Names of the zones that are recorded. */
  get zones(): string[] {
    return [...this.#tapes.keys()];
  }

  /** What is kept of a zone, in order. The values stay good until the zone runs again or the recorder is disposed. */
  iterations(zone: string): RecordedIteration[] {
    const entries = this.#tapes.get(zone)?.entries ?? [];
    return entries.map(({ index, values, seen, scalars }) => ({
      index,
      carry: valuesOf(values),
      seen: valuesOf(seen),
      scalars,
    }));
  }

  /** Bytes that the current recording of a zone holds. */
  bytes(zone: string): number {
    const tape = this.#tapes.get(zone);
    return tape ? bytesOfTape(tape) : 0;
  }

  /** Lets go of all values. */
  dispose(): void {
    for (const zone of this.#pending.keys()) this.#dropPending(zone);
    for (const tape of this.#tapes.values()) freeTape(tape);
  }

  /** Whether the zone has to run so that its recording is that of `key`. Brings back an earlier recording of that key. */
  isStale(zone: string, key: string): boolean {
    const tape = this.#tapes.get(zone);
    if (tape === undefined || tape.key === key) return false;
    const older = takeOut(tape, key);
    if (older) {
      archive(tape);
      Object.assign(tape, older);
      return false;
    }
    return tape.options.optional !== true;
  }

  /** The zone's result comes from the cache under `key`. */
  skip(zone: string, key: string): void {
    const tape = this.#tapes.get(zone);
    if (tape === undefined || this.isStale(zone, key) || tape.key === key) return;
    archive(tape);
    Object.assign(tape, { entries: [], stride: 1, key: undefined });
  }

  begin(zone: string, fromIteration: number): void {
    const tape = this.#tapes.get(zone);
    if (tape === undefined) return;
    this.#dropPending(zone);
    if (fromIteration === 0) {
      archive(tape);
      Object.assign(tape, { entries: [], stride: 1, key: undefined });
      return;
    }
    const before = tape.entries.filter(({ index }) => index < fromIteration).map(copyOf);
    archive(tape);
    Object.assign(tape, { entries: before, key: undefined });
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
    if (newest !== undefined && newest.index % tape.stride !== 0) freeEntry(tape.entries.pop());
    tape.entries.push({ index, values, seen: new Map(), scalars: {} });
    while (tape.entries.length > 2 && bytesOfTape(tape) > budgetBytes) thin(tape);
  }

  /** An output was made: kept until its iteration ends, if it is watched. */
  made({ node, port, value, type, zone }: MadeOutput): void {
    const address = `${node}.${port}`;
    if (zone === undefined || this.#tapes.get(zone)?.options.watch?.includes(address) !== true) return;
    const pending = this.#pending.get(zone) ?? new Map<string, Held>();
    this.#pending.set(zone, pending);
    const held = hold(value, type);
    const old = pending.get(address);
    if (old) letGo(old);
    pending.set(address, held);
  }

  /** An iteration has come to its end: what was watched in it is added to its entry. */
  endIteration(zone: string, index: number, scalars: IterationScalars): void {
    const seen = this.#pending.get(zone) ?? new Map<string, Held>();
    this.#pending.delete(zone);
    const entries = this.#tapes.get(zone)?.entries ?? [];
    const at = entries.findLastIndex((entry) => entry.index === index);
    const entry = entries[at];
    if (entry === undefined) for (const held of seen.values()) letGo(held);
    else entries[at] = { ...entry, seen, scalars } satisfies Entry;
  }

  finish(zone: string, key: string): void {
    const tape = this.#tapes.get(zone);
    if (tape !== undefined) tape.key = key;
  }

  #dropPending(zone: string): void {
    for (const held of this.#pending.get(zone)?.values() ?? []) letGo(held);
    this.#pending.delete(zone);
  }
}

const valuesOf = (held: ReadonlyMap<string, Held>): Record<string, unknown> =>
  Object.fromEntries([...held].map(([name, { value }]) => [name, value]));

/** @param zones what to keep, by zone id. */
export const createRecorder = (zones: Readonly<Record<string, RecordedZone>>): Recorder =>
  new Recorder(zones);
