import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AxeResults } from "axe-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { EditorPage, executable, skipNote } from "./editor-page.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

describe.skipIf(!executable)(`axe finds nothing serious${skipNote}`, () => {
  let editor: EditorPage;
  let start: GraphDocument;

  beforeAll(async () => {
    editor = await EditorPage.open("accessibility");
    start = await editor.document();
    // Evaluated: the page's own policy takes no script from elsewhere.
    await editor.page.evaluate(await readFile(AXE, "utf8"));
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

  /** Findings of any weight but "minor" and "moderate", in both colour schemes. */
  const serious = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const colorScheme of ["dark", "light"] as const) {
      // Without motion: a colour that is on its way to another is none of the theme.
      await editor.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await editor.settled();
      const { violations, passes } = await editor.page.evaluate(() =>
        (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
      );
      // A run that looked at nothing finds nothing.
      expect(passes.length).toBeGreaterThan(5);
      for (const { impact, id, nodes } of violations) {
        if (impact !== "serious" && impact !== "critical") continue;
        for (const node of nodes)
          found.push(`${colorScheme}: ${id}: ${node.target.flat().join(" ")}: ${node.failureSummary ?? ""}`);
      }
    }
    return found;
  };

  const button = (name: string | RegExp): ReturnType<EditorPage["page"]["getByRole"]> =>
    editor.page.getByRole("button", { name });

  test("on the canvas, with a node selected", async () => {
    const [x, y] = await editor.headerOf("noise");
    await editor.page.mouse.click(x, y);
    expect(await serious()).toEqual([]);
  });

  test("on a planted fault", async () => {
    await editor.page.evaluate(() => document.body.append(document.createElement("input")));
    const found = await serious();
    await editor.page.evaluate(() => document.body.lastElementChild?.remove());
    expect(found.join()).toContain("label");
  });

  test("on an empty graph", async () => {
    await editor.page.evaluate(() =>
      (document.querySelector("loom-app") as LoomApp).session.store.replace({
        format: 1,
        nodes: {},
        edges: [],
      }),
    );
    await editor.settled();
    expect(await serious()).toEqual([]);
  });

  test("in the list, with a node open", async () => {
    await editor.press("v");
    await editor.page.locator("loom-list summary", { hasText: "Scheduler step" }).click();
    await editor.settled();
    const found = await serious();
    await button("Close the list").click();
    expect(found).toEqual([]);
  });

  test("in the palette", async () => {
    await editor.page.locator("loom-canvas .area").focus();
    await editor.press("Space");
    const found = await serious();
    await editor.press("Escape");
    expect(found).toEqual([]);
  });

  test("in the menu of a node", async () => {
    const [x, y] = await editor.headerOf("guess");
    await editor.page.mouse.click(x, y, { button: "right" });
    await editor.page.getByRole("menuitem").first().waitFor();
    const found = await serious();
    await editor.press("Escape");
    expect(found).toEqual([]);
  });

  test("in the sheet of shortcuts, in the templates, and in the carried values", async () => {
    await editor.press("?");
    const sheet = await serious();
    await editor.press("Escape");
    await button("Templates").click();
    await editor.page.locator("[data-template]").first().waitFor();
    const templates = await serious();
    await editor.press("Escape");
    await editor.node("begin").getByRole("button", { name: "Carried values" }).click();
    const carried = await serious();
    await editor.press("Escape");
    expect([...sheet, ...templates, ...carried]).toEqual([]);
  });

  test("in the memory dialog, with a plan, a budget that is too small, and what the run loaded", async () => {
    const template = JSON.parse(
      await readFile(new URL("../../graphs/emoji-txt2img.graph.json", import.meta.url), "utf8"),
    ) as GraphDocument;
    await editor.page.evaluate((graph) => {
      const { session, control } = document.querySelector("loom-app") as LoomApp;
      session.store.replace(graph);
      control.memory.setBudget(1e4);
      const event = { type: "memory", node: "model", label: "the U-Net", bytes: 1e6 } as const;
      // So many that they scroll.
      for (let time = 0; time < 20; time++) {
        control.memory.handle({ ...event, action: "loaded", ms: 20 });
        control.memory.handle({ ...event, action: "unloaded", reason: "It makes room for the VAE." });
      }
    }, template);
    await editor.settled();
    await editor.press("Shift+B");
    const dialog = editor.page.getByRole("dialog", { name: "Memory" });
    await dialog.locator("[data-part=plan] [data-step=decode]").waitFor({ timeout: 60_000 });
    await dialog.locator("[data-part=events] [data-action=unloaded]").first().waitFor();
    const found = await serious();
    await editor.page.evaluate(() =>
      (document.querySelector("loom-app") as LoomApp).control.memory.setBudget(undefined),
    );
    await editor.press("Escape");
    expect(found).toEqual([]);
  });

  test("with problems, in their list and at the nodes", async () => {
    await editor.page.evaluate((graph) => {
      const { session } = document.querySelector("loom-app") as LoomApp;
      session.store.replace({
        ...graph,
        nodes: { ...graph.nodes, lost: { type: "vendor/sharpen", version: 1, params: {} } },
        edges: graph.edges.filter(({ to }) => to !== "step.plan"),
      });
    }, start);
    await editor.settled();
    await button(/problem/).click();
    const found = await serious();
    await button("Close the list of problems").click();
    expect(found).toEqual([]);
  });

  test("after a run, with pictures and times", async () => {
    await editor.param("timesteps", "numInferenceSteps").fill("2");
    await editor.press("Tab");
    await editor.run();
    await editor.outcome(60_000);
    expect(await serious()).toEqual([]);
  });

  test("dialogs keep the focus, and give it back", async () => {
    await editor.page.locator("loom-canvas .area").focus();
    await editor.press("?");
    for (let press = 0; press < 4; press++) {
      await editor.page.keyboard.press("Tab");
      const inside = await editor.page.evaluate(() => {
        let element = document.activeElement;
        const path: string[] = [];
        while (element) {
          path.push(element.localName);
          element = element.shadowRoot?.activeElement ?? null;
        }
        return path.includes("loom-canvas") || path.includes("loom-list");
      });
      expect(inside).toBe(false);
    }
    await editor.press("Escape");
    expect(
      await editor.page.evaluate(() => {
        const { canvas } = document.querySelector("loom-app") as LoomApp;
        return canvas.shadowRoot?.activeElement === canvas.element;
      }),
    ).toBe(true);
  });

  test("who wants less motion gets none", async () => {
    await editor.page.emulateMedia({ reducedMotion: "reduce" });
    const durations = await editor
      .node("noise")
      .evaluate((node) =>
        [...(node.shadowRoot?.querySelectorAll(".pin") ?? [])].map(
          (pin) => getComputedStyle(pin).transitionDuration,
        ),
      );
    await editor.page.emulateMedia({ reducedMotion: "no-preference" });
    expect(new Set(durations.map((text) => parseFloat(text) < 0.001))).toEqual(new Set([true]));
  });
});
