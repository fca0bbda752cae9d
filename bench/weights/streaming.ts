import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { readSafetensorsHeader } from "../../src/diffusion/weights/safetensors.ts";
import { readTensorSlices } from "../../src/diffusion/weights/tensor-slices.ts";
import { loadComponent } from "../../src/nodes/model/model-files.ts";
import { nodeServices } from "../../src/nodes/sources/node-sources.ts";
import { fetchFile } from "../../src/nodes/sources/store/fetch-file.ts";
import { nodeStoreFiles } from "../../src/nodes/sources/store/node-store-files.ts";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { assertNoDeviceErrors, initRuntime, memoryInfo, trimMemory } from "../../src/tensor/runtime.ts";
import { sideBySide, type Result } from "../support.ts";
import { CHECKPOINTS, writeCheckpoint, type CheckpointName, type Part } from "./checkpoint.ts";
import { benchInPage } from "./in-page.ts";
import { peakHeap } from "./peak-heap.ts";
import { serveFile } from "./serve-file.ts";

const BLOCK = 16 * 2 ** 20;
const HEAP_GOAL = "≤ 300";
const TITLES = { text_encoder: "text encoder", unet: "U-Net", vae: "VAE" } as const;

/**
 * Checkpoints of Stable Diffusion's true size: read tensor by tensor, fetched into the store and loaded, beside plain reading and
 * fetching of the same files. They are made for this and deleted afterwards.
 *
 * @param which `sd15` or `sd21`, and one of `read`, `fetch`, `webgpu`, `wasm`, `page`; all where absent.
 */
export async function benchStreaming([onlyModel, onlyStep]: readonly string[] = []): Promise<
  readonly Result[]
