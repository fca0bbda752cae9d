import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { Plugin, Rollup } from "vite";
import { WORKER_POLICY } from "./content-security.ts";

const ENTRY = fileURLToPath(new URL("../src/editor/offline/service-worker.ts", import.meta.url));
const PUBLIC = fileURLToPath(new URL("../public/", import.meta.url));

interface Entry {
  readonly url: string;
  /** Null where the name changes with the content. */
  readonly revision: string | null;
}

const hashOf = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex").slice(0, 16);

/** What opens the page; WASM, models, data and pictures are kept when they are first needed. */
const isShell = (name: string): boolean =>
  /\.(html|js|css|webmanifest|svg)$/.test(name) || name.startsWith("icons/");

/** Puts `sw.js` beside the built page, with the list of the files that it keeps. */
export function serviceWorker(): Plugin {
  return {
    name: "latent-loom:service-worker",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const files = Object.values(bundle).map((file): Entry => {
        const content = file.type === "chunk" ? file.code : file.source;
        return { url: file.fileName, revision: file.fileName.startsWith("assets/") ? null : hashOf(content) };
      });
      const icons = readdirSync(join(PUBLIC, "icons")).map((name) => `icons/${name}`);
      for (const name of ["manifest.webmanifest", ...icons])
        files.push({ url: name, revision: hashOf(readFileSync(join(PUBLIC, name))) });
      const shell = files.filter(({ url }) => isShell(url)).sort((a, b) => a.url.localeCompare(b.url));
      this.emitFile({ type: "asset", fileName: "sw.js", source: await bundled(shell) });
    },
  };
}

async function bundled(shell: readonly Entry[]): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: "error",
    publicDir: false,
    define: {
      LOOM_PRECACHE: JSON.stringify(shell),
      LOOM_POLICY: JSON.stringify(WORKER_POLICY),
      "process.env.NODE_ENV": JSON.stringify("production"),
    },
    build: {
      write: false,
      target: "es2022",
      lib: { entry: ENTRY, formats: ["iife"], name: "sw", fileName: "sw" },
    },
  })) as Rollup.RollupOutput | Rollup.RollupOutput[];
  const [output] = [result].flat();
  const [chunk] = output?.output ?? [];
  if (!chunk) throw new Error("The service worker came out empty.");
  return chunk.code;
}
