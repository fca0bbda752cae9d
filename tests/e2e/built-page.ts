import { createReadStream, existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { contentSecurity } from "../../vite/content-security.ts";
import { nodeMetadata } from "../../vite/node-metadata.ts";
import { serviceWorker } from "../../vite/service-worker.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** The page as `npm run build` makes it, in a folder of a plain host that sends no headers of its own. */
export class BuiltPage {
  readonly url: string;
  readonly #server: Server;
  /** To be removed at the end. */
  readonly #folder: string | undefined;

  private constructor(server: Server, folder: string | undefined) {
    this.#server = server;
    this.#folder = folder;
    this.url = `http://localhost:${String((server.address() as AddressInfo).port)}/some/folder/`;
  }

  /** Builds the page and serves it. LOOM_PAGE names a folder with one that is built already, to try a test again. */
  static async open(): Promise<BuiltPage> {
    const ready = process.env["LOOM_PAGE"];
    if (ready !== undefined) return BuiltPage.serve(ready, false);
    const folder = await mkdtemp(join(tmpdir(), "loom-page-"));
    await build({
      configFile: false,
      root: fileURLToPath(new URL("../..", import.meta.url)),
      base: "./",
      logLevel: "error",
      // Without MNIST, which takes long to pack and is not needed here.
      plugins: [nodeMetadata(), contentSecurity(), serviceWorker()],
      worker: { format: "es" },
      build: { target: "es2022", outDir: folder, emptyOutDir: true, chunkSizeWarningLimit: 4000 },
    });
    return BuiltPage.serve(folder);
  }

  static async serve(folder: string, isOurs = true): Promise<BuiltPage> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const name = pathname.replace(/^\/some\/folder\//, "/").replace(/\/$/, "/index.html");
      const file = join(folder, normalize(decodeURIComponent(name)));
      const found = pathname.startsWith("/some/folder/") && file.startsWith(folder) && existsSync(file);
      if (!found || !statSync(file).isFile()) {
        response.writeHead(404).end("nothing here");
        return;
      }
      response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
      createReadStream(file).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    return new BuiltPage(server, isOurs ? folder : undefined);
  }

  /** From now on there is no host. */
  async unplug(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.unplug();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
