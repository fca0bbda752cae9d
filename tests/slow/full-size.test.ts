import { existsSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { autoencoderKlDecode } from "../../src/diffusion/models/autoencoder-kl.ts";
import type { AutoencoderKlConfig } from "../../src/diffusion/models/autoencoder-kl-config.ts";
import { clipTextForward, gatherTokenEmbeddings } from "../../src/diffusion/models/clip-text.ts";
import type { ClipTextConfig } from "../../src/diffusion/models/clip-text-config.ts";
import { unet2dConditionForward } from "../../src/diffusion/models/unet-2d-condition.ts";
import type { Unet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import { bytesSource } from "../../src/diffusion/weights/byte-source.ts";
import type { Model } from "../../src/diffusion/weights/parameters.ts";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { readSafetensorsHeader, readTensor } from "../../src/diffusion/weights/safetensors.ts";
import { nodeServices } from "../../src/index.ts";
import { loadComponent } from "../../src/nodes/model/model-files.ts";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { assertNoDeviceErrors, initRuntime, memoryInfo, trimMemory } from "../../src/tensor/runtime.ts";
import { relativeError } from "../support/arrays.ts";

/**
 * Stable Diffusion 1.5 and 2.1 in their true size, with random weights in float16, against diffusers on the same weights. The folder
 * comes from `python bench/weights/make.py sd15 <root>/sd15` (and sd21); LOOM_FULL_SIZE names the root.
 */
const root = process.env["LOOM_FULL_SIZE"] ?? "";
const backends = (process.env["LOOM_BACKENDS"] ?? "wasm,webgpu").split(",") as ("wasm" | "webgpu" | "cpu")[];
const tolerance = { cpu: 1e-4, wasm: 1e-4, webgpu: 1e-3 } as const;
const adapter = await findAdapter();

const services = nodeServices();
const context = {
  signal: new AbortController().signal,
  progress: () => undefined,
  warn: () => undefined,
  services,
};
const GB = 1e9;
const rows: Record<string, string>[] = [];

afterAll(() => {
  console.table(rows);
});

type Arrays = (
  name: string,
) => Promise<{ readonly shape: readonly number[]; readonly values: Float32Array | Int32Array }>;

async function expectedOf(folder: string): Promise<Arrays> {
  const file = await open(join(folder, "expected.safetensors"));
  const source = bytesSource("expected.safetensors", new Uint8Array(await file.readFile()));
  await file.close();
  const { tensors } = await readSafetensorsHeader(source);
  return async (name) => {
    const entry = tensors.get(name);
    if (!entry) throw new Error(`expected.safetensors has no "${name}"; make it again.`);
    return { shape: entry.shape, values: await readTensor(source, entry) };
  };
}

/** NCHW of a file → NHWC. */
async function picture(arrays: Arrays, name: string): Promise<tf.Tensor4D> {
  const { shape, values } = await arrays(name);
  return tf.tidy(() =>
    tf.transpose(tf.tensor4d(values, shape as [number, number, number, number]), [0, 2, 3, 1]),
  );
}

/** Highest resident memory while something runs, sampled; in bytes. */
function watchMemory(): () => { readonly rss: number; readonly heap: number } {
  let [rss, heap] = [0, 0];
  const look = (): void => {
    const usage = process.memoryUsage();
    rss = Math.max(rss, usage.rss);
    heap = Math.max(heap, usage.heapUsed);
  };
  look();
  const timer = setInterval(look, 50);
  return () => {
    look();
    clearInterval(timer);
    return { rss, heap };
  };
}

describe.skipIf(root === "" || !existsSync(root)).each(["sd15", "sd21"])(
  `%s in true size${root === "" ? " [skipped: LOOM_FULL_SIZE names no folder]" : ""}`,
  (name) => {
    const folder = join(root, name);
    describe.skipIf(!existsSync(folder)).each(backends)("on %s", (backend) => {
      const isMissing = backend === "webgpu" && !adapter.adapter;

      async function measure(
        part: string,
        subfolder: string,
        file: string,
        run: (
          model: Model<unknown>,
          arrays: Arrays,
        ) => Promise<{ readonly error: number; readonly ms: number }>,
      ): Promise<number> {
        await initRuntime({ backend });
        trimMemory();
        const arrays = await expectedOf(folder);
        const { size } = await stat(join(folder, subfolder, file));
        const stopLoad = watchMemory();
        const started = performance.now();
        const model = await loadComponent(services.sources.folder(`file:${folder}`), subfolder, context);
        const loadMs = performance.now() - started;
        const loading = stopLoad();
        const { gpuBytesAllocated } = memoryInfo();
        const stopRun = watchMemory();
        const { error, ms } = await run(model, arrays);
        await assertNoDeviceErrors();
        const running = stopRun();
        disposeWeights(model.weights);
        rows.push({
          part: `${name} ${part}`,
          backend,
          "file GB": (size / GB).toFixed(2),
          "load s": (loadMs / 1000).toFixed(1),
          "GPU GB": backend === "webgpu" ? (gpuBytesAllocated / GB).toFixed(2) : "–",
          "JS heap MB loading": (loading.heap / 1e6).toFixed(0),
          "RSS GB loading": (loading.rss / GB).toFixed(2),
          "RSS GB running": (running.rss / GB).toFixed(2),
          "run s": (ms / 1000).toFixed(2),
          "relative error": error.toExponential(1),
        });
        console.log(JSON.stringify(rows.at(-1)));
        if (part.startsWith("U-Net") && backend === "webgpu")
          expect(gpuBytesAllocated).toBeLessThanOrEqual(1.9 * GB);
        return error;
      }

      const timed = async (compute: () => Promise<tf.Tensor> | tf.Tensor, expected: ArrayLike<number>) => {
        const started = performance.now();
        const result = await compute();
        const values = await result.data();
        const ms = performance.now() - started;
        result.dispose();
        return { error: relativeError(values, expected), ms };
      };

      it.skipIf(isMissing)("encodes a text as diffusers does", async () => {
        const error = await measure(
          "text encoder",
          "text_encoder",
          "model.safetensors",
          async ({ config, weights }, arrays) => {
            const inputIds = [Array.from((await arrays("input_ids")).values)];
            const clip = config as ClipTextConfig;
            return timed(
              async () => {
                const tokenEmbeddings = await gatherTokenEmbeddings(clip, weights, inputIds);
                return tf.tidy(
                  () => clipTextForward(clip, weights, { inputIds, tokenEmbeddings }).lastHiddenState,
                );
              },
              (await arrays("states")).values,
            );
          },
        );
        expect(error).toBeLessThanOrEqual(tolerance[backend]);
      });

      it.skipIf(isMissing)("runs a U-Net step as diffusers does", async () => {
        const side = process.env["LOOM_LATENT"] ?? "8";
        const error = await measure(
          `U-Net ${side}×${side}`,
          "unet",
          "diffusion_pytorch_model.safetensors",
          async ({ config, weights }, arrays) => {
            const states = await arrays("states");
            const encoderHiddenStates = tf.tensor3d(states.values, states.shape as [number, number, number]);
            const sample = await picture(arrays, `sample.${side}`);
            const expected = await picture(arrays, `noise.${side}`);
            return timed(
              () =>
                tf.tidy(() =>
                  unet2dConditionForward(config as Unet2dConditionConfig, weights, {
                    sample,
                    timestep: [500],
                    encoderHiddenStates,
                  }),
                ),
              await expected.data(),
            );
          },
        );
        expect(error).toBeLessThanOrEqual(tolerance[backend]);
      });

      it.skipIf(isMissing)("decodes a latent as diffusers does", async () => {
        const error = await measure(
          "VAE decode 8×8",
          "vae",
          "diffusion_pytorch_model.safetensors",
          async ({ config, weights }, arrays) => {
            const latent = await picture(arrays, "latent");
            const expected = await picture(arrays, "picture");
            return timed(
              () => tf.tidy(() => autoencoderKlDecode(config as AutoencoderKlConfig, weights, latent, {})),
              await expected.data(),
            );
          },
        );
        expect(error).toBeLessThanOrEqual(tolerance[backend]);
      });
    });
  },
);
