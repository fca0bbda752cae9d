import type { RunContext } from "./define-node.ts";

/**
 * Something large inside a value that need not be in memory all the time, because it can be made again: the weights of a model
 * that lie in a file. The executor loads it before a node that reads the value runs, and may unload it in between.
 */
export interface Resident {
  /** What people call it, for example `U-Net of "hf:…"`. */
  readonly label: string;
  /** Bytes that it takes when it is loaded. */
  readonly bytes: number;
  readonly isLoaded: boolean;
  /** Brings it into memory. When it fails or is cancelled, nothing is left of the attempt. */
  load(context: RunContext): Promise<void>;
  /** Frees it. Nothing happens if it is not loaded. */
  unload(): void;
}
