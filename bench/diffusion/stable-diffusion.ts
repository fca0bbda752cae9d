import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { initRuntime, memoryInfo, trimMemory } from "../../src/tensor/runtime.ts";
import { onStockWebgpu } from "../../tests/support/stock-webgpu.ts";
import { findPython, runPython } from "../python.ts";
import { median, sideBySide, type Result } from "../support.ts";
import { wasmKernelSets } from "../tensor/stock-wasm.ts";
import {
  loadModule,
  MODULES,
  readExample,
  type Example,
  type LoadedModule,
  type ModuleName,
} from "./stable-diffusion-modules.ts";
import { countDispatches, gpuBytes, loadOnnx, trimStock } from "./stable-diffusion-peers.ts";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const SIZES = [
  { size: "tiny", rounds: 5 },
  // Once: the software adapter takes seconds for a call.
  { size: "30M", rounds: 1 },
] as const;
const MEGABYTE = 1e6;

/** What export_sd.py prints: PyTorch's milliseconds by its number of threads. */
type TorchReport = Readonly<
  Record<
    ModuleName,
    { readonly parameters: number; readonly torch: Readonly<Record<string, readonly number[]>> }
  >
>;

/** One network of one size, and all that its rows need. */
interface Case {
  readonly title: string;
  readonly name: ModuleName;
  readonly folder: string;
  readonly example: Example;
  readonly rounds: number;
  readonly torch: { readonly name: string; readonly value: number };
}

type Call = () => Promise<Float32Array>;

/**
 * U-Net step, text encoder and VAE decode of a tiny Stable Diffusion and of one with 30 million parameters, with the same random
 * weights everywhere: time beside ONNX Runtime, PyTorch and stock tfjs; on WebGPU also GPU memory and dispatches.
 *
 * @param which One size, and one network by its folder's name; all where absent.
 * @throws Error that lists what there is.
 */
export async function benchStableDiffusion([onlySize, onlyName]: readonly string[] = []): Promise<Result[]> {
  const sizes = chosen(SIZES, ({ size }) => size, onlySize);
  const names = chosen(Object.keys(MODULES) as ModuleName[], (name) => name, onlyName);
  const found = findPython(["torch", "diffusers", "transformers", "onnxscript"]);
  if ("reason" in found)
    return [
      { name: "Stable Diffusion", skipped: `weights and peers are made by Python, and ${found.reason}` },
    ];
  const search = await findAdapter();
  const results: Result[] = [];
  for (const { size, rounds } of sizes) {
    for (const given of await makeCases(found.python, size, rounds, names)) {
      results.push(...(await onWasm(given)));
      if (search.adapter) results.push(...(await onWebgpu(given)));
      else results.push({ name: `${given.title}, webgpu`, skipped: search.reason });
    }
  }
  return results;
}

function chosen<T>(all: readonly T[], nameOf: (one: T) => string, only: string | undefined): readonly T[] {
  const found = only === undefined ? all : all.filter((one) => nameOf(one) === only);
  if (found.length === 0) throw new Error(`"${only ?? ""}" is none of ${all.map(nameOf).join(", ")}.`);
  return found;
}

async function makeCases(
  python: string,
  size: string,
  rounds: number,
  names: readonly ModuleName[],
): Promise<Case[]> {
  const root = path(`bench/.cache/sd-${size}`);
  mkdirSync(root, { recursive: true });
  const report = runPython(python, path("bench/onnx/export_sd.py"), [
    root,
    size,
    String(rounds),
    ...names,
  ]) as TorchReport;
  const cases: Case[] = [];
  for (const name of names) {
    const example = await readExample(`${root}/${name}`);
    const { parameters, torch } = report[name];
    const picture = Object.values(example.inputs).find(({ shape }) => shape.length === 4);
    const what = picture ? `latents ${picture.shape.slice(2).join("×")}` : "77 tokens";
    cases.push({
      title: `${MODULES[name]}, ${size}, ${(parameters / 1e6).toPrecision(3)}M parameters, ${what}`,
      name,
      folder: `${root}/${name}`,
      example,
      rounds,
      torch: fasterOf(torch),
    });
  }
  return cases;
}

/** The number of threads with which PyTorch is faster here, and its time. */
function fasterOf(torch: Readonly<Record<string, readonly number[]>>): Case["torch"] {
  const [fastest] = Object.entries(torch)
    .map(([threads, times]) => ({ name: `PyTorch CPU (threads: ${threads})`, value: median(times) }))
    .sort((a, b) => a.value - b.value);
  if (!fastest) throw new Error("export_sd.py has timed nothing.");
  return fastest;
}

