import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { TorchGenerator } from "../../src/tensor/torch-generator.ts";
import { registerWasmKernels } from "../../src/tensor/wasm/index.ts";
import { createThreadedBackend } from "../../src/tensor/wasm/node-threads.ts";
import { relativeError } from "../support/arrays.ts";
import { filterGradient, inputGradient, output, type ConvolutionCase } from "./convolution-reference.ts";

const listenersBefore = process.listeners("uncaughtException");

beforeAll(async () => {
  registerWasmKernels();
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", () => createThreadedBackend(2));
  await tf.setBackend("wasm");
});

describe("WASM with two threads in Node", () => {
  it("has two threads on a shared heap", () => {
    const module = (tf.backend() as BackendWasm).wasm as unknown as {
      tfjs: { getThreadsCount: () => number };
      HEAPU8: Uint8Array;
    };
    expect(module.tfjs.getThreadsCount()).toBe(2);
    expect(module.HEAPU8.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("computes a convolution and its gradients, also when the heap grows", async () => {
    const c: ConvolutionCase = {
      ...{ batch: 3, height: 12, width: 10, inChannels: 8, outChannels: 16 },
      ...{ filter: [3, 3], strides: [1, 1], pad: [1, 1, 1, 1] },
    };
    const generator = TorchGenerator.fromSeed(8);
    const [x, filter, dy] = [
      generator.randn(3 * 120 * 8),
      generator.randn(9 * 8 * 16),
      generator.randn(3 * 120 * 16),
    ];
    const xTensor = tf.tensor4d(x, [3, 12, 10, 8]);
    const filterTensor = tf.tensor4d(filter, [3, 3, 8, 16]);
    const large = tf.zeros([64, 1024, 1024]);
    const f = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "same");
    const y = f(xTensor, filterTensor);
    const [dx, dw] = tf.grads(f)([xTensor, filterTensor], tf.tensor4d(dy, [3, 12, 10, 16])) as [
      tf.Tensor,
      tf.Tensor,
    ];
    expect(relativeError(await y.data(), output(c, x, filter))).toBeLessThan(2e-6);
    expect(relativeError(await dx.data(), inputGradient(c, filter, dy))).toBeLessThan(2e-6);
    expect(relativeError(await dw.data(), filterGradient(c, x, dy))).toBeLessThan(2e-6);
    large.dispose();
  });

  it("leaves no listeners for uncaught errors behind", () => {
    expect(process.listeners("uncaughtException")).toEqual(listenersBefore);
  });

  it("refuses a number of threads that it cannot have", async () => {
    await expect(createThreadedBackend(0)).rejects.toThrow(/0 is not a whole number from 1 to 4/);
    await expect(createThreadedBackend(5)).rejects.toThrow(/5 is not/);
  });

  it("does not keep a process alive", async () => {
    const script = fileURLToPath(new URL("threads-at-exit.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script], {
      timeout: 50_000,
    });
    expect(stdout).toContain("256");
  });
});
