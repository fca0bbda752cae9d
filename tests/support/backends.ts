import { beforeAll, describe } from "vitest";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { initRuntime, type BackendName } from "../../src/tensor/runtime.ts";

export interface BackendSuite {
  readonly name: BackendName;
  /** Largest relative error of a forward pass against the reference: rounding differs between backends. */
  readonly tolerance: number;
}

const suites: readonly BackendSuite[] = [
  { name: "cpu", tolerance: 1e-4 },
  { name: "wasm", tolerance: 1e-4 },
  { name: "webgpu", tolerance: 1e-3 },
];

const search = await findAdapter();
const webgpuMissing = search.adapter ? undefined : search.reason;

/**
 * One `describe` per backend, made current before its tests. WebGPU is taken where an adapter is found, a software one
 * included; elsewhere its suite is skipped, and its name and a printed line say why.
 */
export function describeOnBackends(
  name: string,
  body: (backend: BackendSuite) => void,
  { only = ["cpu", "wasm", "webgpu"] }: { readonly only?: readonly BackendName[] } = {},
): void {
  for (const suite of suites.filter((candidate) => only.includes(candidate.name))) {
    if (suite.name === "webgpu" && webgpuMissing) {
      console.warn(`SKIPPED: ${name} on webgpu, because ${webgpuMissing}.`);
      describe.skip(`${name} on webgpu (skipped: ${webgpuMissing})`, () => body(suite));
      continue;
    }
    describe(`${name} on ${suite.name}`, () => {
      beforeAll(async () => {
        await initRuntime({ backend: suite.name });
      });
      body(suite);
    });
  }
}
