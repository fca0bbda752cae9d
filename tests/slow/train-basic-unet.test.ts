import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("one epoch of the course's BasicUNet on the whole of MNIST ends at the course's loss, .0267 ± 5 %", () => {
  const folder = mkdtempSync(join(tmpdir(), "loom-epoch-"));
  try {
    const out = join(folder, "mean.json");
    const { status } = spawnSync(
      process.execPath,
      [
        "--import",
        "tsx",
        "src/cli/main.ts",
        "run",
        "graphs/train-basic-unet.graph.json",
        "--only",
        "curve",
        "--backend",
        "wasm",
        "--save",
        `curve.mean=${out}`,
      ],
      { cwd: root, stdio: "inherit" },
    );
    expect(status).toBe(0);
    const mean = JSON.parse(readFileSync(out, "utf8")) as number;
    console.log(`mean loss of the first epoch: ${mean.toFixed(5)}`);
    expect(Math.abs(mean - 0.0267)).toBeLessThanOrEqual(0.05 * 0.0267);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
