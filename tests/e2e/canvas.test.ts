import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CDPSession } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { EditorPage, executable, skipNote } from "./editor-page.ts";
import type { Point } from "./editor-page.ts";
import { largeGraph } from "../support/large-graph.ts";

describe.skipIf(!executable)(`the canvas in Chromium${skipNote}`, () => {
  let editor: EditorPage;
  let start: GraphDocument;

  beforeAll(async () => {
    editor = await EditorPage.open("canvas");
    start = await editor.document();
  });

  afterAll(async () => {
    await editor?.close();
  });

  const open = async (graph: GraphDocument): Promise<void> => {
    await editor.page.evaluate(
      (document_) => (document.querySelector("loom-app") as LoomApp).session.store.replace(document_),
      graph,
    );
    await editor.settled();
  };

  beforeEach(() => open(start));

  afterEach(async () => {
    const { live, document } = await editor.liveAndDocument();
    expect(live).toEqual(document);
    expect(editor.errors).toEqual([]);
  });

  const selected = (): Promise<string[]> =>
    editor.page.evaluate(() =>
      [...(document.querySelector("loom-app") as LoomApp).session.selection.nodes].sort(),
    );
  const view = (): Promise<{ x: number; y: number; k: number }> =>
    editor.page.evaluate(() => ({ ...(document.querySelector("loom-app") as LoomApp).canvas.transform }));
  /** Where on the page a canvas point is. */
  const onPage = (x: number, y: number): Promise<Point> =>
    editor.page.evaluate(
      ([px, py]): [number, number] => {
        const { canvas } = document.querySelector("loom-app") as LoomApp;
        const box = canvas.getBoundingClientRect();
        const { x: tx, y: ty, k } = canvas.transform;
        return [box.left + tx + px * k, box.top + ty + py * k];
      },
      [x, y] as const,
    );
  const middleOfWire = (from: string, to: string): Promise<Point> =>
    editor.page.evaluate(
      ([source, target]): [number, number] => {
        const { canvas } = document.querySelector("loom-app") as LoomApp;
        const [a = "", output = ""] = source.split(".");
        const [b = "", input = ""] = target.split(".");
        const start_ = canvas.portPlace({ node: a, side: "output", port: output }) ?? { x: 0, y: 0 };
        const end = canvas.portPlace({ node: b, side: "input", port: input }) ?? { x: 0, y: 0 };
        return [(start_.x + end.x) / 2, (start_.y + end.y) / 2];
      },
      [from, to] as const,
    );

  describe("the palette", () => {
    const box = (): ReturnType<EditorPage["page"]["getByRole"]> =>
      editor.page.getByRole("combobox", { name: "Search nodes" });
    const first = (): Promise<string> =>
      editor.page.locator("loom-palette [role=option]").first().innerText();

    test("opens with Space and finds by name, by type and by help text; arrows choose", async () => {
      await editor.page.locator("loom-canvas").focus();
      await editor.press("Space");
      await box().fill("scheduler step");
      expect(await first()).toContain("Scheduler step");
      await box().fill("value/seed");
      expect(await first()).toContain("value/seed");
      await box().fill("standard deviation the scheduler starts from");
      expect(await first()).toContain("sampling/scale-noise");
      await box().fill("seed");
      await box().press("ArrowDown");
      await box().press("ArrowUp");
      await box().press("Enter");
      await editor.settled();
      expect((await editor.document()).nodes["seed2"]?.type).toBe("value/seed");
      await editor.press("Control+z");
      expect(await editor.document()).toEqual(start);
    });

    test("says when nothing matches, and closes with Escape without a change", async () => {
      await editor.page.locator("loom-canvas").focus();
      await editor.press("Space");
      await box().fill("no such thing (");
      await editor.page.getByText("Nothing matches").waitFor();
      await box().press("Escape");
      expect(await editor.page.locator("loom-palette").count()).toBe(0);
      expect(await editor.document()).toEqual(start);
    });
  });

  describe("wires", () => {
    test("while one is dragged, sockets that take it light up, and the others say why not", async () => {
      const from = await editor.socket("noise", "output", "noise");
      await editor.drag(from, await editor.emptyPlace(), { hold: true });
      const socket = (node: string, port: string): Promise<string | null> =>
        editor.node(node).locator(`.socket[data-side="input"][data-port="${port}"]`).getAttribute("class");
      expect(await socket("begin", "sample")).toContain("fits");
      expect(await socket("predict", "unet")).toContain("refuses");
      expect(
        await editor.node("predict").locator(".port.in", { hasText: "unet" }).getAttribute("title"),
      ).toMatch(/Latent.*U-Net|U-Net.*Latent/i);
      await editor.press("Escape");
      await editor.page.mouse.up();
      expect(await socket("begin", "sample")).not.toContain("fits");
      expect(await editor.document()).toEqual(start);
    });

    test("an occupied input takes a fitting wire in place of the old one, and keeps it from any other", async () => {
      await open({
        ...start,
        nodes: { ...start.nodes, other: { type: "sampling/noise", version: 1, params: {} } },
        layout: { ...start.layout, other: [start.layout?.["noise"]?.[0] ?? 0, 500] },
      });
      const before = await editor.document();
      await editor.drag(
        await editor.socket("unet", "output", "unet"),
        await editor.socket("begin", "input", "sample"),
      );
      expect(await editor.document()).toEqual(before);
      await editor.drag(
        await editor.socket("other", "output", "noise"),
        await editor.socket("begin", "input", "sample"),
      );
      const { edges } = await editor.document();
      expect(edges).toContainEqual({ from: "other.noise", to: "begin.sample" });
      expect(edges.filter(({ to }) => to === "begin.sample")).toHaveLength(1);
      await editor.press("Control+z");
      expect(await editor.document()).toEqual(before);
    });

    test("a node dropped on a wire is put into it", async () => {
      const [x, y] = await middleOfWire("noise.noise", "begin.sample");
      await open({
        ...start,
        nodes: { ...start.nodes, corner: { type: "value/reroute", version: 1, params: {} } },
        layout: { ...start.layout, corner: [x, y - 160] },
      });
      const grip = await onPage(x + 30, y - 160 + 12);
      await editor.drag(grip, await onPage(x, y));
      const { edges } = await editor.document();
      expect(edges).toContainEqual({ from: "noise.noise", to: "corner.value" });
      expect(edges).toContainEqual({ from: "corner.value", to: "begin.sample" });
      expect(edges).not.toContainEqual({ from: "noise.noise", to: "begin.sample" });
    });
  });

  describe("places", () => {
    test("a dragged node comes in line with another and shows it; with Alt it goes where the pointer goes", async () => {
      const [x = 0, y = 0] = start.layout?.["unet"] ?? [];
      await open({ ...start, layout: { ...start.layout, seed: [x + 33, y - 300] } });
      await editor.press("Home");
      const grip = await onPage(x + 33 + 90, y - 300 + 18);
      const { k } = await view();
      await editor.drag(grip, [grip[0] - 30 * k, grip[1]], { hold: true });
      expect(await editor.page.locator(".guides line").count()).toBeGreaterThan(0);
      await editor.page.mouse.up();
      await editor.settled();
      expect((await editor.document()).layout?.["seed"]?.[0]).toBe(x);
      expect(await editor.page.locator(".guides line").count()).toBe(0);
      await editor.page.keyboard.down("Alt");
      const again = await onPage(x + 90, y - 300 + 18);
      await editor.drag(again, [again[0] + 3, again[1] + 40]);
      await editor.page.keyboard.up("Alt");
      expect((await editor.document()).layout?.["seed"]?.[0]).not.toBe(x);
    });

    test("select all, align, and the arrow keys with Shift; each is one step of undo", async () => {
      await editor.page.locator("loom-canvas").focus();
      await editor.press("Control+a");
      expect(await selected()).toEqual(Object.keys(start.nodes).sort());
      await editor.press("Shift+A");
      expect(new Set(Object.values((await editor.document()).layout ?? {}).map(([, top]) => top)).size).toBe(
        1,
      );
      await editor.press("Control+z");
      await editor.press("a");
      expect(new Set(Object.values((await editor.document()).layout ?? {}).map(([left]) => left)).size).toBe(
        1,
      );
      await editor.press("Control+z");
      await editor.press("Shift+ArrowDown");
      expect((await editor.document()).layout?.["unet"]?.[1]).toBe((start.layout?.["unet"]?.[1] ?? 0) + 100);
      await editor.press("Control+z");
      expect(await editor.document()).toEqual(start);
    });

    test("F shows what is selected, Home all; the minimap goes where it is pressed", async () => {
      const [x, y] = await editor.headerOf("decode");
      await editor.page.mouse.click(x, y);
      await editor.press("f");
      const box = await editor.node("decode").locator(".card").boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0) / 2).toBeCloseTo(720, -1);
      const map = await editor.page.locator("loom-minimap").boundingBox();
      if (!map) throw new Error("There is no minimap.");
      const before = await view();
      await editor.page.mouse.click(map.x + 20, map.y + map.height / 2);
      await editor.settled();
      const after = await view();
      expect(after.x).toBeGreaterThan(before.x + 300);
      expect(after.k).toBe(before.k);
      await editor.press("Home");
      expect((await view()).k).toBeLessThan(1);
    });
  });

  test("nodes go into another tab with their wires", async () => {
    await editor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const first = await editor.headerOf("seed");
    const second = await editor.headerOf("noise");
    await editor.page.mouse.click(...first);
    await editor.page.keyboard.down("Shift");
    await editor.page.mouse.click(...second);
    await editor.page.keyboard.up("Shift");
    await editor.press("Control+c");
    const other = await editor.context.newPage();
    await other.goto(editor.page.url());
    await other.waitForSelector("loom-canvas");
    await other.evaluate(async () => {
      const { canvas, session } = document.querySelector("loom-app") as LoomApp;
      session.store.replace({ format: 1, nodes: {}, edges: [] });
      await canvas.settled;
      canvas.element.focus();
    });
    await other.keyboard.press("Control+v");
    const pasted = await other.evaluate(
      () => (document.querySelector("loom-app") as LoomApp).session.document,
    );
    expect(Object.keys(pasted.nodes).sort()).toEqual(["noise", "seed"]);
    expect(pasted.edges).toEqual([{ from: "seed.generator", to: "noise.generator" }]);
    await other.close();
    await editor.page.bringToFront();
  });

  test("by keyboard: a node is added, given a value, moved, duplicated and deleted without the pointer", async () => {
    await editor.page.locator("loom-canvas .area").focus();
    await editor.press("Space");
    await editor.page.keyboard.type("value/seed");
    await editor.press("Enter");
    expect(await selected()).toEqual(["seed2"]);
    await editor.press("ArrowRight");
    await editor.press("Control+d");
    expect(await selected()).toEqual(["seed3"]);
    await editor.press("Delete");
    expect((await editor.document()).nodes["seed3"]).toBeUndefined();
    expect((await editor.document()).nodes["seed2"]?.type).toBe("value/seed");
  });

  describe("a large graph", () => {
    let large: GraphDocument;

    beforeEach(async () => {
      large ??= await largeGraph();
      await open(large);
    });

    test("has elements only for what is seen, and draws all from far away", async () => {
      const elements = (): Promise<number> => editor.page.locator("loom-node:visible").count();
      expect(await elements()).toBeLessThan(120);
      expect(await elements()).toBeGreaterThan(0);
      await editor.press("Home");
      expect((await view()).k).toBeLessThan(0.4);
      expect(await elements()).toBe(0);
      const colours = await editor.page.locator("canvas.far-picture").evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        const seen = new Set<number>();
        for (let index = 0; index < pixels.length; index += 4)
          seen.add(((pixels[index] ?? 0) << 16) | ((pixels[index + 1] ?? 0) << 8) | (pixels[index + 2] ?? 0));
        return seen.size;
      });
      expect(colours).toBeGreaterThan(20);
    });

    test("from far away a node is still selected and dragged by pointer", async () => {
      await editor.press("Home");
      const [x = 0, y = 0] = large.layout?.["model12"] ?? [];
      const grip = await onPage(x + 100, y + 20);
      await editor.page.mouse.click(...grip);
      expect(await selected()).toEqual(["model12"]);
      await editor.drag(grip, [grip[0] + 20, grip[1] + 20]);
      const moved = (await editor.document()).layout?.["model12"];
      expect(moved?.[0]).toBeGreaterThan(x + 50);
      expect(moved?.[1]).toBeGreaterThan(y + 50);
      // Seen from near again, its wires begin where it stands now.
      await editor.press("f");
      await expect.poll(async () => (await view()).k).toBeGreaterThan(0.4);
      const begins = await editor.page.evaluate(() => {
        const { canvas, session } = document.querySelector("loom-app") as LoomApp;
        const edges = session.document.edges.filter(({ from }) => from.startsWith("model12."));
        return edges.map(({ from, to }) => {
          const key = `${from}>${to}`;
          const path = [...canvas.wires.element.children].find(
            (element) => (element as SVGElement).dataset["wire"] === key,
          );
          const place = canvas.portPlace({
            node: "model12",
            side: "output",
            port: from.slice("model12.".length),
          });
          const [px = 0, py = 0] = (path?.getAttribute("d")?.match(/-?[\d.]+/g) ?? []).map(Number);
          return place ? Math.hypot(px - place.x, py - place.y) : Infinity;
        });
      });
      expect(begins.length).toBeGreaterThan(0);
      for (const apart of begins) expect(apart).toBeLessThan(1);
    });

    test("Tab comes to nodes that are out of sight, and Shift+Tab goes back", async () => {
      await editor.page.locator("loom-canvas .area").focus();
      await editor.press("Tab");
      const ids = Object.keys(large.nodes);
      expect(await selected()).toEqual([ids[0]]);
      await editor.page.evaluate(() => {
        const { canvas } = document.querySelector("loom-app") as LoomApp;
        const nodes = Object.keys(canvas.session.document.nodes);
        canvas.bring(nodes[399] ?? "");
      });
      await editor.settled();
      const fields = await editor
        .node(ids[399] ?? "")
        .evaluate((node) => node.shadowRoot?.querySelectorAll("input, select, textarea").length ?? 0);
      for (let press = 0; press <= fields; press++) await editor.press("Tab");
      expect(await selected()).toEqual([ids[400]]);
      expect(await editor.node(ids[400] ?? "").isVisible()).toBe(true);
      await editor.press("Shift+Tab");
      await editor.press("Escape");
    });
  });

  describe("by touch", () => {
    let touch: CDPSession;

    beforeAll(async () => {
      touch = await editor.context.newCDPSession(editor.page);
    });

    type Finger = { readonly x: number; readonly y: number };
    const fingers = async (type: string, ...touchPoints: Finger[]): Promise<void> => {
      await touch.send("Input.dispatchTouchEvent", { type: type as "touchStart", touchPoints });
    };

    test("one finger on the canvas pans, on a node it drags the node", async () => {
      const [x, y] = await editor.emptyPlace();
      const before = await view();
      await fingers("touchStart", { x, y });
      for (const step of [10, 30, 60]) await fingers("touchMove", { x: x + step, y: y + step / 2 });
      await fingers("touchEnd");
      await editor.settled();
      const after = await view();
      expect([after.x - before.x, after.y - before.y].map(Math.round)).toEqual([60, 30]);
      const [hx, hy] = await editor.headerOf("decode");
      await fingers("touchStart", { x: hx, y: hy });
      for (const step of [10, 30, 60]) await fingers("touchMove", { x: hx, y: hy + step });
      await fingers("touchEnd");
      await editor.settled();
      expect((await editor.document()).layout?.["decode"]?.[1]).toBeGreaterThan(
        start.layout?.["decode"]?.[1] ?? 0,
      );
    });

    test("two fingers zoom", async () => {
      const [x, y] = await editor.emptyPlace();
      const before = await view();
      await fingers("touchStart", { x: x - 20, y }, { x: x + 20, y });
      for (const reach of [25, 30, 40]) await fingers("touchMove", { x: x - reach, y }, { x: x + reach, y });
      await fingers("touchEnd");
      await editor.settled();
      expect((await view()).k / before.k).toBeGreaterThan(1.4);
      expect(await editor.document()).toEqual(start);
    });

    test("a long press on the canvas opens the palette, on a node its menu", async () => {
      const [x, y] = await editor.emptyPlace();
      await fingers("touchStart", { x, y });
      await editor.page.locator("loom-palette").waitFor();
      await fingers("touchEnd");
      await editor.press("Escape");
      const [hx, hy] = await editor.headerOf("decode");
      await fingers("touchStart", { x: hx, y: hy });
      await editor.page.getByRole("menuitem", { name: "Duplicate" }).waitFor();
      await fingers("touchEnd");
      await editor.press("Escape");
      expect(await editor.page.locator("loom-menu").count()).toBe(0);
    });
  });
});
