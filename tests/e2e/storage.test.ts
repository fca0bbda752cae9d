import type { BrowserContext, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";
import { executable, skipNote } from "./editor-page.ts";
import { shareBuiltPage } from "./shared-built-page.ts";
import { Tab } from "./keeping-page.ts";

/** A graph of many texts, each so long. */
function texts(name: string, count: number, length: number): GraphDocument {
  const ids = Array.from({ length: count }, (_, index) => `text${index}`);
  const text = "word ".repeat(length / 5);
  return {
    format: 1,
    name,
    nodes: Object.fromEntries(ids.map((id) => [id, { type: "value/text", version: 1, params: { text } }])),
    edges: [],
    layout: Object.fromEntries(ids.map((id, at) => [id, [(at % 20) * 300, Math.floor(at / 20) * 300]])),
  };
}

/** From now on the browser ends each write as it does where there is no room: the transaction is aborted. Or there is room again. */
async function fillDisk(page: Page, isFull: boolean): Promise<void> {
  await page.evaluate((full) => {
    const store = IDBObjectStore.prototype as unknown as { put: typeof IDBObjectStore.prototype.put };
    const { original = store.put } = store.put as { original?: typeof store.put };
    const refuse = function (this: IDBObjectStore, ...args: Parameters<typeof store.put>): IDBRequest {
      const request = original.apply(this, args);
      const { transaction } = this;
      if (Object.hasOwn(transaction, "error")) return request;
      Object.defineProperty(transaction, "error", {
        get: () => new DOMException("The disk is full.", "QuotaExceededError"),
      });
      queueMicrotask(() => transaction.abort());
      return request;
    };
    store.put = full ? Object.assign(refuse, { original }) : original;
  }, isFull);
}

describe.skipIf(!executable)(`room for graphs in Chromium${skipNote}`, () => {
  const shared = shareBuiltPage();
  let context: BrowserContext;
  let tab: Tab;
  vi.setConfig({ testTimeout: 300_000 });

  beforeEach(async () => {
    context = await shared.browser.newContext({
      viewport: { width: 1280, height: 800 },
      acceptDownloads: true,
    });
    tab = await Tab.open(context, shared.built.url);
  });
  afterEach(async () => {
    await context.close();
    expect(tab.errors).toEqual([]);
  });

  const open = (graph: GraphDocument): Promise<void> =>
    tab.page.evaluate(
      (next) => (document.querySelector("loom-app") as LoomApp).keeper.replace(next, "Open"),
      graph,
    );

  test("a full disk is said, edits go on, nothing kept is lost, and with room again all is kept", async () => {
    const { page } = tab;
    await tab.openNoise();
    await tab.rename("Kept before");
    await tab.saved();
    await fillDisk(page, true);

    await open(texts("Too much", 20, 100_000));
    await tab.ready();
    await tab.rename("Too much, edited");
    const status = page.locator('[data-save="failed"]');
    await status.waitFor({ timeout: 30_000 });
    expect(await status.innerText()).toBe("Not saved");
    expect(await status.getAttribute("title")).toMatch(/full|room/);
    // Leaving now would lose something: the browser asks.
    expect(await page.evaluate(() => (document.querySelector("loom-app") as LoomApp).keeper.unsaved)).toBe(
      true,
    );
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a file" }).click();
    expect((await download).suggestedFilename()).toBe("too-much-edited.graph.json");
    await page.getByRole("button", { name: "Your graphs" }).click();
    await page.locator("loom-library .card", { hasText: "Kept before" }).waitFor();
    await page.keyboard.press("Escape");

    await fillDisk(page, false);
    await tab.rename("Too much, and it fits");
    await tab.saved();
    await page.reload();
    await tab.ready();
    expect((await tab.document()).name).toBe("Too much, and it fits");
    expect((await tab.names()).sort()).toEqual(["Kept before", "Too much, and it fits"]);
  });

  test("a graph file of 10 MB opens, is kept, and the page answers; one that is longer still is refused", async () => {
    const { page } = tab;
    const text = serializeDocument(texts("Ten megabytes", 200, 52_500));
    expect(text.length).toBeGreaterThan(10_000_000);
    await tab.drop("large.graph.json", text);
    await page.waitForFunction(
      () => (document.querySelector("loom-app") as LoomApp).session.document.name === "Ten megabytes",
      undefined,
      { timeout: 60_000 },
    );
    await tab.ready();
    await tab.saved();
    await tab.rename("Ten megabytes, edited");
    await tab.saved();
    await page.reload();
    await tab.ready();
    expect((await tab.document()).name).toBe("Ten megabytes, edited");
    await tab.drop("too-long.json", "x".repeat(21_000_000));
    await page.getByRole("alert").filter({ hasText: "too long" }).waitFor();
    expect((await tab.document()).name).toBe("Ten megabytes, edited");
  });
});
