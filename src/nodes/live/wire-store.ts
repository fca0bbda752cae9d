import { hold, letGo, type Held } from "../../engine/run/ownership.ts";
import type { MadeOutput, RunObserver } from "../../engine/run/observer.ts";
import { anyType } from "../../engine/node/socket-type.ts";
import { reportValue } from "./report-value.ts";
import type { Making, WireReport } from "./reports.ts";

export interface WireStoreOptions {
  /** Larger values are not kept unless they are asked for by name. */
  readonly largestBytes: number;
  /** What is kept together; the oldest goes first. */
  readonly budgetBytes: number;
}

interface Kept {
  readonly making: Making;
  readonly key: string | undefined;
  readonly bytes: number;
  /** Undefined once it has been let go. */
  held: Held | undefined;
  why: string;
}

const TOO_LARGE = "It was too large to keep.";
const MADE_ROOM = "It made room for newer values.";
const OTHER_RUN = "The last run took a result from the cache and did not make it again.";

/**
 * The last value of every wire, within a budget, for looking at it after (and during) a run. What a run took from the cache is the
 * same value only where the key says so; everything else is let go rather than shown as something that it is not.
 */
export class WireStore implements RunObserver {
  readonly #options: WireStoreOptions;
  /** By `node.port`, oldest first. */
  readonly #kept = new Map<string, Kept>();
  #pinned: ReadonlySet<string> = new Set();
  #bytes = 0;

  constructor(options: WireStoreOptions) {
    this.#options = options;
  }

  /** Bytes of what is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Outputs that are kept whatever their size, as `node.port`. */
  pin(addresses: Iterable<string>): void {
    this.#pinned = new Set(addresses);
  }

  made({ node, port, value, type, key, cached, zone, iteration }: MadeOutput): void {
    const address = `${node}.${port}`;
    const bytes = type?.bytes?.(value) ?? 0;
    const isKept = this.#pinned.has(address) || bytes <= this.#options.largestBytes;
    const held = isKept ? hold(value, type) : undefined;
    const old = this.#kept.get(address);
    // A cached value was made when it was first seen.
    const at =
      cached && old !== undefined && old.key === key && key !== undefined ? old.making.at : Date.now();
    if (old) this.#drop(address, old);
    this.#kept.set(address, {
      making: {
        node,
        port,
        at,
        cached,
        ...(zone !== undefined && { zone }),
        ...(iteration !== undefined && { iteration }),
      },
      key,
      bytes,
      held,
      why: isKept ? "" : TOO_LARGE,
    });
    if (held) this.#bytes += bytes;
    this.#makeRoom(address);
  }

  skipped(node: string, key: string | undefined): void {
    for (const [address, kept] of this.#kept) {
      if (kept.making.node !== node || (kept.key === key && key !== undefined)) continue;
      this.#letGo(kept, OTHER_RUN);
      this.#kept.set(address, kept);
    }
  }

  /** What is known of a wire, by the output that it comes from. */
  async report(address: string): Promise<WireReport> {
    const kept = this.#kept.get(address);
    if (!kept) return { kind: "unmade" };
    const { making, bytes, why } = kept;
    if (!kept.held) return { kind: "freed", making, bytes, why };
    // It must not be freed by a run that goes on while it is read back.
    const held = hold(kept.held.value, kept.held.type);
    try {
      return { kind: "kept", making, value: await reportValue(held.value, held.type ?? anyType) };
    } finally {
      letGo(held);
    }
  }

  /** Lets go of all values: their backend is gone, or another graph was opened. */
  clear(): void {
    for (const [address, kept] of this.#kept) this.#drop(address, kept);
  }

  #makeRoom(newest: string): void {
    for (const [address, kept] of this.#kept) {
      if (this.#bytes <= this.#options.budgetBytes) return;
      if (address !== newest && kept.bytes > 0 && !this.#pinned.has(address)) this.#letGo(kept, MADE_ROOM);
    }
  }

  #drop(address: string, kept: Kept): void {
    this.#letGo(kept, "");
    this.#kept.delete(address);
  }

  #letGo(kept: Kept, why: string): void {
    if (!kept.held) return;
    letGo(kept.held);
    kept.held = undefined;
    kept.why = why;
    this.#bytes -= kept.bytes;
  }
}
