import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
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
if (!executable)
  console.warn("SKIPPED: the runtime in a browser, because no Chromium or Chrome was found (set CHROMIUM).");

describe.skipIf(!executable)(
  `the runtime in Chromium${executable ? "" : " (skipped: no Chromium or Chrome found)"}`,
  () => {
    let server: ViteDevServer;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      server = await createServer({
        configFile: false,
        root: fileURLToPath(new URL("../..", import.meta.url)),
        cacheDir: "node_modules/.vite-tests",
        logLevel: "error",
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
        optimizeDeps: {
          entries: ["tests/browser/page/*.ts"],
          include: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu"],
        },
      });
      await server.listen();
      browser = await launchChromium(executable ?? "");
      page = await browser.newPage();
      page.on("pageerror", (error) => console.error(error));
      const [url = ""] = server.resolvedUrls?.local ?? [];
      await page.goto(`${url}tests/browser/page/index.html`);
      await page.waitForFunction(() => document.title === "ready", undefined, { timeout: 90_000 });
    });

    afterAll(async () => {
      await browser?.close();
      await server?.close();
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
  },
);
