import { createWriteStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseUnet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import { unet2dConditionParameters } from "../../src/diffusion/models/unet-2d-condition.ts";
import { readSafetensorsHeader } from "../../src/diffusion/weights/safetensors.ts";
import { readTensorSlices } from "../../src/diffusion/weights/tensor-slices.ts";
import { nodeServices } from "../../src/nodes/sources/node-sources.ts";
import { fetchFile } from "../../src/nodes/sources/store/fetch-file.ts";
import { nodeStoreFiles } from "../../src/nodes/sources/store/node-store-files.ts";
import { generatedModel } from "../../tests/support/large-model.ts";
import { sideBySide, type Result } from "../support.ts";

const BLOCK = 16 * 2 ** 20;

/** The U-Net's config of stable-diffusion-v1-5, where it differs from diffusers' defaults. */
const SD15 = {
  _class_name: "UNet2DConditionModel",
  sample_size: 64,
  cross_attention_dim: 768,
  attention_head_dim: 8,
};

/** The largest JavaScript heap, array buffers included, while `work` runs; in MB above what there was before. */
async function peakHeap(work: () => Promise<unknown>): Promise<number> {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  globalThis.gc?.();
  let peak = used();
  const timer = setInterval(() => (peak = Math.max(peak, used())), 10);
  await work();
  clearInterval(timer);
  return Math.max(peak, used()) / 1e6;
}

/** An fp16 U-Net of SD 1.5's true size (1.72 GB): read tensor by tensor, and fetched into the store, beside plain reading and fetching. */
export async function benchStreaming(): Promise<readonly Result[]> {
  const folder = await mkdtemp(join(tmpdir(), "loom-bench-"));
  const path = join(folder, "unet.safetensors");
  const model = generatedModel(unet2dConditionParameters(parseUnet2dConditionConfig(SD15)), "F16");
  const blocks = function* (): Generator<Uint8Array> {
    for (let at = 0; at < model.size; at += BLOCK) yield model.content(at, Math.min(model.size, at + BLOCK));
  };
  try {
    await pipeline(Readable.from(blocks()), createWriteStream(path));

    const ours = async (): Promise<void> => {
      const file = await nodeServices().sources.folder(`file:${path}`).open("");
      if (!file) throw new Error(path);
      for (const entry of (await readSafetensorsHeader(file)).tensors.values())
        for await (const slice of readTensorSlices(file, entry)) void slice;
    };
    const plain = async (): Promise<void> => {
      const file = await open(path, "r");
      const buffer = new Uint8Array(BLOCK);
      while ((await file.read(buffer, 0, BLOCK)).bytesRead > 0);
      await file.close();
    };
    const read = await sideBySide(3, ours, plain);
    const heapOfRead = await peakHeap(ours);

    const server = createServer((request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.writeHead(206, {
        ETag: model.etag,
        "Content-Range": `bytes ${String(from)}-${String(model.size - 1)}/${String(model.size)}`,
      });
      void open(path, "r").then((file) =>
        file.createReadStream({ start: from, highWaterMark: 2 ** 20 }).pipe(response),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/unet.safetensors`;
    let heapOfFetch = 0;
    const cache = join(folder, "cache");
    const fetched = await sideBySide(
      1,
      async () => {
        await rm(cache, { recursive: true, force: true });
        const target = {
          files: nodeStoreFiles(cache),
          folder: "m",
          path: "unet.safetensors",
          remote: { name: "unet", url },
        };
        heapOfFetch = Math.max(heapOfFetch, await peakHeap(() => fetchFile(target)));
      },
      async () => {
        const { body } = await fetch(url);
        if (body) await pipeline(Readable.fromWeb(body as never), createWriteStream(join(folder, "plain")));
      },
    );
    server.close();
    const size = `${(model.size / 1e9).toFixed(2)} GB`;
    return [
      {
        name: `every tensor of ${size} in slices`,
        value: read.ours,
        unit: "ms",
        peer: { name: "plain read", value: read.peer },
      },
      { name: "peak heap meanwhile", value: heapOfRead, unit: "MB", goal: "≤ 300" },
      {
        name: `${size} into the store`,
        value: fetched.ours,
        unit: "ms",
        peer: { name: "fetch into a file", value: fetched.peer },
      },
      { name: "peak heap meanwhile", value: heapOfFetch, unit: "MB", goal: "≤ 300" },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
