import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import { decode } from "fast-png";
import type { BrowserContext } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { linkTo } from "../../src/editor/share/link.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { graphTextOf, withGraph } from "../../src/engine/graph/graph-in-png.ts";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";
import { hostileFile } from "../editor/keeping/hostile-json.ts";
import { executable, skipNote } from "./editor-page.ts";
import { shareBuiltPage } from "./shared-built-page.ts";
import { Tab } from "./keeping-page.ts";

describe.skipIf(!executable)(`keeping and sharing in Chromium${skipNote}`, () => {
  const shared = shareBuiltPage();
  let context: BrowserContext;
  const tabs: Tab[] = [];
  vi.setConfig({ testTimeout: 300_000 });

  /** A fresh visitor: nothing is kept from another test. */
  const visitor = (): Promise<BrowserContext> =>
    shared.browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  const open = async (url = shared.built.url, where = context): Promise<Tab> => {
    const tab = await Tab.open(where, url);
    tabs.push(tab);
    return tab;
  };

  beforeEach(async () => {
    context = await visitor();
  });
  afterEach(async () => {
    const seen = tabs.splice(0);
    await context.close();
    for (const { errors, strays } of seen) expect([...errors, ...strays].join("\n")).toBe("");
  });

  test("from a fresh page to the first picture, and from a link to the same picture, pixel for pixel", async () => {
    const tab = await open();
    expect(await tab.run()).toBe("done");
    const [first] = await tab.pictures(1);
    if (!first) throw new Error("The history is empty.");
    expect(first.seeds).toEqual(["0"]);
    await tab.page.getByRole("button", { name: "Share", exact: true }).click();
    const link = await tab.page.locator("loom-share .link input").inputValue();
    await tab.page.keyboard.press("Escape");

    const other = await visitor();
    const guest = await open(link, other);
    const question = guest.page.locator("loom-link dialog");
    await question.getByText("It downloads nothing").waitFor();
    expect(guest.page.url()).toBe(shared.built.url);
    await question.getByRole("button", { name: "Open and run" }).click();
    expect(await guest.outcome()).toBe("done");
    const [second] = await guest.pictures(1);
    const [a, b] = [decode(first.file), decode(second?.file ?? new Uint8Array())];
    expect([b.width, b.height]).toEqual([a.width, a.height]);
    expect(Buffer.from(b.data.buffer).equals(Buffer.from(a.data.buffer))).toBe(true);
    expect(new Set(a.data).size).toBeGreaterThan(20);
    // Each picture carries the graph that made it.
    expect(graphTextOf(second?.file ?? new Uint8Array())).toBe(graphTextOf(first.file));
    await other.close();
  });

  test("a link asks before anything, and 'Not now' changes nothing", async () => {
    const graph: GraphDocument = {
      format: 1,
      name: "Wants a model",
      nodes: {
        m: { type: "model/load-unet", version: 1, params: { source: "https://models.example/unet" } },
        h: { type: "model/load-pipeline", version: 1, params: { source: "hf:org/model" } },
        f: { type: "image/load", version: 1, params: { source: "file:cat.png" } },
      },
      edges: [],
    };
    const tab = await open(linkTo(graph, shared.built.url));
    const question = tab.page.locator("loom-link dialog");
    await question.getByText("https://models.example/unet").waitFor();
    const words = await question.innerText();
    expect(words).toContain("huggingface.co, models.example");
    expect(words).toContain("hf:org/model");
    expect(words).toContain("cat.png");
    const before = await tab.document();
    await question.getByRole("button", { name: "Not now" }).click();
    expect(await tab.document()).toEqual(before);
    expect(before.name).not.toBe("Wants a model");
    await tab.page.reload();
    await tab.ready();
    expect(await question.count()).toBe(1);
    expect(await question.isVisible()).toBe(false);
  });

  test("the library: listed once edited, renamed, duplicated, deleted with undo, opened", async () => {
    const tab = await open();
    const { page } = tab;
    expect(await tab.names()).toEqual([]);
    await tab.rename("My first");
    await tab.saved();
    await page.getByRole("button", { name: "Your graphs" }).click();
    const library = page.locator("loom-library dialog");
    await library.locator(".card", { hasText: "My first" }).waitFor();
    await library.getByRole("button", { name: "Duplicate My first" }).click();
    await library.locator(".card", { hasText: "My first copy" }).waitFor();
    await library.getByRole("button", { name: "Rename My first copy" }).click();
    await library.locator(".rename input").fill("Second");
    await page.keyboard.press("Enter");
    await library.locator(".card", { hasText: "Second" }).waitFor();
    await library.getByRole("button", { name: "Delete Second" }).click();
    await library.locator(".card", { hasText: "Second" }).waitFor({ state: "detached" });
    expect(await tab.names()).toEqual(["My first"]);
    await page.getByRole("button", { name: "Undo", exact: true }).last().click();
    await library.locator(".card", { hasText: "Second" }).waitFor();
    await library.locator(".card", { hasText: "Second" }).locator(".open").click();
    await library.waitFor({ state: "hidden" });
    expect((await tab.document()).name).toBe("Second");
    // The open graph can be deleted too, and undo brings it back.
    await page.getByRole("button", { name: "Your graphs" }).click();
    await library.getByRole("button", { name: "Delete Second" }).click();
    await library.locator(".card", { hasText: "Second" }).waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    expect(Object.keys((await tab.document()).nodes)).toEqual([]);
    await page.evaluate(() => (document.querySelector("loom-app") as LoomApp).session.store.undo());
    await tab.saved();
    expect((await tab.names()).sort()).toEqual(["My first", "Second"]);
    await page.reload();
    await tab.ready();
    expect((await tab.document()).name).toBe("Second");
  });

  test("an old version comes back, and what was there stays a version", async () => {
    const tab = await open();
    const { page } = tab;
    await tab.rename("Before");
    await tab.saved();
    await page.getByRole("button", { name: "Your graphs" }).click();
    const library = page.locator("loom-library dialog");
    await library.getByRole("button", { name: "Versions of Before" }).click();
    await library.getByLabel("Name of the version").fill("Good one");
    await library.getByRole("button", { name: "Keep a version now" }).click();
    await library.locator("li", { hasText: "Good one" }).waitFor();
    await library.getByRole("button", { name: "Close" }).click();
    await tab.rename("After");
    await tab.saved();
    await page.getByRole("button", { name: "Your graphs" }).click();
    await library.getByRole("button", { name: "Versions of After" }).click();
    await library.locator("li", { hasText: "Good one" }).getByRole("button", { name: "Restore" }).click();
    await library.waitFor({ state: "hidden" });
    expect((await tab.document()).name).toBe("Before");
    expect(await tab.names()).toEqual(["Before"]);
    const kept = await page.evaluate(async () => {
      const { keeper } = document.querySelector("loom-app") as LoomApp;
      const versions = await keeper.library.versions(keeper.id);
      return Promise.all(
        versions.map(async ({ time }) => (await keeper.library.version(keeper.id, time)).name),
      );
    });
    expect(kept).toContain("After");
  });

  test("two tabs of one graph: the second is told, takes over or works on a copy", async () => {
    const first = await open();
    await first.rename("Shared");
    await first.saved();
    const second = await open();
    const told = second.page.locator("loom-tabs dialog");
    await told.getByText("This graph is open in another tab").waitFor();
    await second.page.keyboard.press("Escape");
    expect(await told.isVisible()).toBe(true);
    await first.page.evaluate(() => {
      const { store } = (document.querySelector("loom-app") as LoomApp).session;
      store.execute("Rename", (graph) => ({ ...graph, name: "The last edit" }));
    });
    await told.getByRole("button", { name: "Take over here" }).click();
    await told.waitFor({ state: "hidden" });
    expect((await second.document()).name).toBe("The last edit");
    const lost = first.page.locator("loom-tabs dialog");
    await lost.getByText("Another tab has taken this graph").waitFor();
    await lost.getByRole("button", { name: "Work on a copy" }).click();
    await lost.waitFor({ state: "hidden" });
    await second.rename("Mine");
    await second.saved();
    await first.saved();
    expect((await first.names()).sort()).toEqual(["Mine", "The last edit copy"]);
    // A reload gives each tab its own graph back.
    await first.page.reload();
    await first.ready();
    expect((await first.document()).name).toBe("The last edit copy");
    expect(await lost.isVisible()).toBe(false);
  });

  test("pictures are kept with graph and seed; dropped, one opens its graph; one or all are downloaded", async () => {
    const tab = await open();
    const { page } = tab;
    await tab.openNoise(7);
    expect(await tab.run()).toBe("done");
    await tab.pictures(1);
    await page.evaluate(() => {
      const { store } = (document.querySelector("loom-app") as LoomApp).session;
      store.execute("Set seed", (graph) => ({
        ...graph,
        nodes: { ...graph.nodes, seed: { type: "value/seed", version: 1, params: { seed: 8 } } },
      }));
    });
    expect(await tab.run()).toBe("done");
    const [latest, earlier] = await tab.pictures(2);
    expect([latest?.seeds, earlier?.seeds]).toEqual([["8"], ["7"]]);
    // A run that makes nothing new keeps no second copy.
    expect(await tab.run()).toBe("done");
    await page.waitForTimeout(500);
    expect(await tab.pictures(2)).toHaveLength(2);

    await page.getByRole("button", { name: "Pictures" }).click();
    const gallery = page.locator("loom-history dialog");
    await gallery.locator(".card").nth(1).waitFor();
    expect(await gallery.locator(".card").count()).toBe(2);
    const zip = page.waitForEvent("download");
    await gallery.getByRole("button", { name: "Download all" }).click();
    const files = unzipSync(await readFile(await (await zip).path()));
    expect(
      Object.keys(files)
        .map((name) => /^noise-seed-(\d+)-/.exec(name)?.[1])
        .sort(),
    ).toEqual(["7", "8"]);
    await gallery.getByRole("button", { name: "Look at Noise, seed 7" }).click();
    const one = page.waitForEvent("download");
    await gallery.getByRole("button", { name: "Download", exact: true }).click();
    const file = await readFile(await (await one).path());
    await page.keyboard.press("Escape");
    await gallery.getByRole("button", { name: "Close" }).click();

    await tab.drop("picture.png", file);
    await page.waitForFunction(
      () =>
        (document.querySelector("loom-app") as LoomApp).session.document.nodes["seed"]?.params["seed"] === 7,
    );
    await page.getByRole("button", { name: "Pictures" }).click();
    await gallery.getByRole("button", { name: "Delete all" }).click();
    await gallery.getByText("Every picture that a run makes is kept here").waitFor();
    await page.getByRole("button", { name: "Undo", exact: true }).last().click();
    await gallery.locator(".card").nth(1).waitFor();
  });

  test("the templates have pictures and lessons, and one opens", async () => {
    const tab = await open();
    const { page } = tab;
    await page.getByRole("button", { name: "Templates" }).click();
    const gallery = page.locator("loom-templates dialog");
    const card = gallery.locator('[data-template="forward-process"]');
    await card.getByText("from a digit to pure noise").waitFor();
    const width = await card.locator("img").evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      return image.naturalWidth;
    });
    expect(width).toBeGreaterThan(100);
    await gallery.getByLabel("Search templates").fill("inversion");
    expect(await gallery.locator("[data-template]").count()).toBe(2);
    expect(await gallery.locator("svg.sketch").count()).toBe(2);
    await gallery.getByLabel("Search templates").fill("");
    await card.click();
    await tab.ready();
    expect((await tab.document()).name).toBe("The forward process");
    expect(await tab.names()).toEqual([]);
  });

  test("hostile files, pictures, links and notes run no script and reach no network", async () => {
    const evil = [
      "<img src=https://evil.example/a onerror=window.taken=1>",
      "<script>window.taken=1</script>",
      "<a href='javascript:window.taken=1'>x</a>",
      "![x](https://evil.example/b.png) [y](javascript:window.taken=1)",
      "</textarea><iframe src=https://evil.example/c></iframe>",
      "<svg onload=window.taken=1><style>@import url(https://evil.example/d)</style></svg>",
    ];
    const graph = (text: string): GraphDocument => ({
      format: 1,
      name: text,
      description: text,
      nodes: {
        note: { type: "value/note", version: 1, title: text, params: { text } },
        [text]: { type: text, version: 1, params: { [text]: text } },
        picture: { type: "image/load", version: 1, params: { source: "https://evil.example/e.png" } },
        mask: { type: "image/mask", version: 1, params: { painted: `https://evil.example/f.png"${text}` } },
      },
      edges: [{ from: `${text}.${text.replaceAll(".", "")}`, to: "picture.x" }],
      zones: { [text]: { kind: text, carry: [text] } },
      layout: { note: [0, 0], picture: [300, 0], mask: [600, 0], [text]: [900, 0] },
      view: { frames: { [text]: { title: text, nodes: ["note"] } } },
    });
    const tab = await open();
    const { page } = tab;
    const png = (await readFile("public/models/mnist-ddpm/samples.png")) as Uint8Array;
    for (const [index, text] of evil.entries()) {
      const hostile = graph(text);
      if (index % 3 === 0) await tab.drop("x.json", serializeDocument(hostile));
      else if (index % 3 === 1) await tab.drop("x.png", withGraph(png, hostile));
      else {
        await page.evaluate(
          (hash) => (window.location.hash = hash),
          new URL(linkTo(hostile, shared.built.url)).hash,
        );
        await page.locator("loom-link dialog").getByRole("button", { name: "Open only" }).click();
      }
      await page.waitForFunction(
        (name) => (document.querySelector("loom-app") as LoomApp).session.document.name === name,
        text,
      );
      await tab.ready();
      await page.getByRole("button", { name: "Your graphs" }).click();
      await page.locator("loom-library .card").first().waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Share", exact: true }).click();
      await page.keyboard.press("Escape");
    }
    await page.waitForTimeout(500);
    expect(await page.evaluate(() => "taken" in window)).toBe(false);
    expect(await page.locator("iframe, script:not([src])").count()).toBe(0);
    // The policy may say that it has stopped something.
    const stopped = tab.errors.filter((error) => !error.includes("Content Security Policy"));
    tab.errors.splice(0, tab.errors.length, ...stopped);
    for (const hash of ["#graph=1.%00", "#graph=9.x", "#graph=1.AAAA"]) {
      await page.evaluate((next) => (window.location.hash = next), hash);
      await page.getByRole("alert").filter({ hasText: "The link was not opened" }).waitFor();
      await page.getByRole("button", { name: "Close the message" }).first().click();
    }
  });

  test("the policy stops what no code of ours would ask for", async () => {
    const tab = await open();
    const blocked = await tab.page.evaluate(async () => {
      const outcome = async (load: () => Promise<unknown>): Promise<string> =>
        load().then(
          () => "loaded",
          () => "blocked",
        );
      const image = new Image();
      return {
        fetch: await outcome(() => fetch("https://evil.example/")),
        image: await outcome(
          () =>
            new Promise((resolve, reject) => {
              image.onload = resolve;
              image.onerror = reject;
              image.src = "https://evil.example/x.png";
            }),
        ),
        inline: await outcome(() => {
          const script = document.createElement("script");
          script.textContent = "window.taken = 1";
          document.head.append(script);
          return "taken" in window ? Promise.resolve() : Promise.reject(new Error());
        }),
        // A string in place of code, as eval takes it.
        evaluated: await outcome(() => Promise.resolve().then(() => new Function("return 1")())),
      };
    });
    expect(blocked).toEqual({ fetch: "blocked", image: "blocked", inline: "blocked", evaluated: "blocked" });
    expect(tab.strays).toEqual([]);
    expect(tab.errors.join("\n")).toMatch(/Content Security Policy/);
    tab.errors.length = 0;
  });

  test("a browser that keeps nothing runs graphs all the same, and says so", async () => {
    await context.addInitScript(() => {
      Object.defineProperty(window, "indexedDB", {
        value: {
          open() {
            throw new DOMException("The user denied it.", "SecurityError");
          },
        },
      });
      Object.defineProperty(window, "sessionStorage", {
        get() {
          throw new DOMException("The user denied it.", "SecurityError");
        },
      });
    });
    const tab = await open();
    const { page } = tab;
    await page.getByText("Not kept by this browser").waitFor();
    await tab.openNoise();
    expect(await tab.run()).toBe("done");
    expect(await tab.pictures(1)).toHaveLength(1);
    await page.getByRole("button", { name: "Your graphs" }).click();
    await page.locator("loom-library").getByText("keeps nothing for this page").waitFor();
    await page.keyboard.press("Escape");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a file" }).click();
    expect((await download).suggestedFilename()).toBe("noise.graph.json");
  });

  test("damaged graph files are opened or refused in the page too, without a word in the console", async () => {
    const tab = await open();
    const { page } = tab;
    const sources = [
      await readFile("graphs/sample-digits.graph.json", "utf8"),
      await readFile("graphs/train-ddpm.graph.json", "utf8"),
    ];
    const seen = { opened: 0, refused: 0 };
    for (let seed = 50_000; seed < 50_060; seed++) {
      const outcome = await page.evaluate(
        async (text) => {
          const app = document.querySelector("loom-app") as LoomApp;
          const before = app.session.document;
          app.notice = "";
          await app.keeping.openFile(new File([text], "damaged.json"));
          await app.updateComplete;
          await app.canvas.settled;
          await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
          if (app.session.document !== before) return "opened";
          return app.notice.includes("was not opened") ? "refused" : `neither: ${app.notice}`;
        },
        hostileFile(sources, seed),
      );
      expect(["opened", "refused"], `file ${seed}`).toContain(outcome);
      seen[outcome as "opened" | "refused"] += 1;
      expect(tab.errors, `file ${seed}`).toEqual([]);
    }
    expect(seen.opened).toBeGreaterThan(5);
    expect(seen.refused).toBeGreaterThan(5);
    await tab.openNoise();
    expect(await tab.run()).toBe("done");
  });
});
