import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import type { EditorPage } from "./editor-page.ts";
import { executable, skipNote } from "./editor-page.ts";
import { RunningPage } from "./running-page.ts";

describe.skipIf(!executable)(`runs in Chromium${skipNote}`, () => {
  let running: RunningPage;
  let editor: EditorPage;
  let sample: GraphDocument;

  beforeAll(async () => {
    running = await RunningPage.open("running");
    ({ editor } = running);
    sample = await editor.document();
  });
  afterAll(async () => {
    await editor?.close();
  });
  afterEach(() => {
    expect(editor.errors).toEqual([]);
  });

  test("a run that is paused at once waits before the first step, goes one step, and goes on", async () => {
    await running.set("timesteps", "numInferenceSteps", 40);
    await running.set("noise", "batch", 1);
    await editor.run();
    await running.button("Pause before the next step").click();
    const at = await running.held();
    expect(await editor.page.locator(".status .progress").innerText()).toBe(
      `Paused before step ${at + 1} of denoise`,
    );
    await running.button("One step").click();
    expect(await running.held(at)).toBe(at + 1);
    // The pictures of the latents and of what the network makes of them grow with the steps.
    await running.button("One step").click();
    await running.held(at + 1);
    const [latents, guess] = [await running.picture("step"), await running.picture("guess")];
    await running.button("One step").click();
    await running.held(at + 2);
    expect(await running.picture("step")).not.toBe(latents);
    expect(await running.picture("guess")).not.toBe(guess);
    await running.press("k");
    expect(await editor.outcome(120_000)).toMatch(/^Done/);
    expect(await editor.node("step").locator("canvas").count()).toBe(1);
  });

  test("cancelling takes effect within one step", async () => {
    await running.countIterations();
    await running.set("seed", "seed", 123);
    await running.set("timesteps", "numInferenceSteps", 400);
    await editor.run();
    await running.underway("begin");
    expect(await editor.node("begin").locator(".state").innerText()).toMatch(/\/ 400/);
    const [before = 0, after = 0] = await editor.page.evaluate(async () => {
      const { control } = document.querySelector("loom-app") as LoomApp;
      const { counter } = window as unknown as { counter: { iterations: number } };
      const started = counter.iterations;
      await control.cancel();
      await control.idle();
      return [started, counter.iterations];
    });
    expect((await running.state()).kinds[0]).toBe("cancelled");
    // The one that was under way, and one whose message was on its way.
    expect(after - before).toBeLessThanOrEqual(2);
  });

  test("a run that is cancelled while it waits ends, and so does one that has not begun", async () => {
    await editor.run();
    await running.button("Pause before the next step").click();
    await running.held();
    await running.button("Cancel").click();
    expect(await editor.outcome(30_000)).toMatch(/^Cancelled/);
    await editor.run();
    await running.press("Control+.");
    expect(await editor.outcome(30_000)).toMatch(/^Cancelled/);
  });

  test("a node says how long it took, what it holds, and why it ran or did not", async () => {
    await running.openGraph(sample);
    await running.set("timesteps", "numInferenceSteps", 30);
    await editor.run();
    await editor.node("begin").locator(".state", { hasText: "left" }).waitFor({ timeout: 60_000 });
    expect((await running.run("begin")).progress?.left).toBeGreaterThan(0);
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    await running.set("timesteps", "numInferenceSteps", 3);
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    const state = editor.node("timesteps").locator(".state");
    expect(await state.getAttribute("title")).toMatch(/^It ran because "numInferenceSteps" changed/);
    expect(await editor.node("decode").locator(".state").getAttribute("title")).toMatch(
      /^It ran because its input "sample" from .* changed\. It holds .* KB\.$/,
    );
    expect(await editor.node("unet").locator(".state").innerText()).toBe("cached");
    expect(await editor.node("predict").locator(".state").innerText()).toMatch(/^[\d.]+ m?s$/);
    await editor.run();
    await editor.outcome(60_000);
    expect(await editor.node("decode").locator(".state").innerText()).toBe("cached");
    await editor.node("decode").locator("header").click();
    await running.press("i");
    const facts = editor.page.locator("loom-inspector section").first();
    expect(await editor.text(facts)).toMatch(
      /was taken from the cache.*Nothing that it depends on has changed/,
    );
    await running.button("Close the inspector").click();
  });

  test("a run goes only to what is selected", async () => {
    await running.openGraph(sample);
    await running.set("seed", "seed", 7);
    await editor.node("noise").locator("header").click();
    await running.press("Shift+Enter");
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    expect(await running.run("noise")).toMatchObject({ status: "done" });
    expect(await running.run("decode")).toMatchObject({ status: "idle" });
  });

  test("several runs are queued with other seeds; the seed that is shown is the one that was used", async () => {
    await running.set("timesteps", "numInferenceSteps", 3);
    await running.set("seed", "seed", 41);
    await running.press("q");
    const dialog = editor.page.locator("loom-queue dialog");
    await dialog.getByText("All seeds are fixed").waitFor();
    const mode = dialog.getByLabel("What becomes of seed.seed");
    await mode.selectOption("increment");
    await dialog.locator("#count").fill("3");
    await dialog.getByRole("button", { name: "Queue the runs" }).click();
    await dialog.locator('tr[data-state="done"]').nth(2).waitFor({ timeout: 90_000 });
    expect((await running.state()).seeds.slice(0, 3)).toEqual([43, 42, 41]);
    const close = dialog.getByRole("button", { name: "Close the queue" });
    await close.click();
    expect(await editor.param("seed", "seed").inputValue()).toBe("43");
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    expect(await editor.param("seed", "seed").inputValue()).toBe("44");
    expect((await running.state()).seeds[0]).toBe(44);
    await running.press("q");
    await dialog.getByRole("button", { name: "Use seed" }).nth(3).click();
    await mode.selectOption("random");
    await close.click();
    expect(await editor.param("seed", "seed").inputValue()).toBe("41");
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    const shown = await editor.param("seed", "seed").inputValue();
    expect(shown).not.toBe("41");
    expect(String((await running.state()).seeds[0])).toBe(shown);
  });

  test("a graph runs on every change, and a change cancels the run before it", async () => {
    await running.openGraph(sample);
    await running.set("timesteps", "numInferenceSteps", 300);
    await running.button("Run on every change").click();
    await running.underway("begin");
    const before = (await running.state()).kinds.length;
    await running.set("timesteps", "numInferenceSteps", 3);
    await editor.page.waitForFunction(
      (count) => (document.querySelector("loom-app") as LoomApp).control.history.records.length >= count + 2,
      before,
      { timeout: 60_000 },
    );
    expect((await running.state()).kinds.slice(0, 2)).toEqual(["done", "cancelled"]);
    await running.button("Run on every change").click();
  });

  test("an error stands on its node and port, and the list of problems leads there", async () => {
    // The network was made for pictures of one channel.
    await running.openGraph(sample);
    await running.set("noise", "channels", 3);
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Failed/);
    const message = editor.node("predict").locator(".message");
    expect(await message.innerText()).toMatch(
      /sample is \[16, 28, 28, 3\]; this U-Net takes \[batch, height, width, 1\]/,
    );
    expect(await running.run("predict")).toMatchObject({ status: "failed", error: { port: "sample" } });
    expect(await editor.node("predict").locator('.port.bad .socket[data-port="sample"]').count()).toBe(1);
    // From the other end of the graph the list is the way back.
    await running.reveal("note");
    await editor.page.evaluate(() => (document.querySelector("loom-app") as LoomApp).canvas.zoomBy(2));
    await editor.node("predict").waitFor({ state: "hidden" });
    await editor.page.getByRole("button", { name: "1 problem" }).click();
    await editor.page.locator("loom-problems li > button").click();
    await editor.node("predict").locator(".message").waitFor();
    expect(
      await editor.page.evaluate(() => [
        ...(document.querySelector("loom-app") as LoomApp).session.selection.nodes,
      ]),
    ).toEqual(["predict"]);
    await running.button("Close the list of problems").click();
  });

  test("a graph that lacks a model, a file or a node opens, and says what is missing and what to do", async () => {
    const unet = sample.nodes["unet"];
    await running.openGraph({
      ...sample,
      nodes: {
        ...sample.nodes,
        ...(unet && { unet: { ...unet, params: { source: "file:my-unet" } } }),
        lost: { type: "vendor/sharpen", version: 1, params: {} },
      },
      edges: [...sample.edges, { from: "decode.image", to: "lost.image" }],
      layout: { ...sample.layout, lost: [2140, 270] },
    });
    await running.button(/problem/).click();
    const problems = editor.page.locator("loom-problems");
    expect(await editor.text(problems)).toMatch(/"my-unet" is a file or folder of a disk/);
    expect(await editor.text(problems)).toMatch(/unknown type "vendor\/sharpen"/);
    expect(await editor.node("unet").locator(".message").innerText()).toMatch(/Choose it/);
    await problems.getByRole("button", { name: /Use bundled:mnist-ddpm/ }).click();
    await editor.settled();
    await problems.getByRole("button", { name: "Delete it and join its wires" }).click();
    await running.button("No problems").waitFor();
    await running.button("Close the list of problems").click();
  });
});
