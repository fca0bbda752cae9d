import { isNode, nodeBuiltin } from "./platform.ts";

/** Where Linux distributions put the manifest of Mesa's software Vulkan driver. */
const lavapipeManifests = [
  "/usr/share/vulkan/icd.d/lvp_icd.json",
  "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
  "/usr/share/vulkan/icd.d/lvp_icd.aarch64.json",
  "/etc/vulkan/icd.d/lvp_icd.json",
];

/** Device files that only a real graphics card brings. */
const graphicsCardFiles = ["/dev/dri/renderD128", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd"];

/**
 * On Linux without a graphics card, tells the Vulkan loader to take Mesa's software driver if it is installed. The
 * loader would otherwise try every driver of the machine and may find none. `VK_ICD_FILENAMES` set by the user wins.
 */
function preferLavapipe(): void {
  if (process.platform !== "linux" || process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES) return;
  const { existsSync } = nodeBuiltin("node:fs");
  if (graphicsCardFiles.some((file) => existsSync(file))) return;
  const manifest = lavapipeManifests.find((file) => existsSync(file));
  if (manifest) process.env.VK_ICD_FILENAMES = manifest;
}

export interface GpuSource {
  readonly gpu: GPU | undefined;
  /** Why there is none. */
  readonly reason?: string;
}

/** What the package `webgpu` exports. */
interface DawnPackage {
  create(options: readonly string[]): GPU;
  readonly globals: object;
}

let provided: Promise<GpuSource> | undefined;

/**
 * The WebGPU entry point: the browser's `navigator.gpu`, or in Node that of the `webgpu` package, which is then put on
 * `navigator` because tfjs looks for it there when its backend is imported. Dawn's instance keeps a Node process
 * alive: a command-line program has to end with `process.exit()`.
 */
export function provideGpu(): Promise<GpuSource> {
  provided ??= isNode() ? provideNodeGpu() : Promise.resolve(provideBrowserGpu());
  return provided;
}

function provideBrowserGpu(): GpuSource {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  return gpu ? { gpu } : { gpu: undefined, reason: "this browser has no WebGPU (navigator.gpu is missing)" };
}

async function provideNodeGpu(): Promise<GpuSource> {
  preferLavapipe();
  // Held in a variable so that a bundler for the page does not follow it.
  const packageName = "webgpu";
  try {
    const dawn = (await import(/* @vite-ignore */ packageName)) as DawnPackage;
    Object.assign(globalThis, dawn.globals);
    const gpu = dawn.create([]);
    if (!("navigator" in globalThis)) {
      const navigator = { userAgent: `Node.js/${process.versions.node}`, hardwareConcurrency: 1 };
      Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
    }
    Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
    return { gpu };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { gpu: undefined, reason: `the package "webgpu" could not be loaded (${message})` };
  }
}
