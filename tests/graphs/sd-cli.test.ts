import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { decodePicture } from "../../src/diffusion/datasets/decode-picture.ts";
import { caseOf } from "./sd-cases.ts";
import { readExpected } from "./tiny-pipelines.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "loom-sd-cli-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command line as a person does, and gives what it wrote to standard error and its exit code. */
async function loom(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], { cwd: root });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout.resume();
  return new Promise((resolve) => {
    child.on("close", (code) => {
      resolve({ code, stderr });
    });
  });
}

it.each(["txt2img", "img2img", "inpaint", "depth-to-image"])(
  "loom run graphs/%s.graph.json on a folder that diffusers saved gives diffusers' picture, to 2/255",
  async (name) => {
    const { graph, set } = caseOf(name);
    const settings = Object.entries(set).flatMap(([key, value]) => ["--set", `${key}=${String(value)}`]);
    const file = join(folder, `${name}.png`);
    const { code, stderr } = await loom([
      "run",
      `graphs/${graph}.graph.json`,
      ...["--backend", "wasm", "--json", "--save", `decode.image=${file}`],
      ...settings,
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const { shape, values } = await readExpected(`${name}.pixels`);
    const { width, height, rgba } = decodePicture(file, readFileSync(file));
    expect([1, height, width, 3]).toEqual(shape);
    const worst = Math.max(
      ...values.map((value, i) => Math.abs(value * 255 - (rgba[Math.floor(i / 3) * 4 + (i % 3)] ?? Number.NaN))),
    );
    expect(worst).toBeLessThanOrEqual(2);
  },
);
