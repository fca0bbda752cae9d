import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { EditorPage, executable, skipNote } from "./editor-page.ts";

describe.skipIf(!executable)(`the first visit${skipNote}`, () => {
  let editor: EditorPage;
  const weights = (): string[] =>
    editor.requests
      .filter((url) => /\/models\/.*\.safetensors$/.test(url))
      .map((url) => url.replace(/.*\/models\//, ""));

  beforeAll(async () => {
    editor = await EditorPage.open("first-visit", { query: "" });
  });

  afterAll(async () => {
    await editor?.close();
  });

  test("opens text to image, and fetches no weights before Run", async () => {
    expect((await editor.document()).name).toBe("Words to a picture");
    expect(await editor.param("words", "prompt").inputValue()).toBe("a red apple on blue, flat style");
    expect(weights()).toEqual([]);
  });

  test("Run makes the picture that the words ask for", async () => {
    await editor.page.getByLabel("Backend").selectOption("wasm");
    await editor.run();
    expect(await editor.outcome(120_000)).toMatch(/^Done/);
    expect(new Set(weights())).toEqual(
      new Set([
        "emoji-diffusion/text_encoder/model.safetensors",
        "emoji-diffusion/unet/diffusion_pytorch_model.safetensors",
        "emoji-diffusion/vae/diffusion_pytorch_model.safetensors",
      ]),
    );
    await editor.node("decode").locator("canvas, img").first().waitFor();
    const { shape, edge, middle } = await editor.page.evaluate(async () => {
      const { control } = document.querySelector("loom-app") as LoomApp;
      const report = await control.client.inspect("decode.image");
      if (report.kind !== "kept") throw new Error("The picture was not kept.");
      const picture = report.value.pictures?.find(({ label }) => label === "Picture");
      if (!picture) throw new Error("The value has no picture.");
      const at = (x: number, y: number): number[] => [
        ...picture.rgba.subarray(4 * (y * picture.width + x), 4 * (y * picture.width + x) + 3),
      ];
      return { shape: [picture.height, picture.width], edge: at(1, 1), middle: at(30, 40) };
    });
    expect(shape).toEqual([64, 64]);
    const [edgeRed = 0, , edgeBlue = 0] = edge;
    const [red = 0, green = 0, blue = 0] = middle;
    expect(edgeBlue, `the ground is ${edge.join(", ")}`).toBeGreaterThan(edgeRed + 60);
    expect(red, `the apple is ${middle.join(", ")}`).toBeGreaterThan(Math.max(green, blue) + 60);
  }, 180_000);
});
