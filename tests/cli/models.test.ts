import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FakeHub, patternBytes } from "../support/fake-hub.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const hub = new FakeHub();
const UNET = "unet/diffusion_pytorch_model.safetensors";
let cache = "";

beforeAll(async () => {
  await hub.start();
  cache = await mkdtemp(join(tmpdir(), "loom-models-"));
  hub.add("model_index.json", "{}");
  hub.add("scheduler/scheduler_config.json", "{}");
  hub.add("unet/config.json", "{}");
  hub.add(UNET, patternBytes(0, 300_000));
  hub.add("unet/diffusion_pytorch_model.fp16.safetensors", patternBytes(0, 1000));
  hub.add("unet/diffusion_pytorch_model.bin", patternBytes(0, 1000));
});
afterAll(async () => {
  await hub.stop();
  await rm(cache, { recursive: true, force: true });
});

/** Runs the command line; its exit code and all that it wrote. */
function loom(...args: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, LATENT_LOOM_CACHE: cache, HF_ENDPOINT: hub.url };
    execFile(
      process.execPath,
      ["--import", "tsx", "src/cli/main.ts", "models", ...args],
      { cwd: root, env },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr });
      },
    );
  });
}

it("loom models fetches what a pipeline needs, lists, pins, finds damage, mends it and removes", async () => {
  expect(await loom()).toMatchObject({
    code: 0,
    out: expect.stringContaining("No models are stored") as string,
  });
  const fetched = await loom("fetch", "hf:org/model", "--pin");
  expect(fetched.out).toContain("hf:org/model@main  300 KB, 3 files, pinned");
  expect(fetched.code).toBe(0);
  expect([...hub.fetched].sort()).toEqual(["scheduler/scheduler_config.json", "unet/config.json", UNET]);

  const listed = JSON.parse((await loom("list", "--json")).out) as { reference: string; pinned: boolean }[];
  expect(listed).toMatchObject([{ reference: "hf:org/model@main", pinned: true, partial: false }]);
  expect(await loom("check")).toMatchObject({ code: 0, out: expect.stringContaining("whole") as string });

  const [folder = ""] = await readdir(join(cache, "models"));
  const damaged = patternBytes(0, 300_000);
  damaged[777] = (damaged[777] ?? 0) ^ 1;
  await writeFile(join(cache, "models", folder, "files", UNET), damaged);
  const checked = await loom("check", "hf:org/model");
  expect(checked.out).toContain(`${UNET} is damaged`);
  expect(checked.code).toBe(1);
  hub.forget();
  expect((await loom("fetch", "hf:org/model")).code).toBe(0);
  expect(hub.fetched).toEqual([UNET]);
  expect((await loom("check")).code).toBe(0);

  expect(await loom("remove", "hf:org/model")).toMatchObject({
    code: 1,
    out: expect.stringContaining("is pinned") as string,
  });
  expect((await loom("remove", "hf:org/model", "--pin")).out).toContain("300 KB are free again");
  expect(await readdir(join(cache, "models"))).toEqual([]);
  expect(await loom("remove", "hf:org/model")).toMatchObject({
    code: 1,
    out: expect.stringContaining('"hf:org/model@main" is not stored. Nothing is.') as string,
  });
});

it("two processes that fetch the same model at once fetch each file once, and both have it", async () => {
  hub.forget();
  // Both ask what there is before either knows, and then want the same files at the same moment.
  hub.holdListing = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (hub.asked.length < 2) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
  hub.mischief = (path) =>
    path === UNET ? { hold: new Promise((resolve) => setTimeout(resolve, 1000)) } : undefined;
  const ends = await Promise.all([loom("fetch", "hf:org/model"), loom("fetch", "hf:org/model")]);
  hub.holdListing = undefined;
  hub.mischief = () => undefined;
  for (const { code, out } of ends) {
    expect(out).toContain("hf:org/model@main  300 KB, 3 files");
    expect(code).toBe(0);
  }
  expect([...hub.fetched].sort()).toEqual(["scheduler/scheduler_config.json", "unet/config.json", UNET]);
  const [folder = ""] = await readdir(join(cache, "models"));
  const body = await readFile(join(cache, "models", folder, "files", UNET));
  expect(Buffer.compare(body, patternBytes(0, 300_000))).toBe(0);
  expect((await loom("check")).code).toBe(0);
});

it("loom models says what is wrong with a wrong call", async () => {
  expect(await loom("fetch")).toMatchObject({
    code: 2,
    out: expect.stringContaining("wants a source") as string,
  });
  expect(await loom("fetch", "file:x")).toMatchObject({
    code: 2,
    out: expect.stringContaining("is on this computer already") as string,
  });
});
