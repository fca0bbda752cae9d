/** One validation, out-of-memory or internal error that the GPU reported outside any call of ours. */
export interface DeviceError {
  readonly kind: "validation" | "out-of-memory" | "internal";
  readonly message: string;
}

export interface DeviceLoss {
  /** `destroyed` when our own code destroyed it, `unknown` for a driver reset, a crash or an unplugged card. */
  readonly reason: GPUDeviceLostReason;
  readonly message: string;
}

/** A GPU device with what it has reported since the last look. */
export interface OwnDevice {
  readonly device: GPUDevice;
  /** Errors not yet taken by {@link takeErrors}. */
  readonly errors: DeviceError[];
  /** Set once the device is lost. */
  loss: DeviceLoss | undefined;
}

const wantedFeatures: readonly GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

/** The limits that kernels run into. The rest stays at WebGPU's defaults, which every device grants. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

export type DeviceLimits = Readonly<Record<(typeof wantedLimits)[number], number>>;

/** The limits of a device by name. */
export function limitsOf(device: GPUDevice): DeviceLimits {
  return Object.fromEntries(wantedLimits.map((name) => [name, device.limits[name]])) as DeviceLimits;
}

/** A message names at most this many errors: one broken kernel can raise thousands. */
const errorsKept = 20;

/**
 * A device with the adapter's limits and the features that kernels here make use of. Its errors are collected instead
 * of being printed: WebGPU reports a failed dispatch only as an event, and reading the result then yields whatever was
 * in the buffer.
 */
export async function openDevice(
  adapter: GPUAdapter,
  onLost: (loss: DeviceLoss) => void,
): Promise<OwnDevice> {
  const device = await adapter.requestDevice({
    label: "latent-loom",
    requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
  });
  const own: OwnDevice = { device, errors: [], loss: undefined };
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    if (own.errors.length < errorsKept) own.errors.push(describeError(event.error));
  });
  void device.lost.then(({ reason, message }) => {
    own.loss = { reason, message };
    onLost(own.loss);
  });
  return own;
}

function describeError(error: GPUError): DeviceError {
  // By name: Node's WebGPU does not put the error classes where `instanceof` would find them in every realm.
  const name = error.constructor.name;
  const kind = name.startsWith("GPUOutOfMemory")
    ? "out-of-memory"
    : name.startsWith("GPUInternal")
      ? "internal"
      : "validation";
  return { kind, message: error.message };
}

/** Waits until the GPU has done all that was submitted, then hands over the errors collected so far. */
export async function takeErrors(own: OwnDevice): Promise<DeviceError[]> {
  if (!own.loss) await own.device.queue.onSubmittedWorkDone();
  return own.errors.splice(0);
}
