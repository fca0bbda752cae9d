import { provideGpu } from "./gpu-provider.ts";

/** What is known of a GPU adapter, in words for people and for the choice of a backend. */
export interface AdapterSummary {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** True for an adapter that computes on the CPU. */
  readonly software: boolean;
}

const softwareNames = /llvmpipe|lavapipe|swiftshader|basic render|\bwarp\b|softpipe|software/i;

/** Sums up an adapter's info; `software` is true for the known CPU renderers and for whatever calls itself a fallback. */
export function summarizeAdapter(info: Partial<GPUAdapterInfo>): AdapterSummary {
  const { vendor = "", architecture = "", device = "", description = "" } = info;
  const software =
    info.isFallbackAdapter === true || softwareNames.test(`${architecture} ${device} ${description}`);
  return { vendor, architecture, device, description, software };
}

/** The adapter's most telling name. */
export function adapterName(adapter: AdapterSummary): string {
  const name =
    adapter.description || adapter.device || [adapter.vendor, adapter.architecture].join(" ").trim();
  return name || "unnamed adapter";
}

export type AdapterSearch =
  | { readonly adapter: GPUAdapter; readonly summary: AdapterSummary }
  | { readonly adapter: undefined; readonly reason: string };

/** Asks for the fastest adapter. Never throws: the reason says why there is none. */
export async function findAdapter(
  powerPreference: GPUPowerPreference = "high-performance",
): Promise<AdapterSearch> {
  const { gpu, reason } = await provideGpu();
  if (!gpu) return { adapter: undefined, reason: reason ?? "WebGPU is missing" };
  try {
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (!adapter)
      return { adapter: undefined, reason: "WebGPU finds neither a graphics card nor a software driver" };
    return { adapter, summary: summarizeAdapter(adapter.info) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { adapter: undefined, reason: `asking for a WebGPU adapter failed (${message})` };
  }
}