async function onWasm(given: Case): Promise<Result[]> {
  const kernels = await wasmKernelSets();
  const loaded = await loadModule(given.name, given.folder, given.example);
  const ours: Call = () => {
    kernels.useOurs();
    return loaded.call();
  };
  const stock: Call = () => {
    kernels.useStock();
    return loaded.call();
  };
  const title = `${given.title}, wasm in one thread`;
  try {
    const onnx = await besideOnnx(given, title, "cpu", loaded, ours);
    const rows: Result[] = [onnx];
    // The same calls of ours, so that one figure of ours stands beside each peer's.
    if ("value" in onnx) rows.push({ ...onnx, peer: given.torch });
    rows.push(await besideStock(given, title, loaded, ours, stock));
    return rows;
  } finally {
    kernels.useOurs();
    loaded.dispose();
  }
}

async function onWebgpu(given: Case): Promise<Result[]> {
  await initRuntime({ backend: "webgpu" });
  const loaded = await loadModule(given.name, given.folder, given.example);
  const theirs = await onStockWebgpu(() => loadModule(given.name, given.folder, given.example));
  const title = `${given.title}, webgpu`;
  try {
    const stock: Call = () => onStockWebgpu(theirs.call);
    const rows: Result[] = [
      await besideOnnx(given, title, "webgpu", loaded, loaded.call),
      await besideStock(given, title, loaded, loaded.call, stock),
    ];
    const [mine, peer] = [await measureOurs(loaded), await onStockWebgpu(() => measureStock(theirs))];
    const row = (what: string, unit: string, value: number, peerValue: number): void => {
      rows.push({
        name: `${title}, ${what}`,
        value,
        unit,
        peer: { name: "stock tfjs", value: peerValue },
      });
    };
    row("GPU memory with the pool of one call", "MB", mine.pooled / MEGABYTE, peer.pooled / MEGABYTE);
    row("GPU memory after trimming", "MB", mine.kept / MEGABYTE, peer.kept / MEGABYTE);
    row("one call", "dispatches", mine.dispatches, peer.dispatches);
    return rows;
  } finally {
    loaded.dispose();
    trimMemory();
    await onStockWebgpu(async () => {
      theirs.dispose();
      trimStock();
      return Promise.resolve();
    });
  }
}

interface GpuFigures {
  readonly pooled: number;
  readonly kept: number;
  readonly dispatches: number;
}

async function measureOurs(loaded: LoadedModule): Promise<GpuFigures> {
  trimMemory();
  const dispatches = await countDispatches(loaded.call);
  const pooled = memoryInfo().gpuBytesAllocated;
  trimMemory();
  return { pooled, kept: memoryInfo().gpuBytesAllocated, dispatches };
}

async function measureStock(loaded: LoadedModule): Promise<GpuFigures> {
  trimStock();
  const dispatches = await countDispatches(loaded.call);
  const pooled = gpuBytes();
  trimStock();
  return { pooled, kept: gpuBytes(), dispatches };
}

/** Ours beside ONNX Runtime in turn, after both have given PyTorch's output. */
async function besideOnnx(
  given: Case,
  name: string,
  provider: "cpu" | "webgpu",
  loaded: LoadedModule,
  ours: Call,
): Promise<Result> {
  requireEqual(`Our ${name}`, loaded.toTorch(await ours()), given.example);
  const label = `ONNX Runtime (${provider})`;
  let onnx;
  try {
    onnx = await loadOnnx(given.folder, provider, given.example);
    requireEqual(label, await onnx.call(), given.example);
  } catch (error) {
    await onnx?.release();
    return { name: `${name} against ${label}`, skipped: firstLine(error) };
  }
  const { call } = onnx;
  const times = await sideBySide(given.rounds, ours, call);
  await onnx.release();
  return { name, value: times.ours, unit: "ms", peer: { name: label, value: times.peer } };
}

/** Ours beside tfjs's own kernels in turn, after they have given PyTorch's output. */
async function besideStock(
  given: Case,
  name: string,
  loaded: LoadedModule,
  ours: Call,
  stock: Call,
): Promise<Result> {
  const label = "stock tfjs on the same backend";
  try {
    requireEqual(label, loaded.toTorch(await stock()), given.example);
  } catch (error) {
    return { name: `${name} against ${label}`, skipped: firstLine(error) };
  }
  const times = await sideBySide(given.rounds, ours, stock);
  return { name, value: times.ours, unit: "ms", peer: { name: label, value: times.peer } };
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

/** What is fast must be right. @throws when the largest difference exceeds a thousandth of the largest value. */
function requireEqual(whose: string, values: Float32Array, { output }: Example): void {
  let [difference, largest] = [0, 0];
  output.values.forEach((expected, i) => {
    const delta = Math.abs((values[i] ?? Number.NaN) - expected);
    difference = Math.max(difference, Number.isNaN(delta) ? Infinity : delta);
    largest = Math.max(largest, Math.abs(expected));
  });
  if (!(values.length === output.values.length && difference < 1e-3 * largest))
    throw new Error(
      `${whose}: its output differs from PyTorch's by ${(difference / largest).toPrecision(3)}`,
    );
}
