import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { parseUnet2dConfig } from "../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../src/diffusion/models/unet-2d.ts";
import { bytesSource } from "../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../src/diffusion/weights/load-weights.ts";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { initRuntime, type BackendName } from "../../src/tensor/runtime.ts";
import { TorchGenerator } from "../../src/tensor/torch-generator.ts";
import { findPython, runPython } from "../python.ts";
import { median, sideBySide, type Result, type Row } from "../support.ts";

const BATCH = 16;
const ROUNDS = 5;
const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const MODEL = path("public/models/mnist-ddpm/unet");
const ONNX = path("bench/.cache/unet.onnx");

/** The part of onnxruntime-node that is used; the package is installed by the benchmark alone, so its types may be absent. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(
      path: string,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, { data: Float32Array }>> }>;
  };
  readonly Tensor: new (type: string, data: Float32Array | BigInt64Array, dims: readonly number[]) => unknown;
}

type Step = () => Promise<Float32Array>;

/** One call of the shipped U-Net for a batch: ours beside ONNX Runtime on the same kind of device, and PyTorch. */
export async function benchUnetStep(): Promise<Result[]> {
  const title = `U-Net step of mnist-ddpm, batch ${String(BATCH)}`;
  const found = findPython(["torch", "diffusers", "onnxscript"]);
  if ("reason" in found)
    return [{ name: title, skipped: `the peers are made by Python, and ${found.reason}` }];
  mkdirSync(path("bench/.cache"), { recursive: true });
  const torch = runPython(found.python, path("bench/onnx/export.py"), [
    MODEL,
    ONNX,
    String(BATCH),
    String(ROUNDS),
  ]) as {
    readonly torch: number[];
    readonly threads: number;
  };
  const noise = TorchGenerator.fromSeed(0).randn(BATCH * 28 * 28);
  const rows: Row[] = [];
  const search = await findAdapter();
  for (const backend of ["wasm", ...(search.adapter ? (["webgpu"] as const) : [])] as const) {
    const { step: ours, dispose } = await ourStep(backend, noise);
    const provider = backend === "wasm" ? "cpu" : "webgpu";
    const peer = await onnxStep(provider, noise);
    requireEqual(await ours(), await peer());
    const times = await sideBySide(ROUNDS, ours, peer);
    rows.push({
      name: `${title}, ${backend}`,
      value: times.ours,
      unit: "ms",
      peer: { name: `ONNX Runtime (${provider})`, value: times.peer },
    });
    if (backend === "wasm") {
      const name = `PyTorch CPU (${String(torch.threads)} threads)`;
      rows.push({
        name: `${title}, ${backend}`,
        value: times.ours,
        unit: "ms",
        peer: { name, value: median(torch.torch) },
      });
    }
    dispose();
  }
  if (search.adapter) return rows;
  return [...rows, { name: `${title}, webgpu`, skipped: search.reason }];
}

async function ourStep(
  backend: BackendName,
  noise: Float32Array,
): Promise<{ step: Step; dispose: () => void }> {
  await initRuntime({ backend });
  const config = parseUnet2dConfig(JSON.parse(readFileSync(`${MODEL}/config.json`, "utf8")));
  const file = readFileSync(`${MODEL}/diffusion_pytorch_model.safetensors`);
  const weights = await loadWeights(bytesSource("mnist-ddpm", file), unet2dParameters(config));
  const sample = tf.tensor4d(noise, [BATCH, 28, 28, 1]);
  return {
    step: async () => {
      const output = unet2dForward(config, weights, { sample, timestep: [500] });
      const values = await output.data<"float32">();
      output.dispose();
      return values;
    },
    dispose: () => {
      disposeWeights(weights);
      sample.dispose();
    },
  };
}

async function onnxStep(provider: "cpu" | "webgpu", noise: Float32Array): Promise<Step> {
  const name = "onnxruntime-node";
  const imported = (await import(name)) as OnnxRuntime & { readonly default?: OnnxRuntime };
  const onnx = imported.default ?? imported;
  const session = await onnx.InferenceSession.create(ONNX, { executionProviders: [provider] });
  const feeds = {
    sample: new onnx.Tensor("float32", noise, [BATCH, 1, 28, 28]),
    timestep: new onnx.Tensor("int64", new BigInt64Array(BATCH).fill(500n), [BATCH]),
  };
  return async () => (await session.run(feeds))["modelOutput"]?.data ?? new Float32Array();
}

/** What is fast must be right: one channel, so NHWC and NCHW are the same order. */
function requireEqual(ours: Float32Array, peer: Float32Array): void {
  const worst = ours.reduce(
    (largest, value, i) => Math.max(largest, Math.abs(value - (peer[i] ?? Number.NaN))),
    0,
  );
  if (!(worst < 1e-2)) throw new Error(`Ours and the peer's outputs differ by ${String(worst)}.`);
}
