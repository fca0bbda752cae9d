import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { createServer } from "vite";
import type { ViteDevServer } from "vite";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { mnistData } from "../../vite/mnist-data.ts";
import { nodeMetadata } from "../../vite/node-metadata.ts";
import { findChromium, launchChromium } from "../support/browser.ts";

export const executable = findChromium();
export const skipNote = executable ? "" : " (skipped: no Chromium or Chrome found, set CHROMIUM)";
if (!executable)
  console.warn("SKIPPED: the editor in a browser, because no Chromium or Chrome was found (set CHROMIUM).");

export type Point = readonly [x: number, y: number];

/** The editor's page on a port of its own. */
export async function serveEditor(name: string): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    root: fileURLToPath(new URL("../..", import.meta.url)),
    // One for each caller: two servers that fill one cache at the same time disturb each other.
    cacheDir: `node_modules/.vite-e2e/${name}`,
    logLevel: "error",
    plugins: [nodeMetadata(), mnistData()],
    worker: { format: "es" },
    server: {
      port: 0,
      watch: null,
      hmr: false,
      headers: {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      },
    },
    // The worker's packages are found before the page opens: found later they would make the page reload.
    optimizeDeps: { entries: ["index.html", "src/editor/**/*.worker.ts"] },
  });
  await server.listen();
  return server;
}

