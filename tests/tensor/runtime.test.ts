import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { afterAll, describe, expect, test } from "vitest";
import { summarizeAdapter } from "../../src/tensor/adapter.ts";
import {
  assertNoDeviceErrors,
  initRuntime,
  memoryInfo,
  onRuntimeEvent,
  recoverRuntime,
  runtimeInfo,
  takeDeviceErrors,
  trimMemory,
  type RuntimeEvent,
} from "../../src/tensor/runtime.ts";
import { pooledBytes } from "../../src/tensor/webgpu-backend.ts";
import { runProgram } from "../../src/tensor/kernels/program.ts";
import { relativeError, spreadTensor } from "../support/arrays.ts";
import { describeOnBackends } from "../support/backends.ts";

describeOnBackends("a runtime", ({ name }) => {
  test("reports the backend in use and why", () => {
    const info = runtimeInfo();
    expect(info?.backend).toBe(name);
    expect(info?.reason).toMatch(new RegExp(`^${name} was asked for`));
    expect(tf.getBackend()).toBe(name);
  });

  test("multiplies matrices", async () => {
    const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
    expect([...(await product.data())]).toEqual([19, 22, 43, 50]);
  });

  test("has no device errors to tell of after work that was right", async () => {
    tf.add(tf.ones([2000]), 1);
    expect(await takeDeviceErrors()).toEqual([]);
    await assertNoDeviceErrors("here");
  });
});

test("several WASM threads in Node give the same product as one", async () => {
  const run = async (threads: number): Promise<number[]> => {
    await initRuntime({ backend: "wasm", threads });
    const [a, b] = [spreadTensor<tf.Rank.R2>([64, 96], 1), spreadTensor<tf.Rank.R2>([96, 80], 2)];
    return [...(await tf.matMul(a, b).data())].map(Number);
  };
  const single = await run(1);
  expect(relativeError(await run(2), single)).toBeLessThan(1e-6);
  expect(await run(1)).toEqual(single);
});

test("auto takes WebAssembly where the only adapter is a software one, and says so", async () => {
  const info = await initRuntime();
  if (info.adapter && !info.adapter.software) {
    expect(info).toMatchObject({
      backend: "webgpu",
      reason: expect.stringContaining("graphics card") as string,
    });
    return;
  }
  expect(info.backend).toBe("wasm");
  expect(info.reason).toMatch(
    info.adapter ? /only GPU adapter, .+, computes on the CPU/ : /there is no GPU adapter: .+/,
  );
});

describe("software adapters", () => {
  const software: [string, Partial<GPUAdapterInfo>][] = [
    ["lavapipe", { vendor: "mesa", description: "llvmpipe (LLVM 15.0.6, 256 bits)" }],
    ["SwiftShader", { vendor: "google", architecture: "swiftshader" }],
    ["Microsoft's renderer", { vendor: "microsoft", description: "Microsoft Basic Render Driver" }],
    ["a fallback adapter", { vendor: "acme", isFallbackAdapter: true }],
  ];
  test.each(software)("%s is one", (_name, info) => {
    expect(summarizeAdapter(info).software).toBe(true);
  });
  const hardware: [string, Partial<GPUAdapterInfo>][] = [
    ["an NVIDIA card", { vendor: "nvidia", architecture: "ampere", description: "NVIDIA GeForce RTX 3060" }],
    ["Apple's chip", { vendor: "apple", architecture: "common-3", isFallbackAdapter: false }],
    ["an adapter that hides its name", {}],
  ];
  test.each(hardware)("%s is none", (_name, info) => {
    expect(summarizeAdapter(info).software).toBe(false);
  });
});

