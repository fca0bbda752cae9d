import type { Preview } from "../node/define-node.ts";

/** Why a node ran, or that it did not. */
export type RunReason =
  | { readonly kind: "cached" }
  | { readonly kind: "first-run" }
  | { readonly kind: "input-changed"; readonly port: string; readonly source: string }
  | { readonly kind: "param-changed"; readonly param: string }
  | { readonly kind: "definition-changed" }
  | { readonly kind: "source-changed" }
  | { readonly kind: "evicted" }
  /** It did not run: everything that reads it came from the cache. */
  | { readonly kind: "not-needed" }
  | { readonly kind: "not-cacheable" };

/** What a run tells while it goes on. Progress bars, pause, single steps and the worker are consumers of these. */
export type RunEvent =
  | { readonly type: "planned"; readonly nodes: readonly string[] }
  | { readonly type: "nodeStarted"; readonly node: string; readonly reason: RunReason }
  | {
      readonly type: "progress";
      readonly node: string;
      readonly done: number;
      readonly total: number;
      readonly note?: string;
      /** Numbers that the node reports about this step, for example `loss`. */
      readonly scalars?: Readonly<Record<string, number>>;
    }
  | {
      readonly type: "iteration";
      readonly zone: string;
      /** Counted from 0. */
      readonly index: number;
      readonly total?: number;
      /** Numbers that the zone reports about this iteration, for example `loss`. */
      readonly scalars: Readonly<Record<string, number>>;
    }
  | { readonly type: "preview"; readonly node: string; readonly preview: Preview }
  | { readonly type: "warning"; readonly node: string; readonly message: string }
  | {
      readonly type: "memory";
      readonly action: "loaded" | "unloaded";
      /** The node that needs it, or needs its room. */
      readonly node: string;
      /** What was loaded or unloaded. */
      readonly label: string;
      readonly bytes: number;
      /** How long it took to load. */
      readonly ms?: number;
      /** Why it was unloaded, for people. */
      readonly reason?: string;
    }
  | {
      readonly type: "nodeFinished";
      readonly node: string;
      readonly ms: number;
      readonly bytes: number;
      readonly cached: boolean;
      readonly reason: RunReason;
    }
  | { readonly type: "nodeFailed"; readonly node: string; readonly port?: string; readonly message: string }
  | { readonly type: "finished"; readonly ms: number }
  | { readonly type: "cancelled" };
