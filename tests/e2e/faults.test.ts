import { afterEach, describe, expect, test } from "vitest";
import { EditorPage, executable, skipNote } from "./editor-page.ts";

describe.skipIf(!executable)(`runs and graphics devices in Chromium${skipNote}`, () => {
  let editor: EditorPage | undefined;
  afterEach(async () => {
    await editor?.close();
    editor = undefined;
  });

  test("without WebGPU the page says so and runs on WebAssembly; WebGPU by name is refused in words", async () => {
    editor = await EditorPage.open("no-webgpu", { webgpu: false });
    const { page } = editor;
    const engine = page.locator(".status .engine");
    await engine.filter({ hasText: "wasm" }).waitFor({ timeout: 60_000 });
    expect(await engine.getAttribute("title")).toMatch(/WebAssembly, because there is no GPU adapter/);
    await editor.param("timesteps", "numInferenceSteps").fill("2");
    await editor.run();
    expect(await editor.outcome(90_000)).toMatch(/^Done/);
    await page.getByLabel("Backend").selectOption("webgpu");
    await page.getByRole("alert").filter({ hasText: 'backend "webgpu" is not to be had' }).waitFor();
    await page.getByLabel("Backend").selectOption("auto");
    await engine.filter({ hasText: "wasm" }).waitFor();
    await editor.run();
    expect(await editor.outcome(90_000)).toMatch(/^Done/);
  });

  test("a graphics device that is lost in the middle of a run fails it in words, and the next run works", async () => {
    editor = await EditorPage.open("lost-device");
    const { page } = editor;
    await editor.param("timesteps", "numInferenceSteps").fill("200");
    await editor.param("noise", "batch").fill("1");
    await page.getByLabel("Backend").selectOption("webgpu");
    await page.locator(".status .engine").filter({ hasText: "webgpu" }).waitFor({ timeout: 60_000 });
    await editor.run();
    await editor.node("begin").locator(".state", { hasText: "/ 200" }).waitFor({ timeout: 200_000 });
    await editor.crashGpu();
    expect(await editor.outcome(60_000)).toMatch(/^Failed/);
    const words = await page.locator("loom-node .message, .toast").first().innerText();
    expect(words).toMatch(/GPU device was lost/);
    await editor.param("timesteps", "numInferenceSteps").fill("1");
    await editor.run();
    expect(await editor.outcome(200_000)).toMatch(/^Done/);
  }, 600_000);
});