describeOnBackends(
  "the GPU device",
  () => {
    const device = (): GPUDevice => (tf.backend() as WebGPUBackend).device;
    const broken = (name: string): tf.TensorInfo =>
      runProgram(
        tf.backend() as WebGPUBackend,
        {
          name,
          variables: [],
          outputShape: [4],
          workgroupSize: 1,
          workgroups: 4,
          uniforms: [["size", "int32", 4]],
          code: "fn main(index : i32) { result[index] = thereIsNoSuchName; }",
        },
        [],
      );

    test("has the adapter's limits and features", () => {
      const info = runtimeInfo();
      expect(info?.limits?.maxStorageBuffersPerShaderStage).toBeGreaterThan(8);
      expect(info?.limits?.maxStorageBufferBindingSize).toBe(device().limits.maxStorageBufferBindingSize);
      expect(info?.features).toEqual([...device().features].sort());
      expect(info?.adapter?.description).toBeTruthy();
    });

    test("tells of a shader that does not compile, though nothing throws", async () => {
      broken("broken-one");
      await expect(assertNoDeviceErrors('Node "unet" (U-Net)')).rejects.toThrow(
        /^Node "unet" \(U-Net\): the GPU refused a command.*validation error.*thereIsNoSuchName/s,
      );
      await assertNoDeviceErrors();
    });

    test("computes on after an error that was taken", async () => {
      broken("broken-two");
      expect((await takeDeviceErrors())[0]?.kind).toBe("validation");
      expect([
        ...(await tf
          .add(tf.ones([1500]), 1)
          .slice(0, 2)
          .data()),
      ]).toEqual([2, 2]);
      await assertNoDeviceErrors();
    });

    test("refuses a tensor that no kernel can bind, before the dispatch", async () => {
      const elements = device().limits.maxStorageBufferBindingSize / 4 + 1024;
      expect(() => tf.tidy(() => tf.add(tf.fill([elements], 1), 1))).toThrow(
        /\[\d+\] takes .+iB, but this GPU binds at most .+iB/,
      );
      await assertNoDeviceErrors();
    });

    test("gives pooled buffers back", async () => {
      trimMemory();
      const before = memoryInfo();
      tf.tidy(() => {
        for (let size = 1; size <= 16; size++) tf.add(tf.ones([size * 65_536]), 1);
      });
      await assertNoDeviceErrors();
      const used = memoryInfo();
      expect(used.tensors).toBe(before.tensors);
      expect(used.gpuBytesAllocated - before.gpuBytesAllocated).toBeGreaterThan(30 * 2 ** 20);
      expect(trimMemory()).toBeGreaterThan(30 * 2 ** 20);
      expect(memoryInfo().gpuBytesAllocated).toBeLessThanOrEqual(before.gpuBytesAllocated);
      expect([
        ...(await tf
          .mul(tf.fill([2000], 3), 2)
          .slice(0, 1)
          .data()),
      ]).toEqual([6]);
      await assertNoDeviceErrors();
    });

    test("holds no more free buffers than are of use, however many sizes a network has", async () => {
      trimMemory();
      const before = memoryInfo();
      const kept = tf.add(tf.ones([70_000]), 4);
      tf.tidy(() => {
        const step = pooledBytes / 16;
        for (let i = 0; i < 32; i++)
          tf.tidy(() => void tf.add(tf.ones([Math.floor(step / 4) + i]), kept.slice(0, 1)));
      });
      const { gpuBytesUsed, gpuBytesAllocated } = memoryInfo();
      // All sizes together are four times as much; what came free since the last dispatch is still there.
      expect(gpuBytesAllocated - gpuBytesUsed).toBeLessThanOrEqual(1.5 * pooledBytes);
      expect(gpuBytesUsed - before.gpuBytesUsed).toBeLessThan(pooledBytes);
      expect((await kept.data())[69_999]).toBe(5);
      await assertNoDeviceErrors();
      kept.dispose();
      trimMemory();
    });

    test("keeps live tensors when it trims", async () => {
      const kept = tf.add(tf.ones([70_000]), 4);
      tf.mul(kept, 2).dispose();
      trimMemory();
      const values = await kept.data();
      expect([values[0], values[69_999]]).toEqual([5, 5]);
      kept.dispose();
    });
  },
  { only: ["webgpu"] },
);

describeOnBackends(
  "a lost GPU device",
  () => {
    afterAll(async () => {
      await recoverRuntime();
    });

    test("fails the run in words, and the next run works on a new device", async () => {
      const events: RuntimeEvent[] = [];
      const stop = onRuntimeEvent((event) => events.push(event));
      const old = (tf.backend() as WebGPUBackend).device;
      const half = tf.add(tf.ones([4096]), 1);
      old.destroy();
      await old.lost;
      expect(() => tf.mul(half, 2)).toThrow(/device was lost.*recoverRuntime/);
      await expect(assertNoDeviceErrors('Node "step"')).rejects.toThrow(
        /^Node "step": the GPU device was lost/,
      );
      expect(events).toEqual([
        { type: "device-lost", loss: expect.objectContaining({ reason: "destroyed" }) as unknown },
      ]);

      const info = await recoverRuntime();
      stop();
      expect(info.backend).toBe("webgpu");
      expect((tf.backend() as WebGPUBackend).device).not.toBe(old);
      expect([
        ...(await tf
          .mul(tf.fill([4096], 3), 2)
          .slice(0, 2)
          .data()),
      ]).toEqual([6, 6]);
      await assertNoDeviceErrors();
    });
  },
  { only: ["webgpu"] },
);
