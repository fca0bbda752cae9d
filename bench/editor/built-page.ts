import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the page as `npm run build` does, into a folder of its own, and serves it. */
export async function serveBuiltPage(): Promise<Served> {
  const configFile = `${root}vite.config.ts`;
  const outDir = `${root}node_modules/.bench-page`;
  await build({ root, configFile, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const server = await preview({
    root,
    configFile,
    logLevel: "error",
    build: { outDir },
    preview: { port: 0, open: false },
  });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error("The built page could not be served.");
  return { url, close: () => server.close() };
}
