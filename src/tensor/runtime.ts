import * as tf from "@tensorflow/tfjs";
import { adapterName, findAdapter, type AdapterSearch, type AdapterSummary } from "./adapter.ts";
import {
  limitsOf,
  openDevice,
  takeErrors,
  type DeviceError,
  type DeviceLimits,
  type DeviceLoss,
  type OwnDevice,
} from "./device.ts";
import { addWebgpuKernels, mendCpuKernels, mendWebgpuKernels } from "./kernels/index.ts";
import { isCrossOriginIsolated } from "./platform.ts";
import { defineBackend, dispatchesPerSubmit, type OwnBackend } from "./webgpu-backend.ts";
import { loadWasmBackend } from "./wasm-backend.ts";

export type { AdapterSummary, DeviceError, DeviceLimits, DeviceLoss };

/** `cpu` is plain JavaScript: slow, but there everywhere, and the reference of the tests. */
export type BackendName = "webgpu" | "wasm" | "cpu";

export interface RuntimeOptions {
  /** Default `auto`: WebGPU on a real graphics card, else WASM. */
  readonly backend?: BackendName | "auto";
  /** Which of several graphics cards to ask for. Default `high-performance`. */
  readonly powerPreference?: GPUPowerPreference;
  /** Threads of the WASM backend, 1 to 4; only in Node. Default 1. */
  readonly threads?: number;
}

export interface RuntimeInfo {
  readonly backend: BackendName;
  /** Why this backend, as a sentence for people. */
  readonly reason: string;
  /** The GPU adapter found; for `auto` also when it was not taken. */
  readonly adapter?: AdapterSummary;
  /** WebGPU features of the device; empty for other backends. */
  readonly features: readonly string[];
  /** WebGPU limits of the device. */
  readonly limits?: DeviceLimits;
  /** Whether WebAssembly may use several threads. */
  readonly crossOriginIsolated: boolean;
}

export type RuntimeEvent =
  | { readonly type: "ready"; readonly info: RuntimeInfo }
  | { readonly type: "device-lost"; readonly loss: DeviceLoss };

interface WebgpuState {
  readonly own: OwnDevice;
  readonly backend: OwnBackend;
  readonly summary: AdapterSummary;
}

let options: RuntimeOptions = {};
let info: RuntimeInfo | undefined;
let webgpu: WebgpuState | undefined;
const listeners = new Set<(event: RuntimeEvent) => void>();

/** What {@link initRuntime} last settled on. */
export function runtimeInfo(): RuntimeInfo | undefined {
  return info;
}

