import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { nodeServices, Runner } from "../../src/index.ts";

it("a backend that is chosen while another one is still starting is the one that is taken", async () => {
  const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
  const started = await Promise.all([runner.init("wasm"), runner.init("cpu"), runner.init("wasm")]);
  expect(started.map(({ backend }) => backend)).toEqual(["wasm", "cpu", "wasm"]);
  expect(tf.getBackend()).toBe("wasm");
});