> {
  const names = (Object.keys(CHECKPOINTS) as CheckpointName[]).filter(
    (name) => onlyModel === undefined || name === onlyModel,
  );
  const steps = Object.entries(STEPS).filter(([name]) => onlyStep === undefined || name === onlyStep);
  if (names.length === 0 || steps.length === 0)
    throw new Error(
      `"${[onlyModel, onlyStep].join("/")}" is none of ${Object.keys(CHECKPOINTS).join(", ")}, each with ${Object.keys(STEPS).join(", ")}.`,
    );
  const results: Result[] = [];
  for (const name of names) {
    const folder = await mkdtemp(join(tmpdir(), "loom-bench-"));
    try {
      const parts = await writeCheckpoint(name, folder);
      for (const [, step] of steps)
        results.push(...(await step({ name, title: CHECKPOINTS[name].title, folder, parts })));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return results;
}

interface Checkpoint {
  readonly name: CheckpointName;
  readonly title: string;
  readonly folder: string;
  readonly parts: readonly Part[];
}

const STEPS: Readonly<Record<string, (checkpoint: Checkpoint) => Promise<readonly Result[]>>> = {
  read: readInSlices,
  fetch: fetchIntoStore,
  webgpu: loadOnWebgpu,
  wasm: (checkpoint) => load(checkpoint, "wasm"),
  page: ({ name }) => benchInPage(name),
};

const gigabytes = (size: number): string => `${(size / 1e9).toFixed(2)} GB`;

const unetOf = ({ parts }: Checkpoint): Part => {
  const unet = parts.find(({ name }) => name === "unet");
  if (!unet) throw new Error("The checkpoint has no U-Net.");
  return unet;
};

async function plainRead(path: string): Promise<void> {
  const file = await open(path, "r");
  const buffer = new Uint8Array(BLOCK);
  while ((await file.read(buffer, 0, BLOCK)).bytesRead > 0);
  await file.close();
}

async function readInSlices(checkpoint: Checkpoint): Promise<Result[]> {
  const { path, size } = unetOf(checkpoint);
  const ours = async (): Promise<void> => {
    const file = await nodeServices().sources.folder(`file:${path}`).open("");
    if (!file) throw new Error(path);
    for (const entry of (await readSafetensorsHeader(file)).tensors.values())
      for await (const slice of readTensorSlices(file, entry)) void slice;
  };
  const read = await sideBySide(3, ours, () => plainRead(path));
  return [
    {
      name: `${checkpoint.title}: every tensor of the U-Net (${gigabytes(size)}) in slices`,
      value: read.ours,
      unit: "ms",
      peer: { name: "plain read", value: read.peer },
    },
    { name: "peak heap meanwhile", value: await peakHeap(ours), unit: "MB", goal: HEAP_GOAL },
  ];
}

async function fetchIntoStore(checkpoint: Checkpoint): Promise<Result[]> {
  const { path, size } = unetOf(checkpoint);
  const { folder, title } = checkpoint;
  const sha256 = await hashOf(path);
  const server = await serveFile(path, size);
  const cache = join(folder, "cache");
  let heap = 0;
  const ours = async (): Promise<void> => {
    await rm(cache, { recursive: true, force: true });
    const target = {
      files: nodeStoreFiles(cache),
      folder: "m",
      path: "unet.safetensors",
      remote: { name: "unet", url: server.url },
      size,
      sha256,
    };
    heap = Math.max(heap, await peakHeap(() => fetchFile(target)));
  };
  const theirs = async (): Promise<void> => {
    const copy = join(folder, "plain");
    const { body } = await fetch(server.url);
    if (body) await pipeline(Readable.fromWeb(body as never), createWriteStream(copy));
    const file = await open(copy, "r+");
    // Ours is on the disk when it says so.
    await file.sync();
    await file.close();
    await hashOf(copy);
    await rm(copy);
  };
  try {
    const fetched = await sideBySide(1, ours, theirs);
    return [
      {
        name: `${title}: ${gigabytes(size)} fetched into the store and verified`,
        value: fetched.ours,
        unit: "ms",
        peer: { name: "fetch into a file, then SHA-256", value: fetched.peer },
      },
      { name: "peak heap meanwhile", value: heap, unit: "MB", goal: HEAP_GOAL },
    ];
  } finally {
    await server.close();
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: BLOCK }))
    hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

async function loadOnWebgpu(checkpoint: Checkpoint): Promise<Result[]> {
  const { adapter, reason } = { reason: "", ...(await findAdapter()) };
  return adapter
    ? load(checkpoint, "webgpu")
    : [{ name: `${checkpoint.title}: loaded on WebGPU`, skipped: reason }];
}

/** Loads one network after the other, each beside a plain read of its file. */
async function load({ title, folder, parts }: Checkpoint, backend: "webgpu" | "wasm"): Promise<Result[]> {
  await initRuntime({ backend });
  const results: Result[] = [];
  const context = {
    signal: new AbortController().signal,
    progress: () => undefined,
    warn: () => undefined,
    services: nodeServices(),
  };
  for (const { name, path, size } of parts) {
    trimMemory();
    const before = memoryInfo().gpuBytesAllocated;
    let resident = 0;
    let heap = 0;
    const times = await sideBySide(
      1,
      async () => {
        let weights: Parameters<typeof disposeWeights>[0] = {};
        heap = await peakHeap(async () => {
          const source = context.services.sources.folder(`file:${folder}`);
          ({ weights } = await loadComponent(source, name, context));
          await assertNoDeviceErrors();
        });
        resident = memoryInfo().gpuBytesAllocated - before;
        disposeWeights(weights);
        trimMemory();
      },
      () => plainRead(path),
    );
    results.push({
      name: `${title}: ${TITLES[name]} (${gigabytes(size)}) loaded on ${backend}`,
      value: times.ours,
      unit: "ms",
      peer: { name: "plain read", value: times.peer },
    });
    if (backend !== "webgpu") continue;
    results.push({ name: "peak heap meanwhile", value: heap, unit: "MB", goal: HEAP_GOAL });
    results.push({
      name: "GPU memory resident",
      value: resident / 1e9,
      unit: "GB",
      ...(name === "unet" && { goal: "≤ 1.9" }),
    });
  }
  return results;
}
