import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FakeHub, patternBytes } from "../support/fake-hub.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const UNET = "unet/diffusion_pytorch_model.safetensors";
const SIZE = 100e6;
const hub = new FakeHub();
let cache = "";

beforeAll(async () => {
  await hub.start();
  cache = await mkdtemp(join(tmpdir(), "loom-killed-"));
  hub.add("unet/config.json", "{}");
  hub.add(UNET, patternBytes(0, SIZE));
});
afterAll(async () => {
  await hub.stop();
  await rm(cache, { recursive: true, force: true });
});

const fetchModel = () =>
  spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "models", "fetch", "hf:org/model"], {
    cwd: root,
    env: { ...process.env, LATENT_LOOM_CACHE: cache, HF_ENDPOINT: hub.url },
    stdio: "ignore",
  });

/** It takes half a minute: until then the lock of the killed process may be that of one that is only slow. */
it("a process that is killed while it fetches leaves what it had, and the next one goes on from there", async () => {
  hub.mischief = (path, count) => (path === UNET && count === 1 ? { stallAfter: 70e6 } : undefined);
  const first = fetchModel();
  await expect.poll(() => hub.bytesSent, { timeout: 60_000 }).toBeGreaterThan(69e6);
  // What was sent is on its way into the file.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  first.kill("SIGKILL");
  await once(first, "exit");

  const second = fetchModel();
  const [code] = (await once(second, "exit")) as [number];
  expect(code).toBe(0);
  const ranges = hub.asked.filter(({ path }) => path === `/cdn/${UNET}`).map(({ range }) => range);
  expect(ranges.length).toBe(2);
  // Two checkpoints of 32 MB were reached before it was killed.
  expect(Number(/\d+/.exec(ranges[1] ?? "")?.[0])).toBeGreaterThanOrEqual(2 * 32 * 2 ** 20);
  const [folder = ""] = await readdir(join(cache, "models"));
  const body = await readFile(join(cache, "models", folder, "files", UNET));
  expect(Buffer.compare(body, patternBytes(0, SIZE))).toBe(0);
}, 180_000);
