import { readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, "utf8");
        const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, "utf8") }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** Processes that draw and run pages, of the browser whose profile is in `folder`. */
export function rendererPids(folder: string): number[] {
  const all = processes();
  const found = new Set(all.filter(({ command }) => command.includes(folder)).map(({ pid }) => pid));
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all
    .filter(({ pid, command }) => found.has(pid) && command.includes("--type=renderer"))
    .map(({ pid }) => pid);
}

/** Memory of its own, without files and what is shared with other processes; in MB. */
function anonymousMemory(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1]) / 1e3;
  } catch {
    return 0;
  }
}

/** The most that the largest of the processes had while `work` ran, above what it had before; in MB. */
export async function peakAbove(pids: readonly number[], work: () => Promise<unknown>): Promise<number> {
  const look = (): number[] => pids.map(anonymousMemory);
  const before = look();
  let peak = 0;
  const timer = setInterval(() => {
    look().forEach((now, i) => (peak = Math.max(peak, now - (before[i] ?? 0))));
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak;
}
