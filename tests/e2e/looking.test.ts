import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { EditorPage } from "./editor-page.ts";
import { executable, skipNote } from "./editor-page.ts";
import { RunningPage } from "./running-page.ts";

/** Looking into a run that is over: through the steps of its loop, and at its wires. */
describe.skipIf(!executable)(`looking inside in Chromium${skipNote}`, () => {
  let running: RunningPage;
  let editor: EditorPage;

  beforeAll(async () => {
    running = await RunningPage.open("looking");
    ({ editor } = running);
    await running.set("timesteps", "numInferenceSteps", 8);
    await running.set("noise", "batch", 2);
    await editor.run();
    expect(await editor.outcome(90_000)).toMatch(/^Done/);
  });
  afterAll(async () => {
    await editor?.close();
  });
  afterEach(() => {
    expect(editor.errors).toEqual([]);
  });

  test("the steps of a loop are gone through with the keyboard", async () => {
    await running.button("Steps").click();
    const steps = editor.page.locator("loom-steps");
    const slider = steps.getByRole("slider", { name: "Step of denoise" });
    await slider.waitFor();
    expect(await slider.getAttribute("aria-valuetext")).toBe("after step 8");
    await slider.focus();
    const scalar = (name: string): Promise<string> => steps.locator(`[data-scalar="${name}"]`).innerText();
    const seen: { readonly timestep: number; readonly sigma: number; readonly latents: string }[] = [];
    for (const key of ["Home", "ArrowRight", "ArrowRight", "ArrowRight"]) {
      await editor.page.keyboard.press(key);
      const number = seen.length + 1;
      await steps
        .getByRole("slider")
        .and(editor.page.locator(`[aria-valuetext="step ${number} of 8"]`))
        .waitFor();
      await steps.locator(`[data-step="${number}"]`).waitFor();
      const latents = await steps
        .locator("canvas")
        .first()
        .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
      seen.push({
        timestep: Number(await scalar("timestep")),
        sigma: Number(await scalar("sigma")),
        latents,
      });
    }
    // DDIM goes from much noise to little, and each step has a picture of its own.
    const falls = (values: readonly number[]): boolean =>
      values.every((value, at) => at === 0 || value < (values[at - 1] ?? 0));
    expect(falls(seen.map(({ timestep }) => timestep))).toBe(true);
    expect(falls(seen.map(({ sigma }) => sigma))).toBe(true);
    expect(new Set(seen.map(({ latents }) => latents)).size).toBe(4);
    const pictures = await steps.locator("figcaption").allInnerTexts();
    expect(pictures.slice(0, 2)).toEqual(["sample", "prediction of x_0"]);
  });

  test("a run goes on from any step, with the same end; with other parameters, another one", async () => {
    const whole = await running.picture("decode");
    const fork = editor.page.locator("loom-steps").getByRole("button", { name: "Run on from this step" });
    await running.countIterations();
    await fork.click();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    // Three of eight steps lie behind step 4.
    expect(await running.iterations()).toBe(5);
    expect(await running.picture("decode")).toBe(whole);
    await running.set("timesteps", "numInferenceSteps", 10);
    await fork.click();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    expect(await running.iterations()).toBe(5 + 7);
    expect(await running.picture("decode")).not.toBe(whole);
    await running.set("timesteps", "numInferenceSteps", 8);
    await running.button("Close the panel").click();
  });

  test("a wire shows what is on it: shape, range, histogram, picture, who made it; and stays when it is pinned", async () => {
    await running.set("seed", "seed", 3);
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    const [x, y] = await editor.socket("predict", "output", "modelOutput");
    await editor.page.mouse.move(x - 80, y - 120);
    await editor.page.mouse.move(x, y, { steps: 3 });
    const card = editor.page.locator("loom-wire-card .card");
    await card.locator("dl").waitFor({ timeout: 30_000 });
    const text = await editor.text(card);
    expect(text).toContain("[2, 28, 28, 1]");
    expect(text).toContain("float32");
    expect(text).toMatch(/range -?\d.* … \d.* mean -?\d.* deviation \d/);
    expect(text).toMatch(/NaN 0/);
    expect(text).toMatch(/memory 6\.1 KB/);
    expect(text).toMatch(/Made by U-Net step at .* in step 8 of denoise/);
    expect(await card.locator(".histogram rect").count()).toBe(32);
    expect(await card.locator("canvas").count()).toBeGreaterThan(0);
    await card.getByRole("button", { name: "Pin predict.modelOutput" }).click();
    const pinned = editor.page.locator('loom-inspector [data-wire="predict.modelOutput"]');
    await pinned.locator("loom-wire-report dl").waitFor();
    await editor.node("step").locator("header").click();
    const facts = editor.page.locator("loom-inspector section").first();
    expect(await editor.text(facts)).toMatch(/why It /);
    await pinned.waitFor();
    await running.button("Unpin predict.modelOutput").click();
    await pinned.waitFor({ state: "detached" });
  });

  test("a value that is gone says so, and is kept by running again", async () => {
    // Two results of the loop are cached; its body was last seen with the other one.
    await running.set("seed", "seed", 5);
    await editor.run();
    await editor.outcome(60_000);
    await running.set("seed", "seed", 3);
    await editor.run();
    expect(await editor.outcome(60_000)).toMatch(/^Done/);
    await editor.node("predict").locator("header").click();
    const wire = editor.page.locator('loom-inspector [data-wire="predict.modelOutput"]');
    await wire.getByText("has been freed").waitFor({ timeout: 20_000 });
    await wire.getByRole("button", { name: "Keep this wire and run again" }).click();
    await wire.locator("loom-wire-report dl").waitFor({ timeout: 60_000 });
    await running.button("Close the inspector").click();
  });
});
