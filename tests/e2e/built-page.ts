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
  readonly #folder: string;

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.url = `http://localhost:${String((server.address() as AddressInfo).port)}/some/folder/`;
  }

  static async open(): Promise<BuiltPage> {
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

  /** Serves a page that is built already. */
  static async serve(folder: string): Promise<BuiltPage> {
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
    return new BuiltPage(server, folder);
  }

  /** From now on there is no host. */
  async unplug(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.unplug();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
