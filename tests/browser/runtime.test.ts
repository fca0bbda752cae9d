import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build, createServer, preview, type InlineConfig } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BackendName } from "../../src/tensor/runtime.ts";
import { findChromium, launchChromium } from "../support/browser.ts";
import type { ProbeResult } from "./page/probe.ts";

type Wanted = BackendName | "auto";

interface ProbePage {
  probe(backend: Wanted): Promise<ProbeResult>;
  probeInWorker(backend: Wanted): Promise<ProbeResult>;
}

const executable = findChromium();
if (!executable) {
  console.warn("SKIPPED: the runtime in a browser, because no Chromium or Chrome was found (set CHROMIUM).");
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const path = "tests/browser/page/index.html";
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const common: InlineConfig = {
  configFile: false,
  root,
  base: "./",
  logLevel: "error",
  worker: { format: "es" },
};

interface Site {
  readonly url: string;
  close(): Promise<void>;
}

async function serveSources(): Promise<Site> {
  const server = await createServer({
    ...common,
    cacheDir: "node_modules/.vite-tests",
    server: { port: 0, watch: null, hmr: false, headers },
    optimizeDeps: {
      entries: ["tests/browser/page/*.ts"],
      include: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu"],
    },
  });
  await server.listen();
  return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}

/** Minified as for users: tfjs's WASM threads, for one, break only here. */
async function serveBuilt(): Promise<Site> {
  const outDir = await mkdtemp(join(tmpdir(), "latent-loom-page-"));
  const input = join(root, path);
  await build({
    ...common,
    build: { target: "es2022", outDir, chunkSizeWarningLimit: 9000, rollupOptions: { input } },
  });
  const server = await preview({ ...common, build: { outDir }, preview: { port: 0, headers } });
  return {
    url: server.resolvedUrls?.local[0] ?? "",
    close: async () => {
      await server.close();
      await rm(outDir, { recursive: true });
    },
  };
}

const skipped = executable ? "" : " (skipped: no Chromium or Chrome found)";
describe.skipIf(!executable).each([
  ["from its sources", serveSources],
  ["as built", serveBuilt],
] as const)(`the runtime in Chromium, %s${skipped}`, (_name, serve) => {
  let site: Site | undefined;
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    site = await serve();
    browser = await launchChromium(executable ?? "");
    page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error));
    await page.goto(site.url + path);
    await page.waitForFunction(() => document.title === "ready", undefined, { timeout: 90_000 });
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const inPage = (backend: Wanted): Promise<ProbeResult> =>
    page.evaluate((name) => (globalThis as unknown as ProbePage).probe(name), backend);
  const inWorker = (backend: Wanted): Promise<ProbeResult> =>
    page.evaluate((name) => (globalThis as unknown as ProbePage).probeInWorker(name), backend);

  describe.each([
    ["the page", inPage],
    ["a worker", inWorker],
  ] as const)("in %s", (_place, run) => {
    test("webgpu", async () => {
      const { info, product } = await run("webgpu");
      expect(product).toEqual([19, 22, 43, 50]);
      expect(info).toMatchObject({ backend: "webgpu", crossOriginIsolated: true });
      expect(info.adapter?.vendor).toBeTruthy();
      expect(info.limits?.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
    });

    test("wasm", async () => {
      const { info, product } = await run("wasm");
      expect(product).toEqual([19, 22, 43, 50]);
      expect(info).toMatchObject({
        backend: "wasm",
        reason: "wasm was asked for",
        crossOriginIsolated: true,
      });
    });

    test("auto", async () => {
      const { info, product } = await run("auto");
      expect(product).toEqual([19, 22, 43, 50]);
      if (info.adapter?.software === false) {
        expect(info.backend).toBe("webgpu");
      } else {
        expect(info.backend).toBe("wasm");
        expect(info.reason).toMatch(
          /^WebAssembly, because (the only GPU adapter, .+, computes on the CPU|there is no GPU)/,
        );
      }
    });
  });
});
