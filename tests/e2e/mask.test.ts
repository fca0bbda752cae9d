import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Locator } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { decodePicture } from "../../src/diffusion/datasets/decode-picture.ts";
import { EditorPage, executable, skipNote } from "./editor-page.ts";

const GRAPH: GraphDocument = {
  format: 1,
  nodes: {
    picture: { type: "image/load", version: 1, params: {} },
    corner: { type: "value/reroute", version: 1, params: {} },
    mask: { type: "image/mask", version: 1, params: {} },
  },
  edges: [
    { from: "picture.image", to: "corner.value" },
    { from: "corner.value", to: "mask.like" },
  ],
  layout: { picture: [0, 0], corner: [300, 40], mask: [420, 0] },
};

const ALONE: GraphDocument = {
  format: 1,
  nodes: { mask: { type: "image/mask", version: 1, params: {} } },
  edges: [],
  layout: { mask: [0, 0] },
};

describe.skipIf(!executable)(`the mask dialog in Chromium${skipNote}`, () => {
  let editor: EditorPage;
  let dialog: Locator;
  let sheet: Locator;

  beforeAll(async () => {
    editor = await EditorPage.open("mask");
    dialog = editor.page.locator("loom-mask dialog");
    sheet = dialog.locator("canvas.paint");
  });

  afterAll(async () => {
    await editor?.close();
  });

  const open = async (graph: GraphDocument): Promise<void> => {
    await editor.page.evaluate(
      (next) => (document.querySelector("loom-app") as LoomApp).session.store.replace(next),
      graph,
    );
    await editor.settled();
  };

  beforeEach(() => open(ALONE));

  afterEach(() => {
    expect(editor.errors).toEqual([]);
  });

  const openDialog = async (): Promise<void> => {
    await editor.node("mask").getByRole("button", { name: "Paint… painted" }).click();
    await sheet.waitFor();
  };
  const button = (name: string): Locator => dialog.getByRole("button", { name, exact: true });
  const closed = (): Promise<void> => dialog.waitFor({ state: "hidden" });
  const stored = async (): Promise<string> =>
    String((await editor.document()).nodes["mask"]?.params["painted"] ?? "");

  /** Paints from one place to another, both as parts of the sheet's sides. */
  const stroke = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
    const box = await sheet.boundingBox();
    if (!box) throw new Error("The sheet is not on the page.");
    const at = ([x, y]: readonly [number, number]): [number, number] => [
      box.x + x * box.width,
      box.y + y * box.height,
    ];
    await editor.page.mouse.move(...at(from));
    await editor.page.mouse.down();
    await editor.page.mouse.move(...at(to), { steps: 6 });
    await editor.page.mouse.up();
  };

  /** Brightness at a place of what is stored, and its size. */
  const read = async (): Promise<{ width: number; height: number; at(x: number, y: number): number }> => {
    const bytes = Buffer.from((await stored()).split(",")[1] ?? "", "base64");
    const { width, height, rgba } = decodePicture("painted", bytes);
    return {
      width,
      height,
      at: (x, y) => rgba[(Math.floor(y * height) * width + Math.floor(x * width)) * 4] ?? -1,
    };
  };

  test("what is painted becomes the node's parameter in one step of undo, and it can be painted on", async () => {
    const before = await editor.document();
    await openDialog();
    await stroke([0.2, 0.5], [0.8, 0.5]);
    await stroke([0.5, 0.2], [0.5, 0.8]);
    await button("OK").click();
    await closed();
    const once = await read();
    expect([once.width, once.height]).toEqual([512, 512]);
    const places = [
      [0.3, 0.5],
      [0.5, 0.3],
      [0.5, 0.7],
      [0.1, 0.1],
      [0.3, 0.3],
    ] as const;
    expect(places.map(([x, y]) => once.at(x, y))).toEqual([255, 255, 255, 0, 0]);
    await editor.node("mask").locator(".mask-field img").waitFor();

    const first = await stored();
    await openDialog();
    await button("Eraser").click();
    await stroke([0.5, 0.3], [0.5, 0.31]);
    await button("Invert").click();
    for (const keys of ["Control+z", "Control+z", "Control+y", "Control+y"])
      await editor.page.keyboard.press(keys);
    await button("OK").click();
    await closed();
    const twice = await read();
    expect(places.map(([x, y]) => twice.at(x, y))).toEqual([0, 255, 0, 255, 255]);

    await editor.press("Control+z");
    expect(await stored()).toBe(first);
    await editor.press("Control+z");
    expect(await editor.document()).toEqual(before);
    expect(await editor.node("mask").locator(".mask-field img").count()).toBe(0);
  });

  test("Cancel, Escape, and OK without a stroke change nothing", async () => {
    const before = await editor.document();
    for (const leave of [
      () => button("Cancel").last().click(),
      () => editor.page.keyboard.press("Escape"),
      async () => {
        await editor.page.keyboard.press("Control+z");
        await button("OK").click();
      },
    ]) {
      await openDialog();
      await stroke([0.2, 0.2], [0.8, 0.8]);
      await leave();
      await closed();
      expect(await editor.document()).toEqual(before);
    }
  });

  test("Ctrl+Z takes back strokes and not the graph; redo brings them again to the pixel", async () => {
    await openDialog();
    const pixels = (): Promise<string> =>
      sheet.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL("image/png"));
    const states = [await pixels()];
    await stroke([0.1, 0.3], [0.9, 0.4]);
    states.push(await pixels());
    await button("Invert").click();
    states.push(await pixels());
    await button("Clear").click();
    expect(await pixels()).toBe(states[0]);
    await button("Fill").click();
    for (let presses = 0; presses < 2; presses++) await editor.page.keyboard.press("Control+z");
    expect(await pixels()).toBe(states[2]);
    await editor.page.keyboard.press("Control+z");
    expect(await pixels()).toBe(states[1]);
    for (let presses = 0; presses < 5; presses++) await editor.page.keyboard.press("Control+z");
    expect(await pixels()).toBe(states[0]);
    expect(await editor.document()).toEqual(ALONE);
    await editor.page.keyboard.press("Control+Shift+z");
    expect(await pixels()).toBe(states[1]);
    await editor.page.keyboard.press("Escape");
    await closed();
  });

  test("it can be painted with the keyboard alone, and no key reaches the graph", async () => {
    await editor.node("mask").locator("header").click();
    await openDialog();
    for (const key of ["Delete", "ArrowRight", "Shift+ArrowRight", "]", "Space"])
      await editor.page.keyboard.press(key);
    // A click beside the fields takes the focus off them.
    await dialog.locator("h2").click();
    for (const key of ["Delete", "ArrowRight", "Control+d"]) await editor.page.keyboard.press(key);
    await editor.page.keyboard.press("Control+Enter");
    await closed();
    const phase = await editor.page.evaluate(
      () => (document.querySelector("loom-app") as LoomApp).session.runs.phase,
    );
    expect(phase).toBe("idle");
    expect(Object.keys((await editor.document()).nodes)).toEqual(["mask"]);
    expect((await editor.document()).layout).toEqual(ALONE.layout);
    const mask = await read();
    expect([mask.at(0.5, 0.5), mask.at(0.1, 0.5)]).toEqual([255, 0]);
  });

  test("a finger paints as a mouse does", async () => {
    await openDialog();
    const box = await sheet.boundingBox();
    if (!box) throw new Error("The sheet is not on the page.");
    const touch = await editor.context.newCDPSession(editor.page);
    const at = (x: number): { x: number; y: number }[] => [
      { x: box.x + x * box.width, y: box.y + box.height / 4 },
    ];
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0.2) });
    for (const x of [0.3, 0.5, 0.7, 0.8])
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(x) });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await button("OK").click();
    await closed();
    const mask = await read();
    expect([mask.at(0.25, 0.25), mask.at(0.75, 0.25), mask.at(0.5, 0.5)]).toEqual([255, 255, 0]);
  });

  test("the picture that like was fed lies under the mask and gives it its size", async () => {
    await open(GRAPH);
    await editor.page.evaluate(() => {
      const [width, height] = [96, 64];
      const rgba = new Uint8ClampedArray(width * height * 4);
      for (let i = 0; i < width * height; i++)
        rgba.set([90 + (i % width), 140 - Math.floor(i / width), 60 + ((i * 7) % 40), 255], i * 4);
      (document.querySelector("loom-app") as LoomApp).session.runs.handle({
        type: "preview",
        node: "picture",
        preview: { kind: "image", width, height, rgba },
      });
    });
    await openDialog();
    const under = await dialog.locator("canvas.under").evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      return [canvas.width, canvas.height, ...(canvas.getContext("2d")?.getImageData(3, 0, 1, 1).data ?? [])];
    });
    expect(under).toEqual([96, 64, 93, 140, 81, 255]);
    await stroke([0.2, 0.5], [0.4, 0.5]);
    await button("OK").click();
    await closed();
    const mask = await read();
    expect([mask.width, mask.height]).toEqual([96, 64]);
    expect([mask.at(0.3, 0.5), mask.at(0.7, 0.5)]).toEqual([255, 0]);
  });

  test("a run makes the mask that was painted", async () => {
    await openDialog();
    await button("Fill").click();
    await button("Eraser").click();
    await stroke([0.5, 0.5], [0.5, 0.5]);
    await button("OK").click();
    await closed();
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    const shown = await editor
      .node("mask")
      .locator(".preview canvas")
      .evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const pixel = (x: number, y: number): number =>
          canvas.getContext("2d")?.getImageData(x, y, 1, 1).data[0] ?? -1;
        return [canvas.width, canvas.height, pixel(256, 256), pixel(20, 20)];
      });
    expect(shown).toEqual([512, 512, 0, 255]);
  });
});
