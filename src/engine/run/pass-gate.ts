import type { RunState } from "./state.ts";

/** Where a run may be held up: just before an iteration of a zone, or of a node that loops by itself. */
export interface GatePoint {
  /** Id of the zone, or of the node. */
  readonly zone: string;
  readonly index: number;
}

/** Lets an iteration begin by resolving. `finish` ends the loop here, as if it were over: what was carried so far leaves. */
export type Gate = (point: GatePoint) => Promise<unknown> | "finish" | undefined;

/** Waits for the gate; cancelling ends the wait. What comes of a loop that is ended here is not what its keys say. */
export async function passGate(
  state: RunState,
  gate: Gate | undefined,
  point: GatePoint,
): Promise<"finish" | undefined> {
  let answer: unknown;
  const { signal } = state;
  if (gate !== undefined && !signal.aborted) {
    let stop: (() => void) | undefined;
    const cancelled = new Promise<void>((resolve) => {
      stop = resolve;
      signal.addEventListener("abort", resolve as () => void, { once: true });
    });
    try {
      answer = await Promise.race([gate(point), cancelled]);
    } finally {
      if (stop !== undefined) signal.removeEventListener("abort", stop);
    }
  }
  await state.breathe();
  if (answer !== "finish") return undefined;
  state.isCutShort = true;
  return answer;
}
