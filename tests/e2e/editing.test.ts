import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { EditorPage, executable, skipNote } from "./editor-page.ts";

describe.skipIf(!executable)(`editing in Chromium${skipNote}`, () => {
  let editor: EditorPage;
  let start: GraphDocument;

  beforeAll(async () => {
    editor = await EditorPage.open("editing");
    start = await editor.document();
  });

  afterAll(async () => {
    await editor?.close();
  });

  beforeEach(async () => {
    await editor.page.evaluate(
      (graph) => (document.querySelector("loom-app") as LoomApp).session.store.replace(graph),
      start,
    );
    await editor.settled();
  });

  afterEach(async () => {
    const { live, document } = await editor.liveAndDocument();
    expect(live).toEqual(document);
    expect(editor.errors).toEqual([]);
  });

  const select = async (...ids: string[]): Promise<void> => {
    for (const [index, id] of ids.entries()) {
      const [x, y] = await editor.headerOf(id);
      if (index > 0) await editor.page.keyboard.down("Shift");
      await editor.page.mouse.click(x, y);
      if (index > 0) await editor.page.keyboard.up("Shift");
    }
  };
  const selected = (): Promise<string[]> =>
    editor.page.evaluate(() =>
      [...(document.querySelector("loom-app") as LoomApp).session.selection.nodes].sort(),
    );

  test("copy and paste give nodes of their own with the wires between them; undo takes them back", async () => {
    await editor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await select("seed", "noise");
    expect(await selected()).toEqual(["noise", "seed"]);
    await editor.press("Control+c");
    await editor.press("Control+v");
    const document = await editor.document();
    expect(document.edges).toContainEqual({ from: "seed2.generator", to: "noise2.generator" });
    expect(await selected()).toEqual(["noise2", "seed2"]);
    await editor.press("Control+z");
    expect(await editor.document()).toEqual(start);
  });

  test("cut takes nodes away and paste brings them back", async () => {
    await select("decode");
    await editor.press("Control+x");
    expect((await editor.document()).nodes["decode"]).toBeUndefined();
    await editor.press("Control+v");
    expect((await editor.document()).nodes["decode"]?.type).toBe("image/decode-to-image");
  });

  test("a duplicate keeps the wires that come in", async () => {
    await select("predict");
    await editor.press("Control+d");
    const { nodes, edges } = await editor.document();
    expect(nodes["predict2"]?.zone).toBe("denoise");
    expect(edges).toContainEqual({ from: "unet.unet", to: "predict2.unet" });
  });

  test("a frame drawn with Shift selects what it touches, and all move as one step", async () => {
    const [x1, y1] = await editor.headerOf("seed");
    const [x2, y2] = await editor.headerOf("unet");
    await editor.page.keyboard.down("Shift");
    await editor.drag([x1 - 90, y1 - 24], [x2 + 20, y2 + 10]);
    await editor.page.keyboard.up("Shift");
    expect(await selected()).toEqual(["seed", "unet"]);
    const [x, y] = await editor.headerOf("seed");
    await editor.drag([x, y], [x - 30, y + 60]);
    const { layout = {} } = await editor.document();
    const moved = (id: string): number => (layout[id]?.[1] ?? 0) - (start.layout?.[id]?.[1] ?? 0);
    expect(moved("seed")).toBeGreaterThan(0);
    expect(moved("seed")).toBe(moved("unet"));
    await editor.press("Control+z");
    expect(await editor.document()).toEqual(start);
  });

  test("Escape in the middle of a drag puts all back", async () => {
    const [x, y] = await editor.headerOf("decode");
    await editor.drag([x, y], [x - 200, y - 200], { hold: true });
    await editor.press("Escape");
    await editor.page.mouse.up();
    expect(await editor.document()).toEqual(start);
    expect((await editor.headerOf("decode"))[0]).toBeCloseTo(x, 0);
  });

  test("arrow keys move what is selected; a row of presses is one step", async () => {
    await select("decode");
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await editor.press(key);
    const [x, y] = start.layout?.["decode"] ?? [0, 0];
    expect((await editor.document()).layout?.["decode"]).toEqual([x + 20, y + 10]);
    await editor.press("Control+z");
    expect(await editor.document()).toEqual(start);
  });

  test("a double click on a wire puts a corner into it, and deleting it with bridging takes it out", async () => {
    const [x, y] = await editor.page.evaluate((): [number, number] => {
      const { canvas } = document.querySelector("loom-app") as LoomApp;
      const box = canvas.getBoundingClientRect();
      const { x: tx, y: ty, k } = canvas.transform;
      const from = canvas.portPlace({ node: "begin", side: "output", port: "sample" }) ?? { x: 0, y: 0 };
      const to = canvas.portPlace({ node: "step", side: "input", port: "sample" }) ?? { x: 0, y: 0 };
      return [box.left + tx + ((from.x + to.x) / 2) * k, box.top + ty + ((from.y + to.y) / 2) * k];
    });
    await editor.page.mouse.dblclick(x, y);
    await editor.settled();
    const { edges, nodes } = await editor.document();
    expect(nodes["reroute"]?.zone).toBe("denoise");
    expect(edges).toContainEqual({ from: "begin.sample", to: "reroute.value" });
    expect(edges).toContainEqual({ from: "reroute.value", to: "step.sample" });
    await editor.press("Control+Delete");
    const after = await editor.document();
    expect(after.edges).toContainEqual({ from: "begin.sample", to: "step.sample" });
    expect(after.nodes["reroute"]).toBeUndefined();
  });

  test("by keyboard alone, in the list: a wire is taken off, drawn again, and a node deleted", async () => {
    await editor.press("v");
    const list = editor.page.locator("loom-list");
    await list.locator("summary", { hasText: "Scheduler step" }).focus();
    await editor.press("Enter");
    const plan = list.getByLabel("plan", { exact: true });
    expect(await plan.inputValue()).toBe("timesteps.plan");
    expect(await plan.locator("option").allInnerTexts()).toEqual(["not wired", "timesteps.plan"]);
    await plan.selectOption("");
    await editor.settled();
    expect((await editor.document()).edges).not.toContainEqual({ from: "timesteps.plan", to: "step.plan" });
    await plan.selectOption("timesteps.plan");
    await editor.settled();
    expect((await editor.document()).edges).toContainEqual({ from: "timesteps.plan", to: "step.plan" });
    await list.getByRole("button", { name: "Delete" }).focus();
    await editor.press("Enter");
    expect((await editor.document()).nodes["step"]).toBeUndefined();
    await list.getByRole("button", { name: "Close the list" }).click();
  });

  test("a zone gets one more carried value, named by the person, and a bad name is refused", async () => {
    await editor.node("begin").getByRole("button", { name: "Carried values" }).click();
    const dialog = editor.page.getByRole("dialog", { name: "Carried values of denoise" });
    const field = dialog.getByLabel("Name of a new value");
    await field.fill("no spaces");
    await field.press("Enter");
    await dialog.getByRole("alert").filter({ hasText: "letters and digits" }).waitFor();
    await field.fill("memory");
    await field.press("Enter");
    await editor.settled();
    expect((await editor.document()).zones?.["denoise"]?.carry).toEqual(["sample", "memory"]);
    await dialog.getByRole("button", { name: "Close" }).click();
    expect(await editor.node("end").locator('.socket[data-port="memory"]').count()).toBe(2);
  });

  test("a frame around nodes is named, moves them, and is taken away without them", async () => {
    await select("seed", "unet");
    await editor.press("Control+g");
    const title = editor.page.locator(".frame > span");
    await title.dblclick();
    await editor.page.keyboard.type("Sources");
    await editor.press("Enter");
    expect((await editor.document()).view).toEqual({
      frames: { frame: { title: "Sources", nodes: ["seed", "unet"] } },
    });
    const box = await title.boundingBox();
    const grip = [(box?.x ?? 0) + 40, (box?.y ?? 0) + 12] as const;
    await editor.drag(grip, [grip[0] - 20, grip[1] + 50]);
    const { layout = {} } = await editor.document();
    expect(layout["unet"]?.[1]).toBeGreaterThan(start.layout?.["unet"]?.[1] ?? 0);
    await title.click({ button: "right" });
    await editor.page.getByRole("menuitem", { name: "Remove frame" }).click();
    await editor.settled();
    expect(await editor.page.locator(".frame").count()).toBe(0);
    expect((await editor.document()).nodes).toEqual(start.nodes);
  });

  test("the menu of a node runs to it, moves it between zones, and closes with Escape", async () => {
    const [x, y] = await editor.headerOf("guess");
    await editor.page.mouse.click(x, y, { button: "right" });
    await editor.page.getByRole("menuitem", { name: "Run to here" }).waitFor();
    await editor.press("Escape");
    expect(await editor.page.locator("loom-menu").count()).toBe(0);
    await editor.page.mouse.click(x, y, { button: "right" });
    await editor.page.getByRole("menuitem", { name: "Move out of zone denoise" }).click();
    await editor.settled();
    expect((await editor.document()).nodes["guess"]?.zone).toBeUndefined();
  });

  test("tidy leaves no two nodes on one another, and is one step", async () => {
    await editor.press("l");
    await expect.poll(() => editor.document()).not.toEqual(start);
    await editor.settled();
    const overlaps = await editor.page.evaluate(() => {
      const { canvas } = document.querySelector("loom-app") as LoomApp;
      const rects = Object.keys(canvas.session.document.nodes).map((id) => canvas.rect(id));
      return rects.flatMap((a, index) =>
        rects
          .slice(index + 1)
          .filter(
            (b) =>
              a &&
              b &&
              a.x < b.x + b.width &&
              b.x < a.x + a.width &&
              a.y < b.y + b.height &&
              b.y < a.y + a.height,
          ),
      ).length;
    });
    expect(overlaps).toBe(0);
    await editor.press("Control+z");
    expect(await editor.document()).toEqual(start);
  });

  test("? shows the sheet; a node is folded, renamed, and keeps both through a reload", async () => {
    await editor.press("?");
    await editor.page.getByRole("dialog", { name: "Keyboard and pointer" }).waitFor();
    await editor.press("Escape");
    await select("seed");
    await editor.press("h");
    expect(await editor.node("seed").getAttribute("collapsed")).toBe("");
    await editor.press("F2");
    await editor.page.keyboard.type("Where chance begins");
    await editor.press("Enter");
    await editor.saved();
    await editor.page.reload();
    await editor.ready();
    expect((await editor.document()).nodes["seed"]?.title).toBe("Where chance begins");
    expect(await editor.node("seed").getAttribute("collapsed")).toBe("");
  });

  test("a picture dropped on a node is its source, and the run reads it", async () => {
    const [x, y] = await editor.emptyPlace();
    await editor.page.mouse.dblclick(x, y);
    await editor.page.getByRole("combobox", { name: "Search nodes" }).fill("load image");
    await editor.press("Enter");
    const png = await editor.page.evaluate(async () => {
      const canvas = new OffscreenCanvas(6, 4);
      const context = canvas.getContext("2d");
      if (context) context.fillStyle = "#ff8000";
      context?.fillRect(0, 0, 6, 4);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    });
    const id = Object.keys((await editor.document()).nodes).find((node) => node.startsWith("load")) ?? "";
    await editor.node(id).evaluate((element, bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], "orange.png", { type: "image/png" }));
      element.dispatchEvent(
        new DragEvent("drop", { dataTransfer: transfer, bubbles: true, composed: true, cancelable: true }),
      );
    }, png);
    await editor.page.waitForFunction(() =>
      JSON.stringify((document.querySelector("loom-app") as LoomApp).session.document).includes(
        "file:orange.png",
      ),
    );
    await editor.press("Shift+Enter");
    expect(await editor.outcome(30_000)).toMatch(/^Done/);
    const size = await editor
      .node(id)
      .locator("canvas")
      .evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height]);
    expect(size).toEqual([6, 4]);
    expect(await editor.node(id).locator(".state").getAttribute("title")).toMatch(/had not run before/);
  });

  test("the wheel zooms at the pointer, a drag on the canvas moves it, Home shows all", async () => {
    const scale = (): Promise<number> =>
      editor.page.evaluate(() => (document.querySelector("loom-app") as LoomApp).canvas.transform.k);
    const [x, y] = await editor.headerOf("step");
    const before = await scale();
    await editor.page.mouse.move(x, y);
    await editor.page.mouse.wheel(0, 240);
    await editor.settled();
    expect(await scale()).toBeLessThan(before);
    const [x2, y2] = await editor.headerOf("step");
    expect(Math.hypot(x2 - x, y2 - y)).toBeLessThan(40);
    const place = await editor.emptyPlace();
    await editor.drag(place, [place[0] + 120, place[1] + 40]);
    const [x3, y3] = await editor.headerOf("step");
    expect([Math.round(x3 - x2), Math.round(y3 - y2)]).toEqual([120, 40]);
    await editor.press("Home");
    const boxes = await editor.page
      .locator("loom-node")
      .evaluateAll((nodes) => nodes.map((node) => node.getBoundingClientRect().left));
    expect(Math.min(...boxes)).toBeGreaterThan(0);
  });
});
