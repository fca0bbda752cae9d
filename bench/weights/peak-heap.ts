import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** The largest JavaScript heap, array buffers included, that the process has while `work` runs, looked at every 10 ms; in MB. */
export async function peakHeap(work: () => Promise<unknown>): Promise<number> {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  collectGarbage();
  let peak = used();
  const timer = setInterval(() => (peak = Math.max(peak, used())), 10);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, used()) / 1e6;
}
