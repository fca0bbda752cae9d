import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readGraph, writeGraph } from "../../src/editor/files/read-graph.ts";
import { EditorPage, executable, skipNote } from "./editor-page.ts";

describe.skipIf(!executable)(`the editor in Chromium${skipNote}`, () => {
  let editor: EditorPage;

  beforeAll(async () => {
    editor = await EditorPage.open("editor");
  });

  afterAll(async () => {
    await editor?.close();
  });

  afterEach(async () => {
    const { live, document } = await editor.liveAndDocument();
    expect(live).toEqual(document);
    expect(editor.errors).toEqual([]);
  });

  test("opens on the sampling graph, without a problem", async () => {
    const document = await editor.document();
    expect(await editor.page.locator("loom-node").count()).toBe(Object.keys(document.nodes).length);
    expect(await editor.page.locator("path[data-wire]").count()).toBe(document.edges.length);
    await editor.page.getByRole("button", { name: "No problems" }).waitFor();
    await editor.page.locator(".zone", { hasText: "denoise" }).waitFor();
  });

  test("a node is moved, and its wires go along; undo puts it back", async () => {
    const before = (await editor.document()).layout?.["decode"] ?? [0, 0];
    const wire = editor.page.locator('path[data-wire="end.sample>decode.sample"]');
    const drawn = await wire.getAttribute("d");
    const [x, y] = await editor.headerOf("decode");
    await editor.drag([x, y], [x - 60, y - 150]);
    const after = (await editor.document()).layout?.["decode"] ?? [0, 0];
    expect(after[0]).toBeLessThan(before[0]);
    expect(after[1]).toBeLessThan(before[1]);
    expect(await wire.getAttribute("d")).not.toBe(drawn);
    await editor.press("Control+z");
    expect((await editor.document()).layout?.["decode"]).toEqual(before);
    expect(await wire.getAttribute("d")).toBe(drawn);
  });

  test("a wire of the wrong type is refused with a reason at the socket, and changes nothing", async () => {
    const before = await editor.document();
    const from = await editor.socket("timesteps", "output", "plan");
    const to = await editor.socket("predict", "input", "unet");
    await editor.drag(from, to, { hold: true });
    const said = editor.page.locator(".say");
    expect(await said.innerText()).toMatch(/does not fit/);
    const box = await said.boundingBox();
    expect(Math.hypot((box?.x ?? 0) - to[0], (box?.y ?? 0) - to[1])).toBeLessThan(60);
    expect(await editor.node("predict").locator('.socket.refuses[data-port="unet"]').count()).toBe(1);
    expect(await editor.node("step").locator('.socket.fits[data-port="plan"]').count()).toBe(1);
    await editor.page.mouse.up();
    await editor.settled();
    expect(await editor.document()).toEqual(before);
  });

  test("a circle and a wire out of a zone are refused too", async () => {
    const before = await editor.document();
    await editor.drag(
      await editor.socket("step", "output", "prevSample"),
      await editor.socket("predict", "input", "sample"),
    );
    expect(await editor.page.locator(".say").innerText()).toMatch(/circle/);
    await editor.drag(
      await editor.socket("step", "output", "prevSample"),
      await editor.socket("decode", "input", "sample"),
    );
    expect(await editor.page.locator(".say").innerText()).toMatch(/only through its end/);
    expect(await editor.document()).toEqual(before);
  });

  test("a wire is taken off its input, and drawn again", async () => {
    const edge = { from: "timesteps.plan", to: "step.plan" };
    await editor.drag(await editor.socket("step", "input", "plan"), await editor.emptyPlace());
    expect((await editor.document()).edges).not.toContainEqual(edge);
    await editor.page.getByRole("button", { name: "1 problem" }).waitFor();
    expect(await editor.node("step").locator(".message").innerText()).toMatch(/"plan".*not wired/);
    await editor.drag(
      await editor.socket("timesteps", "output", "plan"),
      await editor.socket("step", "input", "plan"),
    );
    expect((await editor.document()).edges).toContainEqual(edge);
    await editor.page.getByRole("button", { name: "No problems" }).waitFor();
  });

  test("a node is added from the palette by name, and deleted with a key", async () => {
    const before = Object.keys((await editor.document()).nodes);
    const [x, y] = await editor.emptyPlace();
    await editor.page.mouse.dblclick(x, y);
    await editor.page.getByRole("combobox", { name: "Search nodes" }).fill("seed");
    expect(await editor.page.locator("loom-palette [role=option]").first().innerText()).toMatch(/^Seed/);
    await editor.press("Enter");
    const added = Object.keys((await editor.document()).nodes).filter((id) => !before.includes(id));
    expect(added).toEqual(["seed2"]);
    expect(await editor.node("seed2").getAttribute("selected")).toBe("");
    await editor.press("Delete");
    expect(Object.keys((await editor.document()).nodes)).toEqual(before);
  });

  test("a wire dragged into empty space offers only what fits, and wires it", async () => {
    await editor.drag(await editor.socket("decode", "output", "image"), await editor.emptyPlace());
    await editor.page.getByText("Only nodes that take Image").waitFor();
    const offered = await editor.page.locator("loom-palette [role=option]").allInnerTexts();
    expect(offered.some((text) => text.startsWith("Save image"))).toBe(true);
    expect(offered.some((text) => text.startsWith("Seed"))).toBe(false);
    await editor.page.getByRole("combobox", { name: "Search nodes" }).fill("image grid");
    await editor.press("Enter");
    const document = await editor.document();
    const grid = Object.keys(document.nodes).find((id) => document.nodes[id]?.type === "image/grid");
    expect(
      document.edges.some((edge) => edge.from === "decode.image" && edge.to.startsWith(`${grid}.`)),
    ).toBe(true);
    await editor.press("Control+z");
  });

  test("a dragged node gets into a zone, and out again", async () => {
    const [x, y] = await editor.headerOf("seed");
    const region = await editor.page.locator('.zone[data-zone="denoise"]').boundingBox();
    if (!region) throw new Error("There is no region.");
    await editor.drag([x, y], [region.x + 300, region.y + region.height - 60]);
    expect((await editor.document()).nodes["seed"]?.zone).toBe("denoise");
    await editor.press("Control+z");
    expect((await editor.document()).nodes["seed"]?.zone).toBeUndefined();
  });

  test("parameters are edited; what is out of range is refused in words and not kept", async () => {
    const steps = editor.param("timesteps", "numInferenceSteps");
    await steps.fill("3");
    expect((await editor.document()).nodes["timesteps"]?.params["numInferenceSteps"]).toBe(3);
    await steps.fill("0");
    expect(await steps.getAttribute("title")).toMatch(/smallest/);
    expect((await editor.document()).nodes["timesteps"]?.params["numInferenceSteps"]).toBe(3);
    await steps.blur();
    expect(await steps.inputValue()).toBe("3");
    await editor.param("noise", "batch").fill("4");
    await editor.param("noise", "batch").blur();
    await editor.page.evaluate(() => (document.activeElement as HTMLElement).blur());
  });

  test("runs in the worker to its picture, with progress and time at each node", async () => {
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    expect(await editor.page.locator(".status .engine").innerText()).toMatch(/wasm|webgpu/);
    expect(await editor.node("predict").locator(".state").innerText()).toMatch(/ms|s$/);
    const picture = await editor
      .node("decode")
      .locator("canvas")
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {
          data: [],
        };
        return { width: canvas.width, height: canvas.height, values: new Set(data).size };
      });
    expect(picture.width).toBeGreaterThanOrEqual(56);
    expect(picture.values).toBeGreaterThan(20);
    await editor.run();
    expect(await editor.outcome(30_000)).toMatch(/^Done/);
    expect(await editor.node("decode").locator(".state").innerText()).toMatch(/cached/);
  });

  test("a run is cancelled", async () => {
    await editor.param("timesteps", "numInferenceSteps").fill("1000");
    await editor.param("noise", "batch").fill("8");
    await editor.run();
    await editor.node("begin").locator(".state", { hasText: "/ 1000" }).waitFor({ timeout: 30_000 });
    await editor.page.getByRole("button", { name: "Cancel" }).click();
    expect(await editor.outcome(10_000)).toMatch(/^Cancelled/);
    await editor.page.getByRole("button", { name: "Run", exact: true }).waitFor();
  });

  test("a run that fails says so at the node, and the list of problems leads there", async () => {
    await editor.param("unet", "source").fill("bundled:nothing-here");
    await editor.run();
    expect(await editor.outcome(30_000)).toMatch(/^Failed/);
    expect(await editor.node("unet").locator(".message").innerText()).toMatch(/nothing-here/);
    await editor.page.getByRole("button", { name: "1 problem" }).click();
    await editor.page.getByRole("button", { name: /nothing-here/ }).click();
    await editor.settled();
    expect(await editor.node("unet").getAttribute("selected")).toBe("");
    await editor.page.getByRole("button", { name: "Close the list of problems" }).click();
    await editor.param("unet", "source").fill("bundled:mnist-ddpm");
  });

  test("a reload keeps the graph", async () => {
    const before = await editor.document();
    await editor.saved();
    await editor.page.reload();
    await editor.ready();
    expect(await editor.document()).toEqual(before);
  });

  test("JSON goes out, comes in again by file and by drop, and a broken file changes nothing", async () => {
    const before = await editor.document();
    const download = editor.page.waitForEvent("download");
    await editor.page.getByRole("button", { name: "Save as a file" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^sample-digits.*\.graph\.json$/);
    const text = await readFile(await file.path(), "utf8");
    expect(readGraph(text)).toEqual(before);
    expect(text).toBe(writeGraph(before));

    await editor.page.getByRole("button", { name: "New graph" }).click();
    await editor.page.getByText("An empty graph").waitFor();
    const chooser = editor.page.waitForEvent("filechooser");
    await editor.page.getByRole("button", { name: "Open a graph file" }).click();
    await (
      await chooser
    ).setFiles({ name: "mine.graph.json", mimeType: "application/json", buffer: Buffer.from(text) });
    await editor.page.waitForSelector('loom-node[data-node="decode"]');
    await editor.settled();
    expect(await editor.document()).toEqual(before);

    const drop = (name: string, content: string): Promise<void> =>
      editor.page.evaluate(
        ([fileName, body]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([body ?? ""], fileName ?? "", { type: "application/json" }));
          document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
          );
        },
        [name, content],
      );
    await drop("broken.json", '{"format":1,');
    await editor.page.getByRole("alert").filter({ hasText: "broken.json was not opened" }).waitFor();
    expect(await editor.document()).toEqual(before);
    await drop("other.json", JSON.stringify({ ...before, name: "<img src=x onerror=alert(1)>" }));
    await editor.page.waitForFunction(() =>
      document.querySelector("loom-app")?.shadowRoot?.querySelector("input")?.value.startsWith("<img"),
    );
    expect(await editor.page.locator("img").count()).toBe(0);
  });
});
