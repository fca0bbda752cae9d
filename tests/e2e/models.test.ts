import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import type { ViteDevServer } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseUnet2dConfig } from "../../src/diffusion/models/unet-2d-config.ts";
import { unet2dParameters } from "../../src/diffusion/models/unet-2d.ts";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { launchProfile } from "../support/browser.ts";
import { FakeHub } from "../support/fake-hub.ts";
import { generatedModel } from "../support/large-model.ts";
import { unetGraph } from "../support/unet-graph.ts";
import { executable, serveEditor, skipNote } from "./editor-page.ts";

const TINY = fileURLToPath(new URL("../golden/training/tiny-unet/", import.meta.url));
const WEIGHTS = "unet/diffusion_pytorch_model.safetensors";

describe.skipIf(!executable)(`models in the page${skipNote}`, () => {
  const hub = new FakeHub();
  let server: ViteDevServer;
  let profile = "";
  let context: BrowserContext;
  let page: Page;
  /** Addresses on huggingface.co that were asked for. */
  let asked: string[] = [];

  beforeAll(async () => {
    await hub.start();
    server = await serveEditor("models");
  });
  afterAll(async () => {
    await server.close();
    await hub.stop();
  });
  beforeEach(async () => {
    hub.reset();
    profile = await mkdtemp(join(tmpdir(), "loom-profile-"));
    await launch();
  });
  afterEach(async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  /** A browser with the same profile as before: a restart. The Hub's address leads to the server of the test. */
  async function launch(): Promise<void> {
    asked = [];
    context = await launchProfile(executable ?? "", profile);
    await context.route("https://huggingface.co/**", async (route) => {
      const { pathname, search } = new URL(route.request().url());
      asked.push(pathname);
      const range = route.request().headers()["range"];
      const answer = await fetch(`${hub.url}${pathname}${search}`, {
        headers: range ? { Range: range } : {},
      });
      await route.fulfill({
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: Buffer.from(await answer.arrayBuffer()),
      });
    });
    page = context.pages()[0] ?? (await context.newPage());
    await page.goto(server.resolvedUrls?.local[0] ?? "");
    await page.waitForSelector("loom-canvas", { timeout: 60_000 });
  }

  /** Puts a U-Net like the tiny one, but with as many channels, into a folder of the hub. `bytes` is what all its files take. */
  const offer = async (folder: string, channels: readonly [number, number]) => {
    const config = {
      ...(JSON.parse(await readFile(`${TINY}config.json`, "utf8")) as Record<string, unknown>),
      block_out_channels: [...channels],
      norm_num_groups: 32,
      attention_head_dim: 8,
    };
    const file = generatedModel(unet2dParameters(parseUnet2dConfig(config)), "F32");
    const text = JSON.stringify(config);
    hub.add(`${folder}unet/config.json`, text);
    hub.files.set(`${folder}${WEIGHTS}`, file);
    return { file, bytes: file.size + text.length };
  };
  const open = (source: string): Promise<void> =>
    page.evaluate(
      (graph) => {
        (document.querySelector("loom-app") as LoomApp).session.store.replace(graph, "Open");
      },
      unetGraph(source, 1),
    );
  const run = (): Promise<void> => page.getByRole("button", { name: "Run", exact: true }).click();
  const outcome = async (timeout = 60_000): Promise<string> => {
    await page.waitForFunction(
      () => {
        const { runs } = (document.querySelector("loom-app") as LoomApp).session;
        return runs.phase === "idle" && runs.summary !== undefined;
      },
      undefined,
      { timeout },
    );
    return page.evaluate(() => {
      const { runs } = (document.querySelector("loom-app") as LoomApp).session;
      const { error, warnings } = runs.node("unet");
      return [runs.summary?.kind, error?.message, ...warnings].filter(Boolean).join(": ");
    });
  };
  const question = () => page.getByRole("dialog", { name: /^This graph needs/ });
  const addTiny = async (): Promise<void> => {
    hub.add("unet/config.json", await readFile(`${TINY}config.json`));
    hub.add(WEIGHTS, await readFile(`${TINY}diffusion_pytorch_model.safetensors`));
    hub.add("vae/config.json", "{}");
  };

  test("nothing is fetched before the person agreed; what is stored needs no question and no network", async () => {
    await addTiny();
    await open("hf:org/tiny");
    await run();
    await question().waitFor();
    expect(await question().innerText()).toContain("huggingface.co has to be");
    expect(asked).toEqual([]);

    await question().getByRole("button", { name: "Ask for the size" }).click();
    await question()
      .getByRole("button", { name: /^Download \d+ KB$/ })
      .waitFor();
    expect(await question().innerText()).toMatch(/2 files, [\d.]+ KB, would be fetched from huggingface\.co/);
    expect(asked).toEqual(["/api/models/org/tiny/revision/main"]);

    await question().getByRole("button", { name: "Cancel" }).click();
    await question().waitFor({ state: "hidden" });
    expect(asked.length).toBe(1);
    expect(await page.locator(".status .progress").innerText()).toBe("");

    await run();
    await question()
      .getByRole("button", { name: /^Download/ })
      .click();
    expect(await outcome()).toBe("done");
    const files = asked.filter((path) => path.includes("/resolve/"));
    expect([...new Set(files)].sort()).toEqual([
      "/org/tiny/resolve/c0ffee/unet/config.json",
      `/org/tiny/resolve/c0ffee/${WEIGHTS}`,
    ]);

    await context.close();
    await launch();
    await context.setOffline(false);
    await open("hf:org/tiny");
    await run();
    expect(await outcome()).toBe("done");
    expect(asked).toEqual([]);
  });

  test("the panel lists, pins, checks and deletes", async () => {
    await addTiny();
    const panel = page.getByRole("dialog", { name: "Models in this browser" });
    await page.getByRole("button", { name: "Models in this browser" }).click();
    await panel.getByText("Nothing is stored yet.").waitFor();
    await panel.getByRole("button", { name: "Close" }).click();

    await open("hf:org/tiny");
    await run();
    await question().getByRole("button", { name: "Ask for the size" }).click();
    await question()
      .getByRole("button", { name: /^Download/ })
      .click();
    expect(await outcome()).toBe("done");

    await page.keyboard.press("Shift+M");
    const item = panel.locator('[data-model="hf:org/tiny@main"]');
    await item.getByText("2 files from huggingface.co").waitFor();
    await item.getByRole("button", { name: "Check" }).click();
    await item.getByText("All files are whole.").waitFor();
    await item.getByLabel("Pinned").check();
    const remove = item.getByRole("button", { name: "Delete hf:org/tiny@main" });
    await expect.poll(() => remove.isDisabled()).toBe(true);
    await item.getByLabel("Pinned").uncheck();
    await expect.poll(() => remove.isDisabled()).toBe(false);
    await remove.click();
    await item.getByRole("button", { name: "Delete", exact: true }).click();
    await panel.getByText("Nothing is stored yet.").waitFor();
  });

  test("300 MB are streamed into the browser's file system, go on after a cut, and load after a restart without a network", async () => {
    const { file, bytes } = await offer("big/", [384, 640]);
    expect(file.size).toBeGreaterThan(300e6);
    // The second request for the weights is the one for the body; the first reads the header.
    hub.mischief = (path, count) => (path.endsWith(WEIGHTS) && count === 2 ? { cutAfter: 120e6 } : undefined);
    await open(`${hub.url}/big`);
    await run();
    await question().getByRole("button", { name: "Ask for the size" }).click();
    await question().getByRole("button", { name: "Download", exact: true }).click();
    expect(await outcome(120_000)).toBe("done");
    expect(hub.bytesSent).toBeLessThan(file.size + 2e6);
    const stored = await page.evaluate(() =>
      (document.querySelector("loom-app") as LoomApp).control.models?.list(),
    );
    expect(stored?.[0]?.bytes).toBe(bytes);

    await context.close();
    hub.forget();
    await launch();
    await open(`${hub.url}/big`);
    await run();
    // Places that list nothing are asked about again where it is not known what else is there.
    expect(await outcome(120_000)).toBe("done");
    expect(hub.asked).toEqual([]);
  });

  test("two tabs that fetch the same model at once fetch it once, and both run", async () => {
    const { file } = await offer("", [64, 96]);
    let release = (): void => undefined;
    const hold = new Promise<void>((resolve) => (release = resolve));
    const isBody = (path: string, range: string | undefined): boolean =>
      /^(\/cdn\/)?unet/.test(path) && path.endsWith(WEIGHTS) && range === "bytes=0-";
    hub.mischief = (path, _, range) => (isBody(path, range) ? { hold } : undefined);
    const other = await context.newPage();
    await other.goto(page.url());
    await other.waitForSelector("loom-canvas", { timeout: 60_000 });
    const tabs = [page, other];
    for (page of tabs) {
      await page.bringToFront();
      await open("hf:org/twice");
      await run();
      // What the first tab has asked about, the second one knows.
      if (page !== other) await question().getByRole("button", { name: "Ask for the size" }).click();
      await question()
        .getByRole("button", { name: /^Download \d/ })
        .click();
      await page.waitForFunction(
        () =>
          (document.querySelector("loom-app") as LoomApp).session.runs.node("predict").status === "running",
      );
    }
    // Both wait for the weights: one for the server, one for the other tab.
    release();
    for (page of tabs) {
      await page.bringToFront();
      expect(await outcome()).toBe("done");
    }
    expect(hub.asked.filter(({ path, range }) => isBody(path, range)).length).toBe(1);
    expect(hub.bytesSent).toBeLessThan(1.5 * file.size);
  });

  test("what the browser has no room for is read by ranges, and the node says so", async () => {
    await offer("mid/", [64, 96]);
    const session = await context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", {
      origin: new URL(page.url()).origin,
      quotaSize: 3_000_000,
    });
    await open(`${hub.url}/mid`);
    await run();
    await question().getByRole("button", { name: "Ask for the size" }).click();
    await question().getByRole("button", { name: "Download", exact: true }).click();
    const words = await outcome();
    expect(words).toMatch(/^done: "unet\/diffusion_pytorch_model\.safetensors" could not be stored/);
    expect(words).toContain("is read from 127.0.0.1");
  });
});
