import { FetchError, type FetchFault } from "./request.ts";

/** How patient to be with a network. */
export interface RetryPolicy {
  /** Failures in a row, with nothing gained between them, after which to give up. */
  readonly attempts: number;
  /** Wait after the first failure; it doubles with each. */
  readonly firstWaitMs: number;
  /** The longest wait; a server that asks for more is an error that says when to come back. */
  readonly maxWaitMs: number;
  /** With nothing arriving for so long, a connection counts as dropped. */
  readonly stallMs: number;
}

export const PATIENT: RetryPolicy = { attempts: 6, firstWaitMs: 500, maxWaitMs: 60_000, stallMs: 60_000 };

const PASSING: readonly FetchFault[] = ["busy", "server", "dropped", "offline"];

/** How long to wait before trying again; undefined if that is of no use. @param failures In a row, this one included. */
export function waitBeforeRetry(policy: RetryPolicy, error: unknown, failures: number): number | undefined {
  if (!(error instanceof FetchError) || !PASSING.includes(error.fault)) return undefined;
  if (failures >= policy.attempts) return undefined;
  const wait = error.retryAfterMs ?? policy.firstWaitMs * 2 ** (failures - 1);
  if (wait <= policy.maxWaitMs) return wait;
  return error.retryAfterMs === undefined ? policy.maxWaitMs : undefined;
}

/** Waits, or rejects as soon as `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Runs `work` until it succeeds or waiting is of no use. */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const wait = waitBeforeRetry(policy, error, failures);
      if (wait === undefined) throw error;
      await pause(wait, signal);
    }
  }
}
