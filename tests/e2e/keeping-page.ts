import type { BrowserContext, Page } from "playwright-core";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";

/** Opens the page in a tab of its own, with everything that it says or asks of the network. */
export class Tab {
  readonly page: Page;
  readonly errors: string[] = [];
  /** Requests that left the page's own host. */
  readonly strays: string[] = [];

  private constructor(page: Page, url: string) {
    this.page = page;
    const { origin } = new URL(url);
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    page.on("dialog", (dialog) => {
      this.errors.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const to = request.url();
      if (!to.startsWith(origin) && !/^(blob|data):/.test(to)) this.strays.push(to);
    });
    // What the page's policy has stopped never left the browser.
    page.on("requestfailed", (request) => {
      const at = this.strays.indexOf(request.url());
      if (at >= 0 && request.failure()?.errorText === "csp") this.strays.splice(at, 1);
    });
  }

  static async open(context: BrowserContext, url: string): Promise<Tab> {
    const tab = new Tab(await context.newPage(), url);
    await tab.page.goto(url, { timeout: 120_000 });
    await tab.ready();
    return tab;
  }

  async ready(): Promise<void> {
    await this.page.waitForSelector("loom-canvas", { timeout: 120_000 });
    await this.page.evaluate(async () => {
      const app = document.querySelector("loom-app") as LoomApp;
      await app.updateComplete;
      await app.canvas.settled;
    });
  }

  document(): Promise<GraphDocument> {
    return this.page.evaluate(() => (document.querySelector("loom-app") as LoomApp).session.document);
  }

  /** One edit of the graph's name, as the field in the bar makes it. */
  async rename(name: string): Promise<void> {
    const field = this.page.getByLabel("Name of the graph").first();
    await field.fill(name);
    await field.press("Tab");
  }

  /** Waits until all is kept, and the page says so. */
  async saved(): Promise<void> {
    await this.page.waitForFunction(
      () => (document.querySelector("loom-app") as LoomApp).keeper.state === "saved",
    );
    await this.page.waitForSelector('[data-save="saved"]');
  }

  /** Names of the graphs in the library, the last one first. */
  names(): Promise<string[]> {
    return this.page.evaluate(async () => {
      const { keeper } = document.querySelector("loom-app") as LoomApp;
      await keeper.flush();
      return (await keeper.library.list()).map(({ name }) => name);
    });
  }

  async drop(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
    await this.page.evaluate(
      async ([fileName = "", base64 = ""]) => {
        const blob = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([blob], fileName));
        document.body.dispatchEvent(
          new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
        );
      },
      [name, bytes.toString("base64")],
    );
  }

  /** Waits for the end of a run. */
  async outcome(timeout = 600_000): Promise<string> {
    await this.page.waitForFunction(
      () => {
        const { runs } = (document.querySelector("loom-app") as LoomApp).session;
        return runs.phase === "idle" && runs.summary !== undefined;
      },
      undefined,
      { timeout },
    );
    return this.page.evaluate(
      () => (document.querySelector("loom-app") as LoomApp).session.runs.summary?.kind ?? "",
    );
  }

  /** The PNG files of the history, the last one first, once there are so many. */
  async pictures(count: number): Promise<{ file: Uint8Array; seeds: readonly string[]; graph: string }[]> {
    const kept = (): Promise<number> =>
      this.page.evaluate(
        async () => (await (document.querySelector("loom-app") as LoomApp).history.list()).length,
      );
    for (let tries = 0; (await kept()) < count; tries++) {
      if (tries > 600) throw new Error(`There are fewer than ${count} pictures in the history.`);
      await this.page.waitForTimeout(100);
    }
    const pictures = await this.page.evaluate(async () => {
      const { history } = document.querySelector("loom-app") as LoomApp;
      return Promise.all(
        (await history.list()).map(async ({ id, seeds, graph }) => {
          const file = new Uint8Array((await (await history.file(id))?.arrayBuffer()) ?? new ArrayBuffer(0));
          let binary = "";
          for (const byte of file) binary += String.fromCharCode(byte);
          return { base64: btoa(binary), seeds, graph };
        }),
      );
    });
    return pictures.map(({ base64, seeds, graph }) => ({
      file: new Uint8Array(Buffer.from(base64, "base64")),
      seeds,
      graph,
    }));
  }

  /** A small graph that makes a picture in no time. */
  async openNoise(seed = 7): Promise<void> {
    await this.page.evaluate((value) => {
      const app = document.querySelector("loom-app") as LoomApp;
      app.keeper.replace(
        {
          format: 1,
          name: "Noise",
          nodes: {
            seed: { type: "value/seed", version: 1, params: { seed: value } },
            noise: { type: "sampling/noise", version: 1, params: { batch: 4 } },
            show: { type: "image/decode-to-image", version: 1, params: {} },
          },
          edges: [
            { from: "seed.generator", to: "noise.generator" },
            { from: "noise.noise", to: "show.sample" },
          ],
          layout: { seed: [0, 0], noise: [300, 0], show: [600, 0] },
        },
        "Open noise",
      );
    }, seed);
    await this.ready();
  }

  async run(): Promise<string> {
    await this.page.getByRole("button", { name: "Run", exact: true }).click();
    return this.outcome();
  }
}
