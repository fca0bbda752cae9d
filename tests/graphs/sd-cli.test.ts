import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { decodePicture } from "../../src/diffusion/datasets/decode-picture.ts";
import { caseOf } from "./sd-cases.ts";
import { pipelineFolder, readExpected } from "./tiny-pipelines.ts";

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

it("loom run refuses a config that it does not support by the option's name, and saves nothing", async () => {
  const changed = join(folder, "changed");
  cpSync(pipelineFolder("base"), changed, { recursive: true });
  const config = join(changed, "unet", "config.json");
  const options = JSON.parse(readFileSync(config, "utf8")) as Record<string, unknown>;
  writeFileSync(config, JSON.stringify({ ...options, dual_cross_attention: true }));
  const file = join(folder, "refused.png");
  const { code, stderr } = await loom([
    "run",
    "graphs/txt2img.graph.json",
    ...["--backend", "wasm", "--set", `model.source=file:${changed}`, "--save", `decode.image=${file}`],
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/Node "model" .*dual_cross_attention/);
  expect(existsSync(file)).toBe(false);
});