/** The editor in a real browser, with the words that tests use. */
export class EditorPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #browser: Browser;
  readonly #server: ViteDevServer;
  readonly #url: string;
  readonly #query: string;
  /** Everything that went to the console as an error, or was thrown. */
  readonly errors: string[] = [];
  /** Addresses of all that the page and its workers asked for. */
  readonly requests: string[] = [];

  private constructor(
    server: ViteDevServer,
    browser: Browser,
    context: BrowserContext,
    page: Page,
    url: string,
    query: string,
  ) {
    this.#server = server;
    this.#browser = browser;
    this.context = context;
    this.page = page;
    this.#url = url;
    this.#query = query;
    page.on("request", (request) => this.requests.push(request.url()));
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  /** @param options `query` is what the address ends in; "" for what a first visit opens. */
  static async open(
    name: string,
    {
      query = "?template=sample-digits",
      ...options
    }: { readonly webgpu?: boolean; readonly query?: string } = {},
  ): Promise<EditorPage> {
    const server = await serveEditor(name);
    const browser = await launchChromium(executable ?? "", options);
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      acceptDownloads: true,
      colorScheme: "dark",
    });
    const page = await context.newPage();
    const [url = ""] = server.resolvedUrls?.local ?? [];
    const editor = new EditorPage(server, browser, context, page, url, query);
    await editor.load();
    return editor;
  }

  async load(): Promise<void> {
    await this.page.goto(`${this.#url}${this.#query}`, { timeout: 120_000 });
    await this.ready();
  }

  async ready(): Promise<void> {
    await this.page.waitForSelector("loom-canvas", { timeout: 120_000 });
    await this.settled();
  }

  /** Where the page is served. */
  get url(): string {
    return this.#url;
  }

  get browser(): Browser {
    return this.#browser;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }

  /** Ends the process that draws and computes on the graphics card, as a driver's crash does. */
  async crashGpu(): Promise<void> {
    const session = await this.#browser.newBrowserCDPSession();
    // The answer does not come: the browser is busy with the crash.
    void session.send("Browser.crashGpuProcess").catch(() => undefined);
  }

  /** Waits until what is seen equals the document. */
  async settled(): Promise<void> {
    await this.page.evaluate(async () => {
      const app = document.querySelector("loom-app") as LoomApp;
      await app.updateComplete;
      await app.canvas.updateComplete;
      await app.canvas.settled;
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    });
  }

  document(): Promise<GraphDocument> {
    return this.page.evaluate(() => (document.querySelector("loom-app") as LoomApp).session.document);
  }

  /** What the live Rete graph holds, beside the document that it should equal. */
  liveAndDocument(): Promise<{ live: unknown; document: unknown }> {
    return this.page.evaluate(() => {
      const { canvas, session } = document.querySelector("loom-app") as LoomApp;
      return {
        live: {
          nodes: canvas.live
            .getNodes()
            .map((node) => node.id)
            .sort(),
          edges: canvas.live
            .getConnections()
            .map((wire) => `${wire.source}.${wire.sourceOutput}>${wire.target}.${wire.targetInput}`)
            .sort(),
        },
        document: {
          nodes: Object.keys(session.document.nodes).sort(),
          edges: session.document.edges.map((edge) => `${edge.from}>${edge.to}`).sort(),
        },
      };
    });
  }

  node(id: string): Locator {
    return this.page.locator(`loom-node[data-node="${id}"]`);
  }

  /** The field of a parameter. */
  param(node: string, name: string): Locator {
    return this.node(node).locator(`:is(input, select, textarea)[aria-label^="${name}:"]`);
  }

  /** The text of a part of the page, through the shadow roots of its elements. */
  text(part: Locator): Promise<string> {
    return part.evaluate((root) => {
      const words = (node: Node): string[] => {
        if (node instanceof Text) return [node.data.trim()];
        if (node instanceof HTMLStyleElement) return [];
        const inside = node instanceof Element ? node.shadowRoot : null;
        return [...(inside ?? node).childNodes].flatMap(words);
      };
      return words(root)
        .filter((word) => word !== "")
        .join(" ");
    });
  }

  async headerOf(node: string): Promise<Point> {
    const box = await this.node(node).locator("header").boundingBox();
    if (!box) throw new Error(`Node "${node}" is not on the page.`);
    return [box.x + box.width / 3, box.y + box.height / 2];
  }

  async socket(node: string, side: "input" | "output", port: string): Promise<Point> {
    const box = await this.node(node)
      .locator(`.socket[data-side="${side}"][data-port="${port}"]`)
      .boundingBox();
    if (!box) throw new Error(`Socket "${node}.${port}" is not on the page.`);
    return [box.x + box.width / 2, box.y + box.height / 2];
  }

  /** Presses, moves in steps as a hand does, and lets go unless told to hold. */
  async drag([x1, y1]: Point, [x2, y2]: Point, options: { readonly hold?: boolean } = {}): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(x1, y1);
    await mouse.down();
    await mouse.move(x1 + (x2 - x1) / 4, y1 + (y2 - y1) / 4 + 6, { steps: 2 });
    await mouse.move(x2, y2, { steps: 5 });
    if (options.hold) return;
    await mouse.up();
    await this.settled();
  }

  async press(keys: string): Promise<void> {
    await this.page.keyboard.press(keys);
    await this.settled();
  }

  /** A place on the canvas where nothing is. */
  async emptyPlace(): Promise<Point> {
    return this.page.evaluate((): Point => {
      const { canvas } = document.querySelector("loom-app") as LoomApp;
      const box = canvas.getBoundingClientRect();
      const ids = Object.keys(canvas.session.document.nodes);
      for (let y = box.top + 60; y < box.bottom - 60; y += 30) {
        for (let x = box.left + 60; x < box.right - 60; x += 30) {
          const at = canvas.toCanvas({ clientX: x, clientY: y });
          const clear = ids.every((id) => {
            const rect = canvas.rect(id);
            return (
              !rect ||
              at.x < rect.x - 60 ||
              at.x > rect.x + rect.width + 60 ||
              at.y < rect.y - 60 ||
              at.y > rect.y + rect.height + 60
            );
          });
          if (clear && !canvas.wires.at(at.x, at.y, 40)) return [x, y];
        }
      }
      throw new Error("The canvas is full.");
    });
  }

  async run(): Promise<void> {
    await this.page.getByRole("button", { name: "Run", exact: true }).click();
  }

  /** Waits for the end of a run and says how it ended. */
  async outcome(timeout: number): Promise<string> {
    await this.page.waitForFunction(
      () => {
        const { runs } = (document.querySelector("loom-app") as LoomApp).session;
        return runs.phase === "idle" && runs.summary !== undefined;
      },
      undefined,
      { timeout },
    );
    await this.settled();
    return this.page.locator(".status .progress").innerText();
  }

  async saved(): Promise<void> {
    await this.page.waitForSelector('[data-save="saved"]');
  }
}
