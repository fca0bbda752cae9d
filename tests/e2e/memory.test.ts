import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { EditorPage, executable, skipNote } from "./editor-page.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const BASE = "tests/golden/pipelines/base/";
const paths = readdirSync(join(root, BASE), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(join(root, BASE).length));

/** The template, on a tiny pipeline that a person dropped, for pictures of 64 × 64. */
function graph(source: string): GraphDocument {
  const document = JSON.parse(readFileSync(join(root, "graphs/txt2img-compact.graph.json"), "utf8")) as {
    nodes: Record<string, { params: Record<string, unknown> }>;
  };
  const set = (node: string, params: Record<string, unknown>): void => {
    Object.assign(document.nodes[node]?.params ?? {}, params);
  };
  set("model", { source });
  set("noise", { height: 64, width: 64 });
  set("sampler", { numInferenceSteps: 2 });
  return document as unknown as GraphDocument;
}

describe.skipIf(!executable)(`memory in the page${skipNote}`, () => {
  let editor: EditorPage;

  beforeAll(async () => {
    editor = await EditorPage.open("memory");
    await editor.page.getByLabel("Backend").selectOption("wasm");
    await editor.page.evaluate(
      async ({ base, names }) => {
        const files = await Promise.all(
          names.map(async (path) => ({
            path: `base/${path}`,
            file: new File([await (await fetch(`/${base}${path}`)).arrayBuffer()], path),
          })),
        );
        await (document.querySelector("loom-app") as LoomApp).control.addFiles(files);
      },
      { base: BASE, names: paths },
    );
  });
  afterAll(async () => {
    await editor?.close();
  });

  const open = async (source = "file:base"): Promise<void> => {
    await editor.page.evaluate(
      (document_) => (document.querySelector("loom-app") as LoomApp).session.store.replace(document_, "Open"),
      graph(source),
    );
    await editor.settled();
  };
  const dialog = () => editor.page.getByRole("dialog", { name: "Memory" });
  const show = async (): Promise<void> => {
    await editor.page.keyboard.press("Shift+B");
    await dialog().waitFor();
  };
  const hide = async (): Promise<void> => {
    await editor.page.keyboard.press("Escape");
    await dialog().waitFor({ state: "hidden" });
  };
  const picture = (): Promise<string> =>
    editor.page.evaluate(async () => {
      const { control } = document.querySelector("loom-app") as LoomApp;
      const report = await control.client.inspect("decode.image");
      // Thirty-two counts and moments in double precision: two pictures that differ in a value have others.
      return JSON.stringify(report.kind === "kept" ? report.value.statistics : report);
    });

  test("the plan is told before anything is loaded, and whether the budget suffices for it", async () => {
    await open();
    await show();
    const plan = dialog().locator("[data-part=plan]");
    await plan.waitFor({ timeout: 60_000 });
    for (const step of ["prompt", "sampler", "decode"]) await plan.locator(`[data-step=${step}]`).waitFor();
    const bar = await plan.locator("[data-step=decode] .bar").boundingBox();
    const parts = await plan.locator("[data-step=decode] .bar i").all();
    const widths = await Promise.all(parts.map(async (part) => (await part.boundingBox())?.width ?? 0));
    const whole = await editor.page.evaluate(() => {
      const { plan: known } = (document.querySelector("loom-app") as LoomApp).control.memory;
      const step = known?.steps.find(({ node }) => node === "decode");
      return ((step?.modelBytes ?? 0) + (step?.workingBytes ?? 0)) / (known?.peakBytes ?? 1);
    });
    expect((widths[0] ?? 0) + (widths[1] ?? 0)).toBeCloseTo(whole * (bar?.width ?? 0), 0);
    // The page's own policy has nothing against the bars.
    expect(editor.errors).toEqual([]);
    expect(await dialog().innerText()).toMatch(/For one picture of 64×64\./);
    expect(await dialog().innerText()).toContain("No model is loaded.");
    const verdict = dialog().locator(".verdict");
    expect(await verdict.getAttribute("data-verdict")).toBe("no limit");

    await dialog().getByLabel("At most").check();
    await expect.poll(() => verdict.getAttribute("data-verdict")).toBe("everything");
    await dialog().getByLabel("Budget in GB").fill("0.00001");
    await dialog().getByLabel("Budget in GB").press("Enter");
    await expect.poll(() => verdict.getAttribute("data-verdict")).toBe("too small");
    expect(await verdict.innerText()).toMatch(/The budget of 10 KB is too small/);
    await dialog().getByLabel("No limit").check();
    await hide();
  });

  test.each(["wasm", "webgpu"] as const)(
    "within a budget parts make room for each other on %s, the page says so, and the picture is the same",
    async (backend) => {
      await editor.page.getByLabel("Backend").selectOption(backend);
      await editor.page.locator(".status .engine").filter({ hasText: backend }).waitFor({ timeout: 60_000 });
      await editor.page.evaluate(() =>
        (document.querySelector("loom-app") as LoomApp).control.memory.setBudget(undefined),
      );
      await open();
      await editor.run();
      expect(await editor.outcome(120_000)).toMatch(/^Done/);
      const free = await picture();
      await editor.page.locator("[data-part=memory]", { hasText: /Memory \d+ KB/ }).waitFor();
      await show();
      await dialog().locator("[data-part=plan]").waitFor();
      expect(await dialog().locator("[data-part=loaded] li").count()).toBe(3);
      expect(await dialog().locator("[data-part=events] [data-action=loaded]").count()).toBe(3);

      // The least that will do, with a little for rounding.
      const least = await editor.page.evaluate(
        () => (document.querySelector("loom-app") as LoomApp).control.memory.plan?.leastBytes ?? 0,
      );
      await dialog().getByLabel("At most").check();
      await dialog()
        .getByLabel("Budget in GB")
        .fill(String((1.001 * least) / 1e9));
      await dialog().getByLabel("Budget in GB").press("Enter");
      await expect.poll(() => dialog().locator(".verdict").getAttribute("data-verdict")).toBe("in turn");
      await hide();
      // Another seed and back: nothing comes from the cache of results but what has not changed.
      await editor.page.evaluate(async (again) => {
        const { control } = document.querySelector("loom-app") as LoomApp;
        await control.start("cpu");
        await control.start(again);
      }, backend);
      await editor.run();
      expect(await editor.outcome(120_000)).toMatch(/^Done/);
      expect(await picture()).toBe(free);
      expect(
        await editor.page.evaluate(
          () => (document.querySelector("loom-app") as LoomApp).control.runtime?.backend,
        ),
      ).toBe(backend);
      await show();
      const events = dialog().locator("[data-part=events]");
      await events.locator("[data-action=unloaded]").first().waitFor();
      expect(await events.innerText()).toMatch(/Unloaded .* needs .* in all, and the budget is/s);
      await hide();
    },
  );

  test("a plan that is asked for while a run goes on is refused, and the run can still be cancelled", async () => {
    await open();
    const kind = await editor.page.evaluate(async () => {
      const { control, session } = document.querySelector("loom-app") as LoomApp;
      const { root } = session.store;
      const sampler = root.nodes["sampler"];
      if (!sampler) throw new Error("The graph has no sampler.");
      const nodes = {
        ...root.nodes,
        sampler: { ...sampler, params: { ...sampler.params, numInferenceSteps: 500 } },
      };
      session.store.replace({ ...root, nodes }, "Open");
      const run = control.run();
      while (session.runs.node("sampler").status !== "running") await new Promise(requestAnimationFrame);
      const refused = await control.client.memory?.plan(session.store.root).catch((error: unknown) => error);
      await control.cancel();
      await run;
      return [String(refused), session.runs.summary?.kind];
    });
    expect(kind).toEqual([expect.stringContaining("A run goes on"), "cancelled"]);
  });

  test("the budget is kept from visit to visit", async () => {
    const before = await editor.page.evaluate(
      () => (document.querySelector("loom-app") as LoomApp).control.memory.budget,
    );
    expect(before).toBeGreaterThan(0);
    await editor.page.reload();
    await editor.ready();
    await show();
    expect(await dialog().getByLabel("At most").isChecked()).toBe(true);
    await dialog().getByLabel("No limit").check();
    await hide();
  });

  test("a model that is not here is told in place of the plan", async () => {
    await open("hf:org/not-here");
    await show();
    await dialog()
      .getByText(/It cannot be told yet\..*not stored here/s)
      .waitFor({ timeout: 60_000 });
    await hide();
  });
});
