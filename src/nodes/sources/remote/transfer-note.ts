/** Seconds over which the speed is taken: long enough to be steady, short enough to follow a change. */
const WINDOW_MS = 10_000;

/** Turns bytes that arrive into words: how far, how fast, how long still. */
export class TransferNote {
  readonly #name: string;
  readonly #now: () => number;
  /** Bytes at moments of the last seconds. */
  readonly #marks: { readonly at: number; readonly bytes: number }[] = [];

  constructor(name: string, now: () => number = () => performance.now()) {
    this.#name = name;
    this.#now = now;
  }

  /** @param done Bytes that are there, those of earlier runs included. */
  words(done: number, total: number | undefined): string {
    const at = this.#now();
    this.#marks.push({ at, bytes: done });
    while (this.#marks.length > 2 && at - (this.#marks[0]?.at ?? at) > WINDOW_MS) this.#marks.shift();
    const first = this.#marks[0] ?? { at, bytes: done };
    const speed = at > first.at ? (done - first.bytes) / ((at - first.at) / 1000) : 0;
    const size = total === undefined ? bytesText(done) : `${bytesText(done)} of ${bytesText(total)}`;
    const left = total !== undefined && speed > 0 ? `, ${durationText((total - done) / speed)} left` : "";
    return `fetching ${this.#name}: ${size}${speed > 0 ? `, ${bytesText(speed)}/s` : ""}${left}`;
  }
}

/** In decimal units, as the Hub and file managers say them. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes.toFixed(0)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${String(Math.max(1, Math.round(seconds)))} s`;
  if (seconds < 3600) return `${String(Math.round(seconds / 60))} min`;
  return `${String(Math.floor(seconds / 3600))} h ${String(Math.round((seconds % 3600) / 60))} min`;
}
