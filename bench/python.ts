import { spawnSync } from "node:child_process";

/** A Python that has what a peer needs. `LOOM_PYTHON` names one; else the one on the path is tried. */
export function findPython(
  modules: readonly string[],
): { readonly python: string } | { readonly reason: string } {
  const python = process.env["LOOM_PYTHON"] ?? "python3";
  const { status, error } = spawnSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
  if (error) return { reason: `there is no ${python}` };
  if (status !== 0)
    return { reason: `${python} lacks one of ${modules.join(", ")} (LOOM_PYTHON names another)` };
  return { python };
}

/** Runs a script and parses the JSON on the last line that it prints. @throws Error with its complaint. */
export function runPython(python: string, script: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(python, [script, ...args], {
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`${script}: ${stderr.trim().split("\n").at(-1) ?? "failed"}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null") as unknown;
}
