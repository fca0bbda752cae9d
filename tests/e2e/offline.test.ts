import { beforeAll, describe, expect, test } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { executable, skipNote } from "./editor-page.ts";
import { shareBuiltPage } from "./shared-built-page.ts";
import { Tab } from "./keeping-page.ts";

describe.skipIf(!executable)(`the built page in Chromium${skipNote}`, () => {
  beforeAll(() => {
    // Vitest says "test", and Vite takes that for a page in development: one without its service worker.
    process.env["NODE_ENV"] = "production";
  });
  const shared = shareBuiltPage();

  test("can be installed: the manifest names icons that are there", async () => {
    const context = await shared.browser.newContext();
    const page = await context.newPage();
    await page.goto(shared.built.url);
    const session = await context.newCDPSession(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    const { errors, url } = await session.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    expect(url).toBe(`${shared.built.url}manifest.webmanifest`);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // A context of Playwright is a private window, which cannot install anything.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual(
      [],
    );
    await context.close();
  });

  test("is served from any folder by a plain host, runs there, is isolated at the second visit, and then needs no host", async () => {
    const context = await shared.browser.newContext();
    const tab = await Tab.open(context, shared.built.url);
    const { page } = tab;
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await page.evaluate(() => {
      const { store } = (document.querySelector("loom-app") as LoomApp).session;
      store.execute("Fewer steps", (graph) => {
        const { timesteps, noise } = graph.nodes;
        if (!timesteps || !noise) throw new Error("This is another graph.");
        const nodes = {
          ...graph.nodes,
          timesteps: { ...timesteps, params: { numInferenceSteps: 2 } },
          noise: { ...noise, params: { batch: 1 } },
        };
        return { ...graph, nodes };
      });
    });
    expect(await tab.run()).toBe("done");
    const [first] = await tab.pictures(1);
    await tab.saved();

    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    // What the first visit loaded before the worker was there is kept now: numerics and the model.
    await page.waitForFunction(
      async () => {
        const cache = await caches.open("latent-loom-on-demand");
        const urls = (await cache.keys()).map(({ url }) => url);
        return urls.some((url) => url.endsWith(".wasm")) && urls.some((url) => url.endsWith(".safetensors"));
      },
      undefined,
      { timeout: 60_000 },
    );

    await page.reload();
    await tab.ready();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await tab.run()).toBe("done");

    await shared.built.unplug();
    await page.reload();
    await tab.ready();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.evaluate(() => {
      const { store } = (document.querySelector("loom-app") as LoomApp).session;
      store.execute("Other seed", (graph) => ({
        ...graph,
        nodes: { ...graph.nodes, seed: { type: "value/seed", version: 1, params: { seed: 5 } } },
      }));
    });
    expect(await tab.run()).toBe("done");
    // The second: a run that makes what there is already adds nothing.
    const [latest] = await tab.pictures(2);
    expect(latest?.seeds).toEqual(["5"]);
    expect(Buffer.from(latest?.file ?? []).equals(Buffer.from(first?.file ?? []))).toBe(false);
    await page.getByRole("button", { name: "Templates" }).click();
    await page.locator('[data-template="forward-process"]').click();
    await page.waitForFunction(
      () => (document.querySelector("loom-app") as LoomApp).session.document.name === "The forward process",
    );
    expect(tab.strays).toEqual([]);
    await context.close();
  }, 600_000);
});
