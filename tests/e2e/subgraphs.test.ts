import { describe, expect, test } from "vitest";
import type { Locator } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { executable, skipNote } from "./editor-page.ts";
import { shareEditor } from "./shared-editor.ts";

describe.skipIf(!executable)(`subgraphs, mute, bypass, notes and shapes in Chromium${skipNote}`, () => {
  const shared = shareEditor("subgraphs");

  const select = (...ids: string[]): Promise<void> =>
    shared.editor.page.evaluate((chosen) => {
      const app = document.querySelector("loom-app") as LoomApp;
      app.session.selection.set(chosen);
      app.canvas.element.focus();
    }, ids);
  const root = (): Promise<GraphDocument> =>
    shared.editor.page.evaluate(() => (document.querySelector("loom-app") as LoomApp).session.store.root);
  const path = (): Promise<readonly string[]> =>
    shared.editor.page.evaluate(() => (document.querySelector("loom-app") as LoomApp).session.store.path);
  const menu = async (node: string, entry: string): Promise<void> => {
    const [x, y] = await shared.editor.headerOf(node);
    await shared.editor.page.mouse.click(x, y, { button: "right" });
    await shared.editor.page.getByRole("menuitem", { name: entry }).click();
    await shared.editor.settled();
  };

  test("by keyboard: what is selected becomes a subgraph, is opened, edited, left, unpacked; undo leads back in", async () => {
    await select("predict", "step");
    await shared.editor.press("Control+Shift+G");
    expect(Object.keys((await shared.editor.document()).nodes)).toContain("subgraph");
    await shared.editor.press("Enter");
    expect(await path()).toEqual(["subgraph"]);
    expect(Object.keys((await shared.editor.document()).nodes).sort()).toEqual([
      "inputs",
      "outputs",
      "predict",
      "step",
    ]);
    await select("step");
    await shared.editor.press("ArrowRight");
    await shared.editor.press("u");
    expect(await path()).toEqual([]);
    await shared.editor.press("Control+z");
    expect(await path()).toEqual(["subgraph"]);
    await shared.editor.press("u");
    await select("subgraph");
    await shared.editor.press("Control+Shift+U");
    const unpacked = await root();
    expect(unpacked.subgraphs).toBeUndefined();
    expect(unpacked.edges.map(({ from, to }) => `${from}>${to}`).sort()).toEqual(
      shared.start.edges.map(({ from, to }) => `${from}>${to}`).sort(),
    );
  });

  test("by pointer: the menu makes it, its button opens it, the crumbs lead out, and a run shows what goes on inside", async () => {
    await select("seed", "noise");
    await menu("seed", "Make a subgraph of what is selected");
    await shared.editor.node("subgraph").getByRole("button", { name: "Open the subgraph" }).click();
    await shared.editor.settled();
    const crumbs = shared.editor.page.getByRole("navigation", { name: "Where you are" });
    expect(await crumbs.getByRole("button").allInnerTexts()).toEqual([shared.start.name, "Subgraph"]);
    await shared.editor.param("noise", "batch").fill("1");
    await crumbs.getByRole("button").first().click();
    await shared.editor.settled();
    await select("subgraph");
    await shared.editor.press("Shift+Enter");
    expect(await shared.editor.outcome(60_000)).toMatch(/^Done/);
    expect(await shared.editor.node("subgraph").getAttribute("data-status")).toMatch(/done|cached/);
    await shared.editor.node("subgraph").getByRole("button", { name: "Open the subgraph" }).click();
    await shared.editor.settled();
    expect(await shared.editor.node("noise").getAttribute("data-status")).toMatch(/done|cached/);
  });

  test("a wire let go on the inputs makes a port, which is a field outside; ports are named and removed in their dialog", async () => {
    await select("noise");
    await shared.editor.press("Control+Shift+G");
    await shared.editor.press("Enter");
    await shared.editor.drag(
      await shared.editor.socket("noise", "input", "batch"),
      await shared.editor.headerOf("inputs"),
    );
    expect((await shared.editor.document()).edges).toContainEqual({
      from: "inputs.batch",
      to: "noise.batch",
    });
    await shared.editor.node("inputs").getByRole("button", { name: "Ports" }).click();
    const dialog = shared.editor.page.getByRole("dialog", { name: "Ports of Subgraph" });
    await dialog.getByLabel("Name of input batch").fill("pictures");
    await shared.editor.press("Enter");
    await dialog.getByLabel("Name of a new input").fill("pictures");
    await shared.editor.press("Enter");
    expect(await dialog.getByRole("alert").innerText()).toContain("already");
    await dialog.getByRole("button", { name: "Close" }).click();
    await shared.editor.press("u");
    await shared.editor.param("subgraph", "pictures").fill("3");
    await shared.editor.settled();
    expect((await root()).nodes["subgraph"]?.params).toEqual({ pictures: 3 });
    expect(
      await shared.editor.page.evaluate(() =>
        (document.querySelector("loom-app") as LoomApp).session.problems(),
      ),
    ).toEqual([]);
  });

  test("kept as a node of one's own it is in the palette after a reload, comes with its inside, and is saved and removed", async () => {
    await select("seed", "noise");
    await shared.editor.press("Control+Shift+G");
    await shared.editor.press("F2");
    await shared.editor.page.keyboard.type("Seeded noise");
    await shared.editor.press("Enter");
    await menu("subgraph", "Keep as a node of your own");
    const dialog = shared.editor.page.getByRole("dialog", { name: "Nodes of your own" });
    const download = shared.editor.page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Save Seeded noise as a file" }).click();
    expect((await download).suggestedFilename()).toBe("seeded-noise.graph.json");
    await dialog.getByRole("button", { name: "Close" }).click();
    await shared.editor.saved();
    await shared.editor.page.reload();
    await shared.editor.ready();
    await shared.editor.page.evaluate(
      (graph) => (document.querySelector("loom-app") as LoomApp).session.store.replace(graph),
      shared.start,
    );
    await shared.editor.settled();
    const [x, y] = await shared.editor.emptyPlace();
    await shared.editor.page.mouse.dblclick(x, y);
    await shared.editor.page.getByRole("combobox", { name: "Search nodes" }).fill("seeded noise");
    await shared.editor.press("Enter");
    const added = await root();
    expect(added.nodes["subgraph"]?.type).toBe("subgraph/subgraph");
    expect(Object.keys(added.subgraphs?.["subgraph"]?.nodes ?? {})).toContain("seed");
    await shared.editor.press("n");
    await dialog.getByRole("button", { name: "Remove Seeded noise" }).click();
    await dialog.getByText("There are none yet").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
  });

  test("M mutes and B bypasses: it is seen, what depends on it is marked, and the run leaves it out", async () => {
    await select("decode");
    await shared.editor.press("m");
    expect((await shared.editor.document()).nodes["decode"]?.mode).toBe("mute");
    expect(await shared.editor.node("decode").locator(".mode").innerText()).toBe("muted");
    await shared.editor.press("m");
    await select("noise");
    await shared.editor.press("m");
    expect(await shared.editor.node("decode").locator(".mode").innerText()).toBe("does not run");
    expect(await shared.editor.node("decode").getAttribute("inactive")).toBe("");
    await shared.editor.press("b");
    expect(await shared.editor.node("noise").locator(".mode").innerText()).toBe("bypassed");
    expect(await shared.editor.page.locator(".status .bad").first().innerText()).toMatch(/problem/);
    await shared.editor.press("b");
    expect((await shared.editor.document()).nodes).toEqual(shared.start.nodes);
    await menu("decode", "Mute");
    await select("seed", "noise");
    await shared.editor.press("Shift+Enter");
    expect(await shared.editor.outcome(60_000)).toMatch(/^Done/);
  });

  test("in the list, without the canvas: a node is muted and back, a subgraph opened and unpacked", async () => {
    await select("noise");
    await shared.editor.press("Control+Shift+G");
    await shared.editor.press("v");
    const list = shared.editor.page.locator("loom-list");
    await list.locator("details[data-node=decode] > summary").focus();
    await shared.editor.press("Enter");
    await list.getByLabel("When it runs").selectOption("mute");
    await shared.editor.settled();
    expect((await root()).nodes["decode"]?.mode).toBe("mute");
    await list.locator("summary", { hasText: "Subgraph" }).focus();
    await shared.editor.press("Control+z");
    expect((await root()).nodes["decode"]?.mode).toBeUndefined();
    await shared.editor.press("Enter");
    await list.getByRole("button", { name: "Open the subgraph" }).click();
    await shared.editor.settled();
    expect(await path()).toEqual(["subgraph"]);
    await shared.editor.page
      .getByRole("navigation", { name: "Where you are" })
      .getByRole("button")
      .first()
      .click();
    await shared.editor.settled();
    await list.locator("summary", { hasText: "Subgraph" }).focus();
    await shared.editor.press("Enter");
    await list.locator("details[data-node=subgraph]").getByRole("button", { name: "Unpack" }).click();
    await shared.editor.settled();
    expect((await root()).subgraphs).toBeUndefined();
    await list.getByRole("button", { name: "Close the list" }).click();
  });

  test("a note shows its Markdown, made safe, with links that open apart; it is edited by key and by double click", async () => {
    const text = [
      "# A title",
      "**strong** and [a link](https://example.org) and [no](javascript:alert(1))",
      '<img src=x onerror="window.hacked = 1"><script>window.hacked = 2</script><a href="https://example.org" onclick="window.hacked = 3" style="position:fixed">there</a>',
      "<iframe src='https://example.org'></iframe><form action='/x'><input></form>",
    ].join("\n\n");
    await shared.editor.page.evaluate((words) => {
      const { store } = (document.querySelector("loom-app") as LoomApp).session;
      store.execute("Note", (before) => ({
        ...before,
        nodes: { ...before.nodes, words: { type: "value/note", version: 1, params: { text: words } } },
        layout: { ...before.layout, words: [-400, -200] },
      }));
    }, text);
    await shared.editor.page.evaluate(() =>
      (document.querySelector("loom-app") as LoomApp).canvas.reveal("words"),
    );
    const note = shared.editor.node("words").locator(".note");
    await note.locator("h1", { hasText: "A title" }).waitFor();
    expect(await note.locator("strong").innerText()).toBe("strong");
    const links = await note
      .locator("a")
      .evaluateAll((all) =>
        all.map((link) => [...link.attributes].map(({ name, value }) => `${name}=${value}`).sort()),
      );
    const safe = ["href=https://example.org", "rel=noopener noreferrer nofollow", "target=_blank"];
    expect(links).toEqual([safe, []]);
    expect(await note.innerText()).toContain("<script>window.hacked = 2</script>");
    expect(await note.locator("img, script, iframe, form, input, [style], [onclick]").count()).toBe(0);
    expect(await shared.editor.page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
    await shared.editor.press("Enter");
    const field = note.locator("textarea");
    await field.fill("Plain *words*");
    await shared.editor.press("Escape");
    await note.locator("em", { hasText: "words" }).waitFor();
    await shared.editor.press("Control+z");
    await note.locator("h1", { hasText: "A title" }).waitFor();
    await note.locator("p").first().dblclick();
    await field.waitFor();
    await shared.editor.press("Escape");
  });

  test("shapes stand on the wires of what is selected, and with D on all; a change of a parameter is seen at once", async () => {
    await select("noise");
    await shared.editor.settled();
    const labels = (key: string): Locator => shared.editor.page.locator(`loom-canvas [data-label="${key}"]`);
    const label = (key: string): Promise<string> => labels(key).evaluate((element) => element.textContent);
    const wires = shared.start.edges.filter(({ from }) => from === "noise.noise");
    const key = `${wires[0]?.from}>${wires[0]?.to}`;
    expect(await label(key)).toBe("[16, 28, 28, 1]");
    await shared.editor.param("noise", "batch").fill("5");
    await shared.editor.settled();
    expect(await label(key)).toBe("[5, 28, 28, 1]");
    expect(await labels("begin.sample>step.sample").count()).toBe(0);
    await shared.editor.page.keyboard.press("Escape");
    await select();
    await shared.editor.press("d");
    expect(await label("begin.sample>step.sample")).toBe("[5, 28, 28, 1]");
    await shared.editor.press("d");
    expect(await labels("begin.sample>step.sample").count()).toBe(0);
  });
});