/** Tells when a backend is ready and when the GPU device is lost. Returns the function that ends it. */
export function onRuntimeEvent(listener: (event: RuntimeEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const emit = (event: RuntimeEvent): void => {
  for (const listener of listeners) listener(event);
};

/**
 * Makes a backend ready and current, in a page, a worker or Node. May be called again, also for another backend;
 * tensors then belong to the backend they were made on.
 *
 * @throws Error when a backend asked for by name is not to be had, with the reason. `auto` always finds one.
 */
export async function initRuntime(wanted: RuntimeOptions = {}): Promise<RuntimeInfo> {
  options = wanted;
  mendCpuKernels();
  withoutGreeting();
  const { backend = "auto" } = wanted;
  const settled = backend === "auto" ? await initAuto() : await initNamed(backend);
  info = { crossOriginIsolated: isCrossOriginIsolated(), ...settled };
  emit({ type: "ready", info });
  return info;
}

/** tfjs prints an advertisement when its CPU backend is first used in Node. */
function withoutGreeting(): void {
  (tf.findBackend("cpu") as unknown as { firstUse: boolean }).firstUse = false;
}

type Settled = Omit<RuntimeInfo, "crossOriginIsolated">;

async function initNamed(backend: BackendName): Promise<Settled> {
  const reason = `${backend} was asked for`;
  if (backend === "webgpu") {
    const state = await openWebgpu(await findAdapter(options.powerPreference));
    return webgpuInfo(state, `${reason}; it runs on ${adapterName(state.summary)}`);
  }
  if (backend === "wasm") await loadWasmBackend(options.threads);
  await useBackend(backend);
  return { backend, reason, features: [] };
}

async function initAuto(): Promise<Settled> {
  const search = await findAdapter(options.powerPreference);
  let why: string;
  if (!search.adapter) {
    why = `there is no GPU adapter: ${search.reason}`;
  } else if (search.summary.software) {
    why = `the only GPU adapter, ${adapterName(search.summary)}, computes on the CPU, where WebAssembly is faster`;
  } else {
    try {
      const state = await openWebgpu(search);
      return webgpuInfo(state, `WebGPU, because there is a graphics card: ${adapterName(search.summary)}`);
    } catch (error) {
      why = `the graphics card could not be used (${messageOf(error)})`;
    }
  }
  const adapter = search.adapter ? { adapter: search.summary } : {};
  try {
    await loadWasmBackend(options.threads);
    await useBackend("wasm");
    return { backend: "wasm", reason: `WebAssembly, because ${why}`, features: [], ...adapter };
  } catch (error) {
    await useBackend("cpu");
    const reason = `plain JavaScript, because ${why}, and WebAssembly failed to start (${messageOf(error)})`;
    return { backend: "cpu", reason, features: [], ...adapter };
  }
}

function webgpuInfo({ own: { device }, summary }: WebgpuState, reason: string): Settled {
  return {
    backend: "webgpu",
    reason,
    adapter: summary,
    features: [...device.features].sort(),
    limits: limitsOf(device),
  };
}

async function useBackend(name: BackendName): Promise<void> {
  if (!(await tf.setBackend(name)))
    throw new Error(`The backend "${name}" failed to start; the console says why.`);
}

/** Registers tfjs's backend anew on a device of our own; keeps a live device of an earlier call. */
async function openWebgpu(search: AdapterSearch): Promise<WebgpuState> {
  if (webgpu && !webgpu.own.loss) {
    await useBackend("webgpu");
    return webgpu;
  }
  if (!search.adapter) {
    throw new Error(
      `The backend "webgpu" is not to be had: ${search.reason}. Use "wasm", or "auto" to let the machine decide.`,
    );
  }
  const imported = await import("@tensorflow/tfjs-backend-webgpu");
  mendWebgpuKernels();
  addWebgpuKernels();
  tf.env().set("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE", dispatchesPerSubmit);
  const Backend = defineBackend(imported.WebGPUBackend);
  const own = await openDevice(search.adapter, (loss) => {
    if (webgpu?.own === own) emit({ type: "device-lost", loss });
  });
  const backend = new Backend(own.device, search.adapter.info);
  // Importing tfjs's package has registered a factory with its own choice of device.
  if (tf.findBackendFactory("webgpu")) tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => backend, 3);
  webgpu = { own, backend, summary: search.summary };
  await useBackend("webgpu");
  return webgpu;
}

/**
 * After a lost device: a new device, registered in its place. The tensors of the old one are gone. Without a loss it
 * does what {@link initRuntime} did, again.
 */
export async function recoverRuntime(): Promise<RuntimeInfo> {
  return initRuntime(options);
}

/**
 * The errors that the GPU reported since the last call, once all submitted work is done. Empty on other backends. A
 * failed dispatch never throws by itself, so whoever runs a graph asks after every node.
 */
export async function takeDeviceErrors(): Promise<DeviceError[]> {
  if (!webgpu) return [];
  if (!webgpu.own.loss) webgpu.backend.flush();
  return takeErrors(webgpu.own);
}

/**
 * @throws Error with the GPU's words when it has reported an error since the last look, or when the device is lost.
 * @param where Put before the message, for example `Node "unet" (U-Net)`.
 */
export async function assertNoDeviceErrors(where?: string): Promise<void> {
  const errors = await takeDeviceErrors();
  const prefix = where ? `${where}: ` : "";
  if (webgpu?.own.loss && info?.backend === "webgpu")
    throw new Error(`${prefix}${lossWords(webgpu.own.loss)}`);
  const [first] = errors;
  if (!first) return;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  throw new Error(
    `${prefix}the GPU refused a command, so its results cannot be trusted: ${first.kind} error: ${first.message}${more}`,
  );
}

const lossWords = ({ message, reason }: DeviceLoss): string =>
  `the GPU device was lost (${message || reason}); the values on it are gone. Run again.`;

/** A call on a lost device may fail before the loss itself is told. */
const LOSS_MS = 250;

/** Whether the device of the current backend is gone, in words. Waits a moment for the news. */
export async function describeLoss(): Promise<string | undefined> {
  if (!webgpu || info?.backend !== "webgpu") return undefined;
  const { own } = webgpu;
  if (!own.loss) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([own.device.lost, new Promise((resolve) => (timer = setTimeout(resolve, LOSS_MS)))]);
    clearTimeout(timer);
  }
  return own.loss && lossWords(own.loss);
}

export interface MemoryInfo {
  readonly tensors: number;
  /** Bytes of all tensors by their shapes. */
  readonly tensorBytes: number;
  /** Bytes of GPU buffers that tensors hold now. */
  readonly gpuBytesUsed: number;
  /** Bytes of all GPU buffers, the unused ones of the pool included: what the graphics card really lacks. */
  readonly gpuBytesAllocated: number;
}

/** What the current backend holds. */
export function memoryInfo(): MemoryInfo {
  const { numTensors, numBytes } = tf.memory();
  const gpu = webgpu && !webgpu.own.loss ? webgpu.backend.memory() : undefined;
  return {
    tensors: numTensors,
    tensorBytes: numBytes,
    gpuBytesUsed: gpu?.numBytesInGPU ?? 0,
    gpuBytesAllocated: gpu?.numBytesAllocatedInGPU ?? 0,
  };
}

/** Gives GPU buffers that no tensor uses back to the system; returns their bytes. To be called between nodes. */
export function trimMemory(): number {
  return webgpu && !webgpu.own.loss ? webgpu.backend.trim() : 0;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
