import type { IterationScalars } from "../node/define-zone.ts";
import { hold, letGo, type Held } from "./ownership.ts";
import type { RecordedZone } from "./recorder.ts";

/** What is kept of one iteration. */
export interface Entry {
  readonly index: number;
  readonly values: ReadonlyMap<string, Held>;
  readonly seen: ReadonlyMap<string, Held>;
  readonly scalars: IterationScalars;
}

/** The recording of one run of a zone. */
interface Recording {
  entries: Entry[];
  /** One in `stride` iterations is kept. */
  stride: number;
  /** Key of the run that it is of; undefined while it is made, and for runs that no key names. */
  key: string | undefined;
}

/** The recordings of one zone: the current one, and those of earlier runs whose results the cache may give again. */
export interface Tape extends Recording {
  options: RecordedZone;
  /** Oldest first. */
  readonly older: Recording[];
}

const bytesOf = ({ value, type }: Held): number => (value === undefined ? 0 : (type?.bytes?.(value) ?? 0));

function bytesOfEntry({ values, seen }: Entry): number {
  let bytes = 0;
  for (const held of values.values()) bytes += bytesOf(held);
  for (const held of seen.values()) bytes += bytesOf(held);
  return bytes;
}

export const bytesOfTape = ({ entries }: Recording): number =>
  entries.reduce((sum, entry) => sum + bytesOfEntry(entry), 0);

export function freeEntry(entry: Entry | undefined): void {
  for (const held of entry?.values.values() ?? []) letGo(held);
  for (const held of entry?.seen.values() ?? []) letGo(held);
}

/** The same values with references of their own. */
export function copyOf(entry: Entry): Entry {
  const copy = (held: ReadonlyMap<string, Held>): Map<string, Held> =>
    new Map([...held].map(([name, { value, type }]) => [name, hold(value, type)]));
  return { ...entry, values: copy(entry.values), seen: copy(entry.seen) };
}

/** Lets every second entry go, the first and the newest excepted. */
export function thin(tape: Tape): void {
  tape.stride *= 2;
  const last = tape.entries.length - 1;
  tape.entries = tape.entries.filter((entry, at) => {
    const stays = at === 0 || at === last || entry.index % tape.stride === 0;
    if (!stays) freeEntry(entry);
    return stays;
  });
}

/** Puts the current recording with the earlier ones, if a key names it, and lets the oldest of these go over the budget. */
export function archive(tape: Tape): void {
  const { entries, stride, key, older } = tape;
  if (key === undefined) {
    for (const entry of entries) freeEntry(entry);
    return;
  }
  older.push({ entries, stride, key });
  let bytes = older.reduce((sum, recording) => sum + bytesOfTape(recording), 0);
  while (bytes > tape.options.budgetBytes) {
    const oldest = older.shift();
    if (!oldest) return;
    bytes -= bytesOfTape(oldest);
    for (const entry of oldest.entries) freeEntry(entry);
  }
}

/** Takes the earlier recording of a key out, if there is one. */
export function takeOut(tape: Tape, key: string): Recording | undefined {
  const at = tape.older.findIndex((recording) => recording.key === key);
  return at === -1 ? undefined : tape.older.splice(at, 1)[0];
}

export function freeTape(tape: Tape): void {
  for (const { entries } of [tape, ...tape.older.splice(0)])
    for (const entry of entries.splice(0)) freeEntry(entry);
  tape.key = undefined;
}
