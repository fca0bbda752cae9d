/**
 * Measures, each figure beside its peer in the same run:
 *
 *   npm run bench            everything
 *   npm run bench engine     one part: editor, picture, engine, wasm, training, unet, streaming, halves, sd, sampling
 *   npm run bench sd/30M/vae a part of a part: sd/<tiny or 30M>/<unet, text_encoder or vae>,
 *                            streaming/<sd15 or sd21>/<read, fetch, webgpu, wasm or page>
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { printResults, type Result } from "./support.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
if (!existsSync(`${folder}node_modules`)) {
  console.log("installing the peers (once)");
  // onnxruntime-node ships its CPU and WebGPU builds in the package; its script would fetch CUDA besides.
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "inherit",
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
}

const parts: Record<
  string,
  { readonly title: string; readonly run: (which: readonly string[]) => Promise<readonly Result[]> }
> = {
  editor: { title: "Editor", run: async () => (await import("./editor/editor.ts")).benchEditor() },
  picture: {
    title: "Text to image in the page",
    run: async () => (await import("./editor/first-picture.ts")).benchFirstPicture(),
  },
  engine: { title: "Engine", run: async () => (await import("./engine/executor.ts")).benchEngine() },
  wasm: {
    title: "WASM kernels beside those of tfjs",
    run: async () => (await import("./tensor/wasm-kernels.ts")).benchWasmKernels(),
  },
  training: { title: "Training", run: async () => (await import("./diffusion/training.ts")).benchTraining() },
  unet: { title: "U-Net step", run: async () => (await import("./diffusion/unet-step.ts")).benchUnetStep() },
  streaming: {
    title: "Weights as streams",
    run: async (which) => (await import("./weights/streaming.ts")).benchStreaming(which),
  },
  halves: {
    title: "Weights in half precision",
    run: async () => (await import("./weights/halves.ts")).benchHalves(),
  },
  sd: {
    title: "Stable Diffusion",
    run: async (which) => (await import("./diffusion/stable-diffusion.ts")).benchStableDiffusion(which),
  },
  sampling: {
    title: "The page while it samples",
    run: async () => (await import("./editor/responsiveness.ts")).benchResponsiveness(),
  },
};

const wanted = process.argv.slice(2).map((name) => name.split("/"));
const unknown = wanted.flatMap(([name = ""]) => (name in parts ? [] : [name]));
if (unknown.length > 0) {
  console.error(`No part is called ${unknown.join(", ")}; these are: ${Object.keys(parts).join(", ")}.`);
  process.exit(2);
}
console.log(
  `${cpus()[0]?.model ?? "unknown processor"}, ${String(cpus().length)} cores, Node ${process.version}`,
);
for (const [name, ...which] of wanted.length > 0 ? wanted : Object.keys(parts).map((part) => [part])) {
  const part = parts[name ?? ""];
  if (part) printResults(part.title, await part.run(which));
}
process.exit(0);
