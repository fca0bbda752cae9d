import type { Download } from "../../nodes/downloads/downloads.ts";
import type { RemoteNeed } from "../../nodes/downloads/needs.ts";
import type { StoredFault, StoredModel } from "../../nodes/sources/store/models.ts";
import type { Room } from "../../nodes/sources/store/store-files.ts";

export type { Download, RemoteNeed, Room, StoredFault, StoredModel };

/** Bytes done and in all, with words about it. */
export type OnTransfer = (done: number, total: number, note: string) => void;

/** The store of models as the page sees it: it lives in the worker, which alone can append to its files. */
export interface ModelsClient {
  /** What a graph needs that is not wholly stored. Asks no network. */
  pending(needs: readonly RemoteNeed[]): Promise<Download[]>;
  /** Asks the places how much it is. Only after the person agreed that they are asked. */
  measure(needs: readonly RemoteNeed[]): Promise<Download[]>;
  /** Lets runs fetch these from now on. */
  allow(names: readonly string[]): Promise<void>;
  list(): Promise<StoredModel[]>;
  /** Undefined where this browser has no place for models, or does not say. */
  room(): Promise<Room | undefined>;
  pin(name: string, pinned: boolean): Promise<void>;
  remove(name: string): Promise<void>;
  /** Compares what is stored with its length and SHA-256. */
  check(name: string, onProgress: OnTransfer): Promise<StoredFault[]>;
  /** Fetches the rest of a model that is stored in part. */
  resume(name: string, onProgress: OnTransfer): Promise<void>;
  /** Stops what goes on of `check` and `resume`. */
  stop(): Promise<void>;
}
