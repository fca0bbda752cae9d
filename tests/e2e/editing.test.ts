import { describe, expect, test } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { executable, skipNote } from "./editor-page.ts";
import { shareEditor } from "./shared-editor.ts";

describe.skipIf(!executable)(`editing in Chromium${skipNote}`, () => {
  const shared = shareEditor("editing");

  const select = async (...ids: string[]): Promise<void> => {
    for (const [index, id] of ids.entries()) {
      const [x, y] = await shared.editor.headerOf(id);
      if (index > 0) await shared.editor.page.keyboard.down("Shift");
      await shared.editor.page.mouse.click(x, y);
      if (index > 0) await shared.editor.page.keyboard.up("Shift");
    }
  };
  const selected = (): Promise<string[]> =>
    shared.editor.page.evaluate(() =>
      [...(document.querySelector("loom-app") as LoomApp).session.selection.nodes].sort(),
    );

  test("copy and paste give nodes of their own with the wires between them; undo takes them back", async () => {
    await shared.editor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await select("seed", "noise");
    expect(await selected()).toEqual(["noise", "seed"]);
    await shared.editor.press("Control+c");
    await shared.editor.press("Control+v");
    const document = await shared.editor.document();
    expect(document.edges).toContainEqual({ from: "seed2.generator", to: "noise2.generator" });
    expect(await selected()).toEqual(["noise2", "seed2"]);
    await shared.editor.press("Control+z");
    expect(await shared.editor.document()).toEqual(shared.start);
  });

  test("cut takes nodes away and paste brings them back", async () => {
    await select("decode");
    await shared.editor.press("Control+x");
    expect((await shared.editor.document()).nodes["decode"]).toBeUndefined();
    await shared.editor.press("Control+v");
    expect((await shared.editor.document()).nodes["decode"]?.type).toBe("image/decode-to-image");
  });

  test("a duplicate keeps the wires that come in", async () => {
    await select("predict");
    await shared.editor.press("Control+d");
    const { nodes, edges } = await shared.editor.document();
    expect(nodes["predict2"]?.zone).toBe("denoise");
    expect(edges).toContainEqual({ from: "unet.unet", to: "predict2.unet" });
  });

  test("a frame drawn with Shift selects what it touches, and all move as one step", async () => {
    const [x1, y1] = await shared.editor.headerOf("seed");
    const [x2, y2] = await shared.editor.headerOf("unet");
    await shared.editor.page.keyboard.down("Shift");
    await shared.editor.drag([x1 - 90, y1 - 24], [x2 + 20, y2 + 10]);
    await shared.editor.page.keyboard.up("Shift");
    expect(await selected()).toEqual(["seed", "unet"]);
    const [x, y] = await shared.editor.headerOf("seed");
    await shared.editor.drag([x, y], [x - 30, y + 60]);
    const { layout = {} } = await shared.editor.document();
    const moved = (id: string): number => (layout[id]?.[1] ?? 0) - (shared.start.layout?.[id]?.[1] ?? 0);
    expect(moved("seed")).toBeGreaterThan(0);
    expect(moved("seed")).toBe(moved("unet"));
    await shared.editor.press("Control+z");
    expect(await shared.editor.document()).toEqual(shared.start);
  });

  test("Escape in the middle of a drag puts all back", async () => {
    const [x, y] = await shared.editor.headerOf("decode");
    await shared.editor.drag([x, y], [x - 200, y - 200], { hold: true });
    await shared.editor.press("Escape");
    await shared.editor.page.mouse.up();
    expect(await shared.editor.document()).toEqual(shared.start);
    expect((await shared.editor.headerOf("decode"))[0]).toBeCloseTo(x, 0);
  });

  test("arrow keys move what is selected; a row of presses is one step", async () => {
    await select("decode");
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await shared.editor.press(key);
    const [x, y] = shared.start.layout?.["decode"] ?? [0, 0];
    expect((await shared.editor.document()).layout?.["decode"]).toEqual([x + 20, y + 10]);
    await shared.editor.press("Control+z");
    expect(await shared.editor.document()).toEqual(shared.start);
  });

  test("a double click on a wire puts a corner into it, and deleting it with bridging takes it out", async () => {
    const [x, y] = await shared.editor.page.evaluate((): [number, number] => {
      const { canvas } = document.querySelector("loom-app") as LoomApp;
      const box = canvas.getBoundingClientRect();
      const { x: tx, y: ty, k } = canvas.transform;
      const from = canvas.portPlace({ node: "begin", side: "output", port: "sample" }) ?? { x: 0, y: 0 };
      const to = canvas.portPlace({ node: "step", side: "input", port: "sample" }) ?? { x: 0, y: 0 };
      return [box.left + tx + ((from.x + to.x) / 2) * k, box.top + ty + ((from.y + to.y) / 2) * k];
    });
    await shared.editor.page.mouse.dblclick(x, y);
    await shared.editor.settled();
    const { edges, nodes } = await shared.editor.document();
    expect(nodes["reroute"]?.zone).toBe("denoise");
    expect(edges).toContainEqual({ from: "begin.sample", to: "reroute.value" });
    expect(edges).toContainEqual({ from: "reroute.value", to: "step.sample" });
    await shared.editor.press("Control+Delete");
    const after = await shared.editor.document();
    expect(after.edges).toContainEqual({ from: "begin.sample", to: "step.sample" });
    expect(after.nodes["reroute"]).toBeUndefined();
  });

  test("by keyboard alone, in the list: a wire is taken off, drawn again, and a node deleted", async () => {
    await shared.editor.press("v");
    const list = shared.editor.page.locator("loom-list");
    await list.locator("summary", { hasText: "Scheduler step" }).focus();
    await shared.editor.press("Enter");
    const plan = list.getByLabel("plan", { exact: true });
    expect(await plan.inputValue()).toBe("timesteps.plan");
    expect(await plan.locator("option").allInnerTexts()).toEqual(["not wired", "timesteps.plan"]);
    await plan.selectOption("");
    await shared.editor.settled();
    expect((await shared.editor.document()).edges).not.toContainEqual({
      from: "timesteps.plan",
      to: "step.plan",
    });
    await plan.selectOption("timesteps.plan");
    await shared.editor.settled();
    expect((await shared.editor.document()).edges).toContainEqual({
      from: "timesteps.plan",
      to: "step.plan",
    });
    await list.getByRole("button", { name: "Delete" }).focus();
    await shared.editor.press("Enter");
    expect((await shared.editor.document()).nodes["step"]).toBeUndefined();
    await list.getByRole("button", { name: "Close the list" }).click();
  });

  test("a zone gets one more carried value, named by the person, and a bad name is refused", async () => {
    await shared.editor.node("begin").getByRole("button", { name: "Carried values" }).click();
    const dialog = shared.editor.page.getByRole("dialog", { name: "Carried values of denoise" });
    const field = dialog.getByLabel("Name of a new value");
    await field.fill("no spaces");
    await field.press("Enter");
    await dialog.getByRole("alert").filter({ hasText: "letters and digits" }).waitFor();
    await field.fill("memory");
    await field.press("Enter");
    await shared.editor.settled();
    expect((await shared.editor.document()).zones?.["denoise"]?.carry).toEqual(["sample", "memory"]);
    await dialog.getByRole("button", { name: "Close" }).click();
    expect(await shared.editor.node("end").locator('.socket[data-port="memory"]').count()).toBe(2);
  });

  test("a frame around nodes is named, moves them, and is taken away without them", async () => {
    await select("seed", "unet");
    await shared.editor.press("Control+g");
    const title = shared.editor.page.locator(".frame > span");
    await title.dblclick();
    await shared.editor.page.keyboard.type("Sources");
    await shared.editor.press("Enter");
    expect((await shared.editor.document()).view).toEqual({
      frames: { frame: { title: "Sources", nodes: ["seed", "unet"] } },
    });
    const box = await title.boundingBox();
    const grip = [(box?.x ?? 0) + 40, (box?.y ?? 0) + 12] as const;
    await shared.editor.drag(grip, [grip[0] - 20, grip[1] + 50]);
    const { layout = {} } = await shared.editor.document();
    expect(layout["unet"]?.[1]).toBeGreaterThan(shared.start.layout?.["unet"]?.[1] ?? 0);
    await title.click({ button: "right" });
    await shared.editor.page.getByRole("menuitem", { name: "Remove frame" }).click();
    await shared.editor.settled();
    expect(await shared.editor.page.locator(".frame").count()).toBe(0);
    expect((await shared.editor.document()).nodes).toEqual(shared.start.nodes);
  });

  test("the menu of a node runs to it, moves it between zones, and closes with Escape", async () => {
    const [x, y] = await shared.editor.headerOf("guess");
    await shared.editor.page.mouse.click(x, y, { button: "right" });
    await shared.editor.page.getByRole("menuitem", { name: "Run to here" }).waitFor();
    await shared.editor.press("Escape");
    expect(await shared.editor.page.locator("loom-menu").count()).toBe(0);
    await shared.editor.page.mouse.click(x, y, { button: "right" });
    await shared.editor.page.getByRole("menuitem", { name: "Move out of zone denoise" }).click();
    await shared.editor.settled();
    expect((await shared.editor.document()).nodes["guess"]?.zone).toBeUndefined();
  });

  test("tidy leaves no two nodes on one another, and is one step", async () => {
    await shared.editor.press("l");
    await expect.poll(() => shared.editor.document()).not.toEqual(shared.start);
    await shared.editor.settled();
    const overlaps = await shared.editor.page.evaluate(() => {
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
    await shared.editor.press("Control+z");
    expect(await shared.editor.document()).toEqual(shared.start);
  });

  test("? shows the sheet; a node is folded, renamed, and keeps both through a reload", async () => {
    await shared.editor.press("?");
    await shared.editor.page.getByRole("dialog", { name: "Keyboard and pointer" }).waitFor();
    await shared.editor.press("Escape");
    await select("seed");
    await shared.editor.press("h");
    expect(await shared.editor.node("seed").getAttribute("collapsed")).toBe("");
    await shared.editor.press("F2");
    await shared.editor.page.keyboard.type("Where chance begins");
    await shared.editor.press("Enter");
    await shared.editor.saved();
    await shared.editor.page.reload();
    await shared.editor.ready();
    expect((await shared.editor.document()).nodes["seed"]?.title).toBe("Where chance begins");
    expect(await shared.editor.node("seed").getAttribute("collapsed")).toBe("");
  });

  test("a picture dropped on a node is its source, and the run reads it", async () => {
    const [x, y] = await shared.editor.emptyPlace();
    await shared.editor.page.mouse.dblclick(x, y);
    await shared.editor.page.getByRole("combobox", { name: "Search nodes" }).fill("load image");
    await shared.editor.press("Enter");
    const png = await shared.editor.page.evaluate(async () => {
      const canvas = new OffscreenCanvas(6, 4);
      const context = canvas.getContext("2d");
      if (context) context.fillStyle = "#ff8000";
      context?.fillRect(0, 0, 6, 4);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    });
    const id =
      Object.keys((await shared.editor.document()).nodes).find((node) => node.startsWith("load")) ?? "";
    await shared.editor.node(id).evaluate((element, bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], "orange.png", { type: "image/png" }));
      element.dispatchEvent(
        new DragEvent("drop", { dataTransfer: transfer, bubbles: true, composed: true, cancelable: true }),
      );
    }, png);
    await shared.editor.page.waitForFunction(() =>
      JSON.stringify((document.querySelector("loom-app") as LoomApp).session.document).includes(
        "file:orange.png",
      ),
    );
    await shared.editor.press("Shift+Enter");
    expect(await shared.editor.outcome(30_000)).toMatch(/^Done/);
    const size = await shared.editor
      .node(id)
      .locator("canvas")
      .evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height]);
    expect(size).toEqual([6, 4]);
    expect(await shared.editor.node(id).locator(".state").getAttribute("title")).toMatch(
      /had not run before/,
    );
  });

  test("the wheel zooms at the pointer, a drag on the canvas moves it, Home shows all", async () => {
    const scale = (): Promise<number> =>
      shared.editor.page.evaluate(() => (document.querySelector("loom-app") as LoomApp).canvas.transform.k);
    const [x, y] = await shared.editor.headerOf("step");
    const before = await scale();
    await shared.editor.page.mouse.move(x, y);
    await shared.editor.page.mouse.wheel(0, 240);
    await shared.editor.settled();
    expect(await scale()).toBeLessThan(before);
    const [x2, y2] = await shared.editor.headerOf("step");
    expect(Math.hypot(x2 - x, y2 - y)).toBeLessThan(40);
    const place = await shared.editor.emptyPlace();
    await shared.editor.drag(place, [place[0] + 120, place[1] + 40]);
    const [x3, y3] = await shared.editor.headerOf("step");
    expect([Math.round(x3 - x2), Math.round(y3 - y2)]).toEqual([120, 40]);
    await shared.editor.press("Home");
    const boxes = await shared.editor.page
      .locator("loom-node")
      .evaluateAll((nodes) => nodes.map((node) => node.getBoundingClientRect().left));
    expect(Math.min(...boxes)).toBeGreaterThan(0);
  });
});
